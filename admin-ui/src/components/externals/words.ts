/** Where a component connects, split: `127.0.0.1:5347`, `[::]:5347`. What is listened on everywhere is reached by any address. */
export interface Place {
  host: string;
  port: string;
  everywhere: boolean;
}

export function placeOf(address: string): Place {
  const [, host = address, port = ''] = /^(.*):(\d+)$/.exec(address) ?? [];
  const bare = host.replace(/^\[|\]$/g, '');
  const everywhere = bare === '::' || bare === '0.0.0.0';
  return { host: everywhere ? '127.0.0.1' : bare, port, everywhere };
}

/** What biboumi, the gateway to IRC, needs in its configuration. */
export function biboumiText(name: string, secret: string, { host, port }: Place): string {
  return [`hostname=${name}`, `password=${secret}`, `xmpp_server_ip=${host}`, `port=${port}`].join('\n');
}

import { createHmac } from 'node:crypto';
import type { OptionValues } from '../../host/option-values.ts';
import { about, type Check, type Finding } from './finding.ts';
import { askRelay, type RelayPlace, type RelayState } from './stun.ts';

const PASS_SECONDS = 300;

/** The settings of the relay, by their names: they are declared by the module that tells apps of it. */
function settings(options: OptionValues) {
  const read = (key: string): unknown => {
    const option = options.find(key);
    return option === undefined ? undefined : options.get(option);
  };
  return {
    host: String(read('calls.host') ?? ''),
    port: Number(read('calls.port') ?? 0),
    tlsPort: Number(read('calls.tls-port') ?? 0),
    transport: String(read('calls.transport') ?? 'both'),
    secret: String(read('calls.secret') ?? ''),
  };
}

/** Whether the relay by which calls get through firewalls answers, and takes the passes that the server gives to apps. */
export function relayCheck(options: OptionValues, now: () => number): Check {
  const said = about('relay', 'Relay for calls');
  const page = '/settings';
  return {
    code: 'relay',
    title: 'Relay for calls',
    async run(signal) {
      const { host, port, tlsPort, transport, secret } = settings(options);
      if (host === '') return [said.good('There is none. Calls between people in one network work without.', page)];
      const places: RelayPlace[] = [
        ...(['udp', 'tcp'] as const)
          .filter((one) => transport === 'both' || transport === one)
          .map((one) => ({ host, port, transport: one })),
        ...(tlsPort === 0 ? [] : [{ host, port: tlsPort, transport: 'tls' as const }]),
      ];
      const username = `${Math.floor(now() / 1_000) + PASS_SECONDS}:doctor`;
      const password = createHmac('sha1', secret).update(username).digest('base64');
      const pass = secret === '' ? undefined : { username, password };
      const found = await Promise.all(
        places.map(async (place) => ({ place, ...(await askRelay(place, pass, signal)) })),
      );
      const wrong = found
        .filter(({ state }) => state !== 'works')
        .map(({ place, state, said: words }) => complaint(place, state, words));
      if (wrong.length > 0) return wrong;
      if (secret === '')
        return [
          said.warn(
            'It answers, but there is no secret, so apps get no pass to it.',
            'Set the same secret here and in the relay.',
            page,
          ),
        ];
      return [said.good('It answers, and takes the passes that the server gives to apps.', page)];
    },
  };

  function complaint({ host, port, transport }: RelayPlace, state: Exclude<RelayState, never>, words: string): Finding {
    const where = `${host}, port ${port} (${transport.toUpperCase()})`;
    switch (state) {
      case 'refuses-pass':
        return said.bad(
          `${where} refuses the passes that the server gives to apps (${words}).`,
          'Set the same secret here and as “static-auth-secret” in the relay.',
          page,
        );
      case 'open':
        return said.bad(
          `${where} lets anybody relay, without a pass.`,
          'Set “use-auth-secret” and “static-auth-secret” in the relay.',
          page,
        );
      case 'no-relay':
        return said.bad(`${where} answers, but relays nothing (${words}).`, 'The log of the relay says why.', page);
      case 'no-stun':
        return said.warn(
          `${where} answers, but not as a relay should (${words}).`,
          'See whether this is the right port.',
          page,
        );
      default:
        return said.bad(
          `${where} does not answer (${words}).`,
          'See that the relay runs, and that no firewall is between.',
          page,
        );
    }
  }
}

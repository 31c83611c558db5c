/** A `Host` header: its name in lower case without brackets, and its port, 443 when none is written. undefined when it is none. */
export function readHost(host: string | undefined): { name: string; port: number } | undefined {
  const parts = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?$/i.exec(host ?? '');
  if (parts === null) return undefined;
  return { name: parts[1]!.toLowerCase().replace(/^\[|\]$/g, ''), port: Number(parts[2] ?? 443) };
}

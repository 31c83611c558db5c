import { readFile, stat } from 'node:fs/promises';
import { isIP } from 'node:net';

const MAX_BYTES = 1_048_576;

/** The addresses that a hosts file (`address name name … # remark`) has for a name in lower case. */
export function hostsIn(text: string, name: string): string[] {
  const found = new Set<string>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (isIP(address) !== 0 && names.some((one) => one.toLowerCase().replace(/\.$/, '') === name)) found.add(address);
  }
  return [...found];
}

/** The same of this machine's file; none when it cannot be read or is no such file. */
export async function ownHosts(name: string, file = '/etc/hosts'): Promise<string[]> {
  try {
    const about = await stat(file);
    return about.isFile() && about.size <= MAX_BYTES ? hostsIn(await readFile(file, 'utf8'), name) : [];
  } catch {
    return [];
  }
}

import { domain, Refusal } from './values.ts';

const UNUSABLE = /^(localhost|localdomain|\(none\))(\.|$)/;

/**
 * A domain out of the system's host name: `chat.example.test` as it is, `chat` as `chat.local` (where mDNS finds it), and
 * `hallway.local` for a name that no other machine could use.
 */
export function machineDomain(hostname: string): string {
  const name = hostname.toLowerCase();
  try {
    if (!UNUSABLE.test(name)) return domain(name.includes('.') ? name : `${name}.local`);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  return 'hallway.local';
}

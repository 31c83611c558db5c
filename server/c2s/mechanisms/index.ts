import type { Jid } from '../../xmpp/jid.ts';
import type { ScramName } from '../../xmpp/scram.ts';
import { bindingTypes } from '../channel-binding.ts';
import type { Connection } from '../connection.ts';
import { hashedToken } from './hashed-token.ts';
import { claimOf } from './identity.ts';
import type { Mechanism } from './mechanism.ts';
import { plain } from './plain.ts';
import { scram } from './scram.ts';

const HASHES: readonly ScramName[] = ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1'];

/** The ways to log in with a password that there are at all, the best first, each with the keys that it needs. */
const WAYS = [
  ...HASHES.map((hash) => ({ hash, bound: true, mechanism: scram(hash, true) })),
  ...HASHES.map((hash) => ({ hash, bound: false, mechanism: scram(hash, false) })),
  { hash: undefined, bound: false, mechanism: plain },
];

const TOKENS = [
  hashedToken('HT-SHA-256-EXPR', 'tls-exporter'),
  hashedToken('HT-SHA-256-ENDP', 'tls-server-end-point'),
  hashedToken('HT-SHA-256-NONE', ''),
];

/**
 * The ways to log in with a password on a connection, the best first. Where the client says for whom it comes, an account that
 * lacks the keys of some is offered the others only (XEP-0388 §2.1); who does not exist is offered what nearly everybody is, and who
 * does not say it what everybody can.
 */
export async function mechanismsFor(connection: Connection, from: Jid | undefined): Promise<readonly Mechanism[]> {
  const ways = connection.tls === undefined ? WAYS.filter(({ bound }) => !bound) : WAYS;
  const { credentials } = connection.host!.house.stores;
  if (from === undefined || from.local === '') {
    // Who has moved here has the keys of one mechanism only; many clients try the strongest that is offered, and give up.
    const common = await credentials.common(connection.host!.domain);
    return ways.filter(({ hash }) => hash === undefined || common.includes(hash)).map(({ mechanism }) => mechanism);
  }
  const { number } = await claimOf(connection, from.bare);
  const keys = await credentials.of(number);
  const can = ({ hash }: (typeof WAYS)[number]): boolean =>
    hash === undefined || keys.length === 0 || keys.some((one) => one.mechanism === hash);
  return ways.filter(can).map(({ mechanism }) => mechanism);
}

/** The ways to log in with a token (XEP-0484 §3.1) on a connection, the best first. */
export function tokenMechanismsFor({ tls }: Connection): readonly Mechanism[] {
  const there = tls === undefined ? [] : bindingTypes(tls);
  return TOKENS.filter(({ binding }) => binding === '' || there.includes(binding));
}

import type { ScramName } from '../../xmpp/scram.ts';
import type { Connection } from '../connection.ts';
import type { Mechanism } from './mechanism.ts';
import { plain } from './plain.ts';
import { scram } from './scram.ts';

const HASHES: readonly ScramName[] = ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1'];

const UNBOUND: readonly Mechanism[] = [...HASHES.map((hash) => scram(hash, false)), plain];
const ALL: readonly Mechanism[] = [...HASHES.map((hash) => scram(hash, true)), ...UNBOUND];

/** The ways to log in with a password on a connection, the best first. */
export function mechanismsFor(connection: Connection): readonly Mechanism[] {
  return connection.tls === undefined ? UNBOUND : ALL;
}

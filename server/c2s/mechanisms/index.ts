import type { ScramName } from '../../xmpp/scram.ts';
import type { Mechanism } from './mechanism.ts';
import { plain } from './plain.ts';
import { scram } from './scram.ts';

const HASHES: readonly ScramName[] = ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1'];

/** All ways to log in with a password, the best first. */
export const MECHANISMS: readonly Mechanism[] = [
  ...HASHES.map((hash) => scram(hash, true)),
  ...HASHES.map((hash) => scram(hash, false)),
  plain,
];

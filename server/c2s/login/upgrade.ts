import { randomBytes } from 'node:crypto';
import { child, type Element, el, serialize, textOf } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import type { ScramName } from '../../xmpp/scram.ts';
import { keysOfSalted, type MechanismKeys } from '../../xmpp/scram-keys.ts';
import { fromBase64 } from '../attempts.ts';
import type { Connection } from '../connection.ts';
import { type Login, SaslError } from '../mechanisms/mechanism.ts';

const SALT_BYTES = 16;

/** Tasks that give an account the keys of a better mechanism (XEP-0480 §3), by name. */
export const UPGRADES: ReadonlyMap<string, ScramName> = new Map([
  ['UPGR-SCRAM-SHA-512', 'SCRAM-SHA-512'],
  ['UPGR-SCRAM-SHA-256', 'SCRAM-SHA-256'],
]);

/**
 * Which of the tasks that a client offers to do are of use, each once. Who has the keys already is spared the work, and a token
 * is not asked for a password (XEP-0484 §4.2).
 */
export async function neededUpgrades(
  connection: Connection,
  { account, storedKey }: Login,
  offered: readonly string[],
): Promise<string[]> {
  if (storedKey === undefined || offered.length === 0) return [];
  const keys = await connection.host!.house.stores.credentials.of(account.id);
  return [...UPGRADES.keys()].filter(
    (task) => offered.includes(task) && !keys.some(({ mechanism }) => mechanism === UPGRADES.get(task)),
  );
}

/** One task under way: what the client needs to know, and what to do with what it comes back with. */
export function beginUpgrade(connection: Connection, login: Login, task: string) {
  const mechanism = UPGRADES.get(task)!;
  const salt = randomBytes(SALT_BYTES);
  const { iterations } = connection.door;
  const question = el('salt', { xmlns: NS.scramUpgrade, iterations: String(iterations) }, salt.toString('base64'));
  return {
    question: serialize(el('task-data', { xmlns: NS.sasl2 }, question)),
    /** Stores the keys. Throws SaslError on what are none. */
    async answered(data: Element): Promise<void> {
      const salted = fromBase64(textOf(child(data, 'hash', NS.scramUpgrade)).trim());
      let keys: MechanismKeys;
      try {
        keys = keysOfSalted(mechanism, salted, salt, iterations);
      } catch (error) {
        if (error instanceof RangeError) throw new SaslError('malformed-request', 'a hash of the wrong length');
        throw error;
      }
      await connection.host!.house.stores.credentials.add(login.account.id, keys, login.storedKey!);
    },
  };
}

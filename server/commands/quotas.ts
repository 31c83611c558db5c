import type { Stores } from '../storage/stores/index.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { type Actor, record } from './actor.ts';
import { CommandError } from './command-error.ts';

/** 10 TB: what an option can say at most. */
const MOST_BYTES = 10_000_000_000_000;

/** How much space single people may take, where the rule for everybody does not fit. */
export class QuotaCommands {
  readonly #stores: Stores;

  constructor(stores: Stores) {
    this.#stores = stores;
  }

  /** Bytes of files that somebody may have: 0 for no limit, null for what holds for everybody. Throws CommandError. */
  async setFiles(by: Actor, domain: string, local: string, bytes: number | null): Promise<void> {
    const jid = tryParseJid(`${local}@${domain}`);
    const account = jid === undefined ? undefined : await this.#stores.accounts.at(jid.bare);
    if (account === undefined) {
      throw new CommandError('account-not-found', `There is nobody with the address ${local}@${domain}.`);
    }
    if (bytes !== null && !(Number.isInteger(bytes) && bytes >= 0 && bytes <= MOST_BYTES)) {
      throw new CommandError('invalid', 'This is a size from 0 to 10 TB.', 'fileBytes');
    }
    await this.#stores.quotas.setFiles(account.id, bytes ?? undefined);
    await record(this.#stores.audit, by, 'account.quota', `${account.local}@${account.domain}`, {
      space: bytes ?? 'as everybody',
    });
  }
}

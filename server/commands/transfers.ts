import type { Transfer, TransferList } from '../host/transfers.ts';
import type { Audit } from '../storage/stores/audit.ts';
import { type Actor, record } from './actor.ts';
import { CommandError } from './command-error.ts';

/** A file that goes from one client to another through the house at this moment. Times are ms since 1970. */
export interface TransferView {
  readonly id: string;
  readonly state: Transfer['state'];
  /** Null while it waits: nobody has said yet whose it is. */
  readonly requester: string | null;
  readonly target: string | null;
  readonly since: number;
  readonly sent: number;
  readonly received: number;
  readonly addresses: string[];
}

const MOST = 200;

/** What administrators do with what goes through the file proxy (XEP-0065). */
export class TransferCommands {
  readonly #list: TransferList;
  readonly #audit: Audit;

  constructor(list: TransferList, audit: Audit) {
    this.#list = list;
    this.#audit = audit;
  }

  /** Those that are active first, at most 200; `total` is how many there are. */
  list(): { transfers: TransferView[]; total: number } {
    const all = this.#list.list();
    return { transfers: all.slice(0, MOST).map(view), total: all.length };
  }

  /** Breaks one off. Throws CommandError `transfer-not-found`. */
  async end(by: Actor, id: string): Promise<void> {
    const transfer = this.#list.list().find((one) => one.id === id);
    if (transfer === undefined || !this.#list.end(id)) {
      throw new CommandError('transfer-not-found', 'This transfer is over already.');
    }
    const { requester, target, addresses, sent, received } = transfer;
    await record(this.#audit, by, 'transfer.end', requester ?? addresses.join(' '), {
      ...(target !== undefined && { with: target }),
      bytes: sent + received,
    });
  }
}

function view({ requester, target, addresses, ...rest }: Transfer): TransferView {
  const { id, state, since, sent, received } = rest;
  return {
    id,
    state,
    requester: requester ?? null,
    target: target ?? null,
    since,
    sent,
    received,
    addresses: [...addresses],
  };
}

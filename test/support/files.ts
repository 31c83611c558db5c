import type { FileSpace } from '../../server/host/file-space.ts';
import type { Transfer, TransferList } from '../../server/host/transfers.ts';
import type { Stores } from '../../server/storage/stores/index.ts';
import type { Upload } from '../../server/storage/stores/uploads.ts';

/** A disk with ten billion bytes free, of which one stays so, and limits as they come. */
export const NO_FILES: FileSpace = {
  free: async () => 10_000_000_000,
  limits: () => ({ on: true, largest: 250_000_000, daily: 2_000_000_000, person: 10_000_000_000, days: 0 }),
  all: () => ({ total: 0, reserve: 1_000_000_000 }),
};

/** A file proxy that nobody uses. */
export const NO_TRANSFERS: TransferList = { list: () => [], end: () => false };

/** A file proxy that is used as a test says. */
export class FakeTransfers implements TransferList {
  transfers: Transfer[] = [];

  /** Somebody sends somebody something. */
  add(id: string, more: Partial<Transfer> = {}): void {
    const addresses = ['192.0.2.7', '192.0.2.8'];
    const plain = { state: 'active', since: Date.now() - 60_000, sent: 5_000_000, received: 0, addresses } as const;
    const people = { requester: 'juliet@example.test/balcony', target: 'romeo@example.test/orchard' };
    this.transfers.push({ id, ...plain, ...people, ...more });
  }

  list(): readonly Transfer[] {
    return this.transfers;
  }

  end(id: string): boolean {
    const left = this.transfers.filter((one) => one.id !== id);
    const found = left.length < this.transfers.length;
    this.transfers = left;
    return found;
  }
}

let made = 0;

/** A file in the store, without its bytes. Gives its link. */
export async function putFile(
  { accounts, uploads }: Pick<Stores, 'accounts' | 'uploads'>,
  jid: string,
  name: string,
  more: Partial<Upload> = {},
): Promise<string> {
  const account = await accounts.at(jid);
  if (account === undefined) throw new Error(`there is nobody called ${jid}`);
  made++;
  const token = `token-of-test-${made}`.padEnd(24, '_');
  const { room = '', ...rest } = more;
  const plain = {
    type: 'image/png',
    bytes: 100,
    purpose: 'message',
    createdAt: Date.now(),
    expiresAt: undefined,
  } as const;
  await uploads.add(token, { ...plain, account: account.id, name, file: `00/${made}`, ...rest });
  if (room !== '') uploads.shownTo(token, account.id, room);
  return `https://chat.example.test/file/${token}/${encodeURIComponent(name)}`;
}

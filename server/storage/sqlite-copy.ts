import { closeSync, fdatasync, openSync } from 'node:fs';
import type { MessagePort } from 'node:worker_threads';
import type { Database as Connection } from 'better-sqlite3';
import { toStorageError } from './sqlite-error.ts';
import type { Copied } from './sqlite-protocol.ts';

/** Pages between two looks at what else is asked for: a millisecond. */
const STEP_PAGES = 100;
/** Pages after which what was written is sent on its way to the disk, so that the end does not have to wait for all of it (32 MB). */
const SEND_AFTER = 8_192;

/**
 * Copies an open store into a file that is not there yet, a step at a time; what is written meanwhile through the same connection
 * goes into both, so the copy is of the moment at which it is done. Says through the port how far it is, and how it ended.
 */
export async function copyStore(db: Connection, file: string, port: MessagePort): Promise<void> {
  let said: Copied;
  let descriptor: number | undefined;
  let sending = false;
  let sent = 0;
  let over = false;
  const letGo = (): void => {
    if (descriptor !== undefined) closeSync(descriptor);
  };
  const send = (done: number): void => {
    if (sending || done - sent < SEND_AFTER) return;
    sending = true;
    sent = done;
    descriptor ??= openSync(file, 'r+');
    fdatasync(descriptor, () => {
      sending = false; // an error here comes again at the end, where it counts
      if (over) letGo();
    });
  };
  try {
    await db.backup(file, {
      progress({ totalPages, remainingPages }) {
        const done = totalPages - remainingPages;
        send(done);
        port.postMessage({ part: totalPages === 0 ? 0 : done / totalPages } satisfies Copied);
        return STEP_PAGES;
      },
    });
    said = { part: 1, ended: true };
  } catch (error) {
    const { code, message } = toStorageError(error);
    said = { part: 0, ended: true, code: db.open ? code : 'closed', text: message };
  }
  // Closing takes away the locks that this process has on a file: not before the copy has let go of it.
  over = true;
  if (!sending) letGo();
  port.postMessage(said);
  port.close();
}

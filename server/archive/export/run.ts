import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { firstIdAt } from '../../storage/archive-id.ts';
import type { Archives } from '../../storage/stores/archives.ts';
import type { ExportOrder, ExportReply, ExportWorkerData } from './protocol.ts';

/** Messages that are read at once; with a megabyte of them at most it is a short answer of the store. */
const SLICE = 250;

export interface ExportJob extends ExportWorkerData {
  readonly archives: Archives;
  /** The archives that go in, by address. */
  readonly owners: AsyncIterable<{ readonly owner: number; readonly jid: string }>;
  /** Milliseconds since 1970, inclusive. */
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly progress: (messages: number) => void;
  readonly signal: AbortSignal;
}

/** Makes one export; gives what it is. The thread is over when it resolves or rejects. */
export async function runExport(job: ExportJob): Promise<{ messages: number; bytes: number; sha256: string }> {
  const { archives, owners, since, until, progress, signal, folder, name, target, facts } = job;
  const workerData: ExportWorkerData = { folder, name, target, facts };
  const settings = { workerData, name: 'export', execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 256 } };
  const worker = new Worker(new URL('./worker.ts', import.meta.url), settings);
  worker.on('error', () => undefined); // whoever waits for an answer is told
  const tell = async (order: ExportOrder): Promise<ExportReply> => {
    signal.throwIfAborted();
    const answer = once(worker, 'message', { signal });
    worker.postMessage(order);
    return (await answer)[0] as ExportReply;
  };
  const range = {
    ...(since !== undefined && { start: since }),
    ...(until !== undefined && { end: until }),
  };
  const last = firstIdAt(Date.now()); // what is said meanwhile is for another time
  try {
    for await (const { owner, jid } of owners) {
      let after = -1;
      for (let begun = false; ; begun = true) {
        const page = await archives.page(owner, {
          ...range,
          afterId: after,
          beforeId: last,
          limit: SLICE,
          fromEnd: false,
        });
        if (page.rows.length > 0) {
          if (!begun) await tell({ kind: 'begin', archive: jid });
          progress((await tell({ kind: 'rows', rows: page.rows })).messages);
        }
        if (page.complete || page.last === undefined) break;
        after = page.last;
      }
    }
    const done = await tell({ kind: 'end' });
    if (done.kind !== 'ended') throw new Error('the export did not end');
    return { messages: done.messages, bytes: done.bytes, sha256: done.sha256 };
  } finally {
    await worker.terminate();
  }
}

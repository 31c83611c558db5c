import { parentPort, workerData } from 'node:worker_threads';
import { parseStanza } from '../../stream/parser.ts';
import type { ExportOrder, ExportReply, ExportWorkerData } from './protocol.ts';
import { exported } from './read.ts';
import { ExportWriter } from './writer.ts';

/** The thread in which messages are read, written to files and packed, so that the other one never does. */

const { folder, name, target, facts } = workerData as ExportWorkerData;
const port = parentPort!;
const writer = new ExportWriter(folder, name, facts);
let archive = '';

async function obey(order: ExportOrder): Promise<ExportReply> {
  if (order.kind === 'end') return { kind: 'ended', messages: writer.messages, ...(await writer.end(target)) };
  if (order.kind === 'begin') {
    ({ archive } = order);
    writer.begin(archive);
  } else {
    for (const { id, stanza } of order.rows) writer.add(exported(id, parseStanza(stanza), archive));
  }
  return { kind: 'went-on', messages: writer.messages };
}

port.on('message', (order: ExportOrder) => {
  obey(order).then(
    (reply) => port.postMessage(reply),
    (error: unknown) => {
      throw error; // ends the thread, and so the export
    },
  );
});

// The physical limit of files: what plain Node does with the same bytes. Started by files.ts, which gives it the certificate of the server.
import { createReadStream, createWriteStream } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createServer as createTls, type TLSSocket } from 'node:tls';

const [folder = '', key = '', cert = '', file = ''] = process.argv.slice(2);

/** Like `cat > file`; says so when it is done. */
const sink = createTls({ key, cert, allowHalfOpen: true }, async (socket: TLSSocket) => {
  await pipeline(socket, createWriteStream(join(folder, 'sink')), { end: true });
  socket.end('done');
});
/** Like `cat file`. */
const source = createTls({ key, cert }, (socket: TLSSocket) => void createReadStream(file).pipe(socket));
/** Two connections, one piped into the other. */
let first: Socket | undefined;
const relay = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  if (first === undefined) {
    first = socket;
    return;
  }
  first.pipe(socket);
  socket.pipe(first);
  first = undefined;
});

const open = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
process.send!({ sink: await open(sink), source: await open(source), relay: await open(relay) });
process.once('disconnect', () => process.exit());

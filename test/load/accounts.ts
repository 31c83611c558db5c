// Makes accounts user0 … userN-1 on a running server, through the socket that hallwayctl uses.
//   node test/load/accounts.ts --data DIR --domain DOMAIN --n 400 [--password secret]
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: 'data' },
    domain: { type: 'string', default: 'bench.local' },
    n: { type: 'string', default: '100' },
    password: { type: 'string', default: 'secret' },
  },
});
const agent = new Agent({ keepAlive: true, maxSockets: 4 });
const socketPath = join(values.data, 'hallwayctl.sock');

function create(local: string): Promise<boolean> {
  const body = JSON.stringify({ local, password: values.password });
  return new Promise((resolve, reject) => {
    const call = request(
      {
        agent,
        socketPath,
        method: 'POST',
        path: `/api/domains/${values.domain}/accounts`,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (reply) => {
        reply.resume();
        reply.on('end', () => {
          if (reply.statusCode === 200 || reply.statusCode === 201) resolve(true);
          else if (reply.statusCode === 409) resolve(false);
          else reject(new Error(`${local}: HTTP ${reply.statusCode}`));
        });
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

let made = 0;
let next = 0;
const total = Number(values.n);
await Promise.all(
  Array.from({ length: 4 }, async () => {
    while (next < total) if (await create(`user${next++}`)) made++;
  }),
);
agent.destroy();
console.log(`${made} accounts made, ${total - made} were there`);

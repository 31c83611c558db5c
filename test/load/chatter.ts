// Two people who talk while something else goes on: told 'begin' and 'end' by its parent, says how long messages took, in ms.
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from './client.ts';
import { DOMAIN } from './house.ts';

const EVERY = 20;
const [port, one, other] = process.argv.slice(2);
const [romeo, juliet] = [new Client(Number(port)), new Client(Number(port))];
await romeo.logsIn(one!);
await juliet.logsIn(other!);

let taken: number[] = [];
let n = 0;
process.on('message', (word) => {
  if (word === 'begin') taken = [];
  else {
    const sorted = taken.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    process.send!({ messages: sorted.length, p50: at(0.5), p99: at(0.99), most: sorted.at(-1) ?? 0 });
  }
});
process.once('disconnect', () => process.exit());
process.send!('ready');
for (;;) {
  const began = performance.now();
  const id = `c${n++}`;
  const heard = juliet.hears(`id='${id}'`);
  romeo.write(`<message to='${other}@${DOMAIN}' type='chat' id='${id}'><body>Wherefore art thou?</body></message>`);
  await heard;
  taken.push(performance.now() - began);
  await sleep(Math.max(1, EVERY - (performance.now() - began)));
}

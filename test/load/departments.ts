/**
 * What it costs that a whole house comes into sight of each other, and goes out of it again: everybody is here, in departments of
 * fifty. The house is real, in memory; clients count what they get. Says what each stanza cost, in µs of CPU, and how long the event
 * loop did not turn, in ms, by the clock and (cpu) without what the machine spent on other programs; and as a yardstick for
 * those the same of the house when it does nothing.
 *
 *   node test/load/departments.ts [people]        2,000 when nothing is said
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { usualSight } from '../../server/host/contacts.ts';
import type { Outlet } from '../../server/host/session.ts';
import type { Person } from '../../server/storage/stores/departments.ts';
import { parseJid } from '../../server/xmpp/jid.ts';
import { openLastingScene } from '../support/lasting-scene.ts';
import { stanza } from '../support/xml.ts';
import { show } from './house.ts';

const people = Number(process.argv[2] ?? 2_000);
const OF_ONE = 50;
const D = 'example.test';
const BY = { name: 'load', door: 'cli' } as const;
const CLIENT = { address: '192.0.2.1', tls: '', cipher: '', mechanism: '', transport: 'tls' } as const;

const { scene, close } = await openLastingScene();
let [stanzas, characters] = [0, 0];
const outlet: Outlet = {
  resumable: false,
  deliver(_, text) {
    stanzas++;
    characters += text.length;
  },
  end: () => undefined,
};

const ms = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1_000;
let longest = { wall: 0, cpu: 0 };
let looking = true;
/** Turns with the event loop, and looks at how long each turn took. */
function look(wall: number, cpu: number): void {
  const now = { wall: performance.now(), cpu: ms(process.threadCpuUsage()) };
  longest = { wall: Math.max(longest.wall, now.wall - wall), cpu: Math.max(longest.cpu, now.cpu - cpu) };
  if (looking) setImmediate(look, now.wall, now.cpu);
}

/** Waits until all is told, and shows what that took. */
async function measure(what: string, begin: () => Promise<unknown>): Promise<void> {
  [stanzas, characters] = [0, 0];
  const before = process.cpuUsage();
  const began = performance.now();
  await sleep(10);
  longest = { wall: 0, cpu: 0 };
  await begin();
  const { contacts } = scene.host(D);
  while (contacts.told !== contacts.sight) await sleep(50);
  const cpu = ms(process.cpuUsage(before));
  show(what, {
    stanzas,
    MB: characters / 1e6,
    seconds: (performance.now() - began) / 1_000,
    'CPU s': cpu / 1_000,
    'µs each': stanzas === 0 ? 0 : (cpu * 1_000) / stanzas,
    stall: longest.wall,
    cpu: longest.cpu,
  });
}

const { departments } = scene.stores;
const persons: Person[] = [];
for (let n = 0; n < people; n++) {
  const { id } = await scene.stores.accounts.create({
    domain: D,
    local: `user${n}`,
    name: `Person ${n}`,
    credentials: [],
  });
  persons.push({ id, domain: D, local: `user${n}`, name: `Person ${n}` });
}
for (let n = 0; n * OF_ONE < people; n++) {
  const { id } = await departments.create(D, `Department ${n}`, '');
  const those = persons.slice(n * OF_ONE, (n + 1) * OF_ONE);
  await departments.assign(
    D,
    those.map((person) => ({ person, ids: [id] })),
  );
}
const host = scene.host(D);
for (const { local } of persons) {
  const jid = parseJid(`${local}@${D}/load`);
  const account = await scene.stores.accounts.find(D, local);
  const session = host.bind(jid, account!, CLIENT, outlet);
  await host.receive(session, stanza("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>"));
  await host.receive(session, stanza('<presence/>'));
}
await scene.settle();
look(performance.now(), ms(process.threadCpuUsage()));
await measure('nothing happens', () => sleep(1_000));
for (const value of ['mutual', 'hidden'] as const) {
  await measure(`${people} people: ${value}`, () => scene.commands.options.set(BY, usualSight.key, value, D));
}
await measure('one of them moves to another department', () =>
  departments.setFor(persons[0]!, [departments.list(D).at(-1)!.id]),
);
looking = false;
await close();

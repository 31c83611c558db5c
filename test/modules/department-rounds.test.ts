import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { usualSight } from '../../server/host/contacts.ts';
import type { Outlet } from '../../server/host/session.ts';
import { parseJid } from '../../server/xmpp/jid.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { stanza } from '../support/xml.ts';

const D = 'example.test';
const BY = { name: 'olga', door: 'panel' } as const;
const CLIENT = { address: '192.0.2.1', tls: '', cipher: '', mechanism: '', transport: 'tls' } as const;

/** Counts what it gets. One that is slow takes nothing more after so many. */
class Counter implements Outlet {
  readonly resumable = false;
  backlog = 0;
  pushes = 0;
  presences = 0;
  slowAfter = 0;

  deliver(_: unknown, text: string): void {
    if (text.startsWith('<iq') && text.includes('jabber:iq:roster')) this.pushes++;
    else if (text.startsWith('<presence')) this.presences++;
    if (this.told === this.slowAfter) this.backlog = 1_000_000;
  }

  /** How the session was ended, '' when it was not. */
  ended = '';

  end(condition: string): void {
    this.ended = condition;
  }

  get told(): number {
    return this.pushes + this.presences;
  }
}

/** Departments of ten in which everybody is here; their clients by number. */
async function house(scene: Scene, people: number): Promise<Counter[]> {
  const { accounts, departments } = scene.stores;
  const host = scene.host(D);
  const all = [];
  for (let n = 0; n < people; n++)
    all.push(await accounts.create({ domain: D, local: `u${n}`, name: `Person ${n}`, credentials: [] }));
  for (let n = 0; n * 10 < people; n++) {
    const { id } = await departments.create(D, `Department ${n}`, '');
    const those = all.slice(n * 10, n * 10 + 10);
    await departments.assign(
      D,
      those.map((person) => ({ person, ids: [id] })),
    );
  }
  const clients = all.map(() => new Counter());
  for (const [n, account] of all.entries()) {
    const session = host.bind(parseJid(`u${n}@${D}/a`), account, CLIENT, clients[n]!);
    await host.receive(session, stanza("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>"));
    await host.receive(session, stanza('<presence/>'));
  }
  await scene.settle();
  for (const one of clients) one.pushes = one.presences = 0;
  return clients;
}

const usually = (scene: Scene, value: string) => scene.commands.options.set(BY, usualSight.key, value, D);
async function done(scene: Scene): Promise<void> {
  const { contacts } = scene.host(D);
  while (contacts.told !== contacts.sight) await pause(1);
}

describe('when many come into sight of each other', () => {
  test('each is told of each once, in small slices that let others through', async (t) => {
    const scene = await openScene(t);
    const clients = await house(scene, 80);
    const sum = () => clients.reduce((all, one) => all + one.told, 0);
    let [most, turns, looking] = [0, 0, true];
    const look = (before: number): void => {
      const now = sum();
      if (now > before) turns++;
      most = Math.max(most, now - before);
      if (looking) setImmediate(look, now);
    };
    look(0);
    for (const [value, listed] of [
      ['mutual', 70],
      ['hidden', 70],
    ] as const) {
      await usually(scene, value);
      await done(scene);
      for (const one of clients) {
        assert.deepEqual([one.pushes, one.presences], [listed, listed], value);
        one.pushes = one.presences = 0;
      }
    }
    looking = false;
    assert.ok(most <= 400, `${most} stanzas in one turn of the event loop`);
    assert.ok(turns >= 2 * 2 * Math.floor((80 * 70) / 400), `${turns} turns`);
  });

  test('who did not ask for the contact list gets no pushes, who is not there no presence', async (t) => {
    const scene = await openScene(t);
    const clients = await house(scene, 20);
    const host = scene.host(D);
    const [incurious, away, gone] = [0, 1, 2].map((n) => host.sessions.of(`u${n}@${D}`)[0]!);
    incurious!.interested = false;
    away!.available = undefined;
    host.unbind(gone!);
    await scene.settle();
    for (const one of clients) one.pushes = one.presences = 0;
    await usually(scene, 'mutual');
    await done(scene);
    const got = (n: number) => [clients[n]!.pushes, clients[n]!.presences];
    assert.deepEqual(
      [got(0), got(1), got(2)],
      [
        [0, 10],
        [10, 0],
        [0, 0],
      ],
    );
    assert.deepEqual(got(19), [10, 8], 'nothing of those who are away');
  });

  test('a client that cannot keep up is not sent more than it can take', async (t) => {
    const scene = await openScene(t);
    const clients = await house(scene, 240);
    const slow = clients[7]!;
    slow.slowAfter = 100;
    await usually(scene, 'mutual');
    while (clients.slice(0, 10).some(({ pushes }) => pushes < 100)) await pause(1);
    for (let n = 0; n < 50; n++) await scene.settle();
    assert.equal(slow.told, 100);
    slow.backlog = 0;
    await done(scene);
    assert.deepEqual([slow.pushes, slow.presences, slow.ended], [230, 230, '']);
  });
});

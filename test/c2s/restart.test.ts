import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { ClientDoor } from '../../server/c2s/door.ts';
import { SessionKeeper } from '../../server/c2s/kept/keeper.ts';
import { sql } from '../../server/storage/database.ts';
import { type Element, serialize } from '../../server/xmpp/element.ts';
import { StreamError } from '../../server/xmpp/stream-error.ts';
import { configure, enter, ROOM, say } from '../support/rooms.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { dial, openDoor, type Wire } from '../support/wire.ts';
import { find } from '../support/xml.ts';
import { bodies, enabled, J, messages, R, resumes, SM } from './managed.ts';

const AN_HOUR = 60 * 60_000;

/** A house that can be stopped and started anew on the same file. */
class Premises {
  scene!: Scene;
  door!: ClientDoor;
  readonly #t: TestContext;
  readonly file: string;
  #connections: ReturnType<typeof dial>[] = [];

  constructor(t: TestContext, file: string) {
    this.#t = t;
    this.file = file;
  }

  get #keeper(): SessionKeeper {
    return new SessionKeeper({ house: this.scene.house, hosts: this.scene.hosts, resumptions: this.door.resumptions });
  }

  async start({ later = 0, mayFail = false } = {}): Promise<void> {
    this.scene = await openScene(this.#t, { file: this.file, begins: false, mayFail });
    this.door = openDoor(this.#t, this.scene);
    await this.#keeper.restore(Date.now() + later);
    this.scene.hosts.begin();
  }

  dial(): Wire {
    const connection = dial(this.door);
    this.#connections.push(connection);
    return connection.wire;
  }

  /** As the hall does it. */
  async stop(meanwhile = async (): Promise<void> => {}): Promise<void> {
    for (const { connection } of this.#connections) connection.leave(new StreamError('system-shutdown'));
    await meanwhile();
    for (const { connection } of this.#connections) connection.stream.close();
    await Promise.all(this.#connections.map(({ over }) => over));
    this.#connections = [];
    const keeper = this.#keeper;
    await this.scene.hosts.close(keeper.gather());
    await keeper.write();
    await this.scene.settle();
    await this.scene.db.close();
  }

  async restart(later = 0): Promise<void> {
    await this.stop();
    await this.start({ later });
  }

  async rows(): Promise<number> {
    await this.scene.settle();
    return (await this.scene.db.get<{ n: number }>(sql`SELECT count(*) AS n FROM kept_session`))!.n;
  }
}

async function open(t: TestContext): Promise<Premises> {
  const folder = await mkdtemp(join(tmpdir(), 'hallway-restart-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const premises = new Premises(t, join(folder, 'hallway.db'));
  await premises.start();
  for (const bare of [J, R]) await premises.scene.account(bare);
  return premises;
}

const chat = (to: string, body: string, id = body): string =>
  `<message to='${to}' type='chat' id='${id}'><body>${body}</body></message>`;

const stanzas = (items: readonly Element[]): number => items.filter(({ name }) => name !== 'r' && name !== 'a').length;

/** Takes the session up after a restart. Gives the answer. */
async function resumed(premises: Premises, token: string, h: number): Promise<Wire> {
  const wire = premises.dial();
  const answer = await resumes(wire, token, h);
  assert.equal(answer.name, 'resumed', serialize(answer));
  return wire;
}

describe('XEP-0198 §5: a session goes over a restart of the server', () => {
  test('what she had not acknowledged comes, what she had does not, and her own count is right', async (t) => {
    const premises = await open(t);
    const juliet = premises.dial();
    const token = await enabled(juliet); // one presence so far
    const romeo = await premises.scene.comes(`${R}/orchard`);
    await romeo.sends(chat(J, 'had'));
    await romeo.sends(chat(J, 'missed'));
    assert.deepEqual(await messages(juliet), ['had', 'missed']);
    juliet.write(chat(R, 'hers'));
    assert.equal((await romeo.all()).length, 1);
    await premises.stop();
    await juliet.fails('system-shutdown');
    await premises.start();
    assert.equal(await premises.rows(), 1);
    const wire = premises.dial();
    const answer = await resumes(wire, token, 2);
    assert.deepEqual([answer.name, answer.attrs.h, answer.attrs.previd], ['resumed', '2', token]);
    assert.deepEqual(await messages(wire), ['missed']);
    assert.equal(await premises.rows(), 0);
    // And the counters go on.
    wire.write(`${chat(R, 'after')}<r ${SM}/>`);
    await wire.receives(`<a ${SM} h='3'/>`);
  });

  test('what clients say until they have heard of it is handled, and their closing is no goodbye', async (t) => {
    const premises = await open(t);
    const juliet = premises.dial();
    const token = await enabled(juliet);
    const romeo = premises.dial(); // his client knows nothing of acknowledgements
    await romeo.binds(`${R}/orchard`);
    romeo.write('<presence/>');
    await premises.scene.settle();
    await premises.stop(async () => {
      romeo.write(`${chat(J, 'in flight')}</stream:stream>`);
      juliet.write(`${chat(R, 'hers')}</stream:stream>`);
      await premises.scene.settle();
    });
    await premises.start();
    const wire = premises.dial();
    const answer = await resumes(wire, token, 1);
    assert.deepEqual([answer.name, answer.attrs.h], ['resumed', '2']);
    assert.deepEqual(await messages(wire), ['in flight']);
    const later = await premises.scene.connect(`${R}/later`);
    await later.sends('<presence/>');
    assert.deepEqual(bodies(await later.all()), ['hers']);
  });

  test('what comes while it waits for her comes to her, and once', async (t) => {
    const premises = await open(t);
    const token = await enabled(premises.dial());
    await premises.restart();
    const romeo = await premises.scene.comes(`${R}/orchard`);
    await romeo.sends(chat(J, 'waits'));
    assert.equal((await romeo.all()).length, 0);
    const wire = await resumed(premises, token, 1);
    assert.deepEqual(await messages(wire), ['waits']);
  });

  test('several restarts, one after the other', async (t) => {
    const premises = await open(t);
    const token = await enabled(premises.dial());
    for (const body of ['one', 'two', 'three']) {
      await premises.restart();
      const romeo = await premises.scene.comes(`${R}/orchard`);
      await romeo.sends(chat(J, body));
    }
    await premises.restart();
    assert.deepEqual(await messages(await resumed(premises, token, 1)), ['one', 'two', 'three']);
  });

  test('a crash after the restart: who was waited for is waited for again, who had come is not', async (t) => {
    const premises = await open(t);
    const [one, other] = [premises.dial(), premises.dial()];
    const [back, away] = [await enabled(one), await enabled(other, `${J}/garden`)];
    const romeo = await premises.scene.comes(`${R}/orchard`);
    await romeo.sends(chat(`${J}/garden`, 'for the garden'));
    await messages(other);
    await premises.stop();
    await premises.start({ mayFail: true }); // it is not closed as one closes a house
    await resumed(premises, back, 1);
    assert.equal(await premises.rows(), 1);
    await premises.scene.settle();
    await premises.scene.db.close(); // nobody writes anything down
    await premises.start();
    const answer = await resumes(premises.dial(), back, 1);
    assert.equal(answer.name, 'failed');
    const wire = await resumed(premises, away, 1);
    assert.deepEqual(await messages(wire), ['for the garden']);
  });

  test('who does not come: it waits as if she had never been there; her friends see her go', async (t) => {
    const premises = await open(t);
    await premises.scene.friends(J, R);
    const juliet = premises.dial();
    const token = await enabled(juliet);
    const before = await premises.scene.comes(`${R}/orchard`);
    await before.sends(chat(J, 'unread'));
    await messages(juliet);
    await premises.restart();
    const romeo = await premises.scene.connect(`${R}/orchard`);
    await romeo.sends('<presence/>');
    assert.match((await romeo.all()).map(serialize).join(), /from='juliet@example.test\/balcony'/);
    const { outlet } = [...premises.scene.host('example.test').sessions.of(J)][0]!;
    outlet.end('connection-timeout', '');
    await premises.scene.settle();
    assert.match((await romeo.all()).map(serialize).join(), /type='unavailable'/);
    assert.equal(await premises.rows(), 0);
    assert.equal((await resumes(premises.dial(), token, 1)).name, 'failed');
    const later = await premises.scene.connect(`${J}/later`);
    await later.sends('<presence/>');
    assert.deepEqual(bodies(await later.all()), ['unread']);
  });

  test('a server that was away for long waits for nobody, and nothing is lost', async (t) => {
    const premises = await open(t);
    const juliet = premises.dial();
    const token = await enabled(juliet);
    const before = await premises.scene.comes(`${R}/orchard`);
    await before.sends(chat(J, 'unread'));
    await messages(juliet);
    await premises.restart(AN_HOUR + 1_000);
    assert.equal((await resumes(premises.dial(), token, 1)).name, 'failed');
    const later = await premises.scene.connect(`${J}/later`);
    await later.sends('<presence/>');
    assert.deepEqual(bodies(await later.all()), ['unread']);
  });

  test('one message for two devices that both go on, and both do not come: it waits once', async (t) => {
    const premises = await open(t);
    const [one, other] = [premises.dial(), premises.dial()];
    await enabled(one);
    await enabled(other, `${J}/garden`);
    other.write("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
    const romeo = await premises.scene.comes(`${R}/orchard`);
    await romeo.sends(chat(`${J}/balcony`, 'with a copy'));
    await romeo.sends(chat(J, 'for both'));
    await Promise.all([messages(one), messages(other)]);
    await premises.restart(AN_HOUR + 1_000);
    const later = await premises.scene.connect(`${J}/later`);
    await later.sends('<presence/>');
    assert.deepEqual(bodies(await later.all()).sort(), ['for both', 'with a copy']);
  });

  test('what is of the session: presence, priority, carbons, contact list, the block list, whom it wrote to', async (t) => {
    const premises = await open(t);
    const juliet = premises.dial();
    const full = `${J}/balcony`;
    const token = await enabled(juliet, full, '');
    juliet.write(
      "<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq><iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>" +
        "<iq type='get' id='b'><blocklist xmlns='urn:xmpp:blocking'/></iq>" +
        `<presence><show>away</show><priority>7</priority></presence><presence to='${R}/orchard'/>`,
    );
    const sent = stanzas(await juliet.all(60));
    await premises.restart();
    const [session] = premises.scene.host('example.test').sessions.of(J);
    assert.equal(session?.presence?.show, 'away');
    assert.deepEqual([session.priority, session.carbons, session.interested], [7, true, true]);
    const wire = await resumed(premises, token, sent);
    assert.equal((await wire.all()).length, 0);
    wire.write(`<iq type='set' id='k'><block xmlns='urn:xmpp:blocking'><item jid='spam@example.com'/></block></iq>`);
    assert.match((await wire.all(60)).map(serialize).join(), /<block xmlns/); // the push to who asked for the list
    const romeo = await premises.scene.connect(`${R}/orchard`);
    wire.write('</stream:stream>');
    await premises.scene.settle();
    assert.match((await romeo.all()).map(serialize).join(), /<presence[^>]*type='unavailable'/);
  });

  test('in a room: nobody sees her go, she hears what is said, and a temporary room is still there', async (t) => {
    const premises = await open(t);
    const juliet = premises.dial();
    const token = await enabled(juliet);
    juliet.write(enter('Juliet'));
    let had = 1 + stanzas(await juliet.all(60));
    juliet.write(configure({ persistentroom: '0' }).replace('<iq ', "<iq id='m' "));
    const first = await juliet.all(60);
    assert.equal(first[0]?.attrs.type, 'result', serialize(first[0]!));
    had += stanzas(first);
    await premises.restart();
    const romeo = await premises.scene.connect(`${R}/orchard`);
    await romeo.sends(enter('Romeo'));
    const seen = (await romeo.all()).map(serialize).join();
    assert.match(seen, /Juliet/);
    assert.match(seen, /affiliation='owner'/);
    await romeo.sends(say('good morrow'));
    const wire = await resumed(premises, token, had);
    const heard = await wire.all(60);
    assert.deepEqual(bodies(heard), ['good morrow']);
    assert.doesNotMatch(heard.map(serialize).join(), /code='332'/);
    wire.write(say('parting'));
    assert.deepEqual(bodies(await romeo.all()).slice(-1), ['parting']);
  });

  test('in a room with somebody who does not go on: she sees them leave, and they are told why', async (t) => {
    const premises = await open(t);
    const juliet = premises.dial();
    const token = await enabled(juliet);
    juliet.write(enter('Juliet'));
    let had = 1 + stanzas(await juliet.all(60));
    juliet.write(configure().replace('<iq ', "<iq id='m' "));
    had += stanzas(await juliet.all(60));
    const romeo = await premises.scene.connect(`${R}/orchard`);
    await romeo.sends(enter('Romeo'));
    await romeo.all();
    had += stanzas(await juliet.all(60));
    await premises.stop();
    assert.match(serialize((await romeo.all())[0]!), /code='332'/);
    await premises.start();
    const wire = await resumed(premises, token, had);
    const [gone] = await wire.all(60);
    assert.match(serialize(gone!), /Romeo.*type='unavailable'|type='unavailable'.*Romeo/);
    wire.write(`<iq type='get' id='d' to='${ROOM}'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>`);
    const answer = (await wire.all(60)).find(({ attrs }) => attrs.id === 'd');
    assert.equal(find(answer!, 'query')?.children.length, 1);
  });
});

describe('what was written down is not to be trusted blindly', () => {
  for (const [what, change] of [
    ['is no JSON', "UPDATE kept_session SET state = '{'"],
    [
      'is of a domain that is not served',
      `UPDATE kept_session SET state = replace(state, '"example.test"', '"gone.test"')`,
    ],
    ['is of another account', 'UPDATE kept_session SET account = account + 1000'],
    ['has a stanza that is none', `UPDATE kept_session SET state = replace(state, '<message', '<massage')`],
  ] as const) {
    test(`a row that ${what} is left out, and the house starts`, async (t) => {
      const premises = await open(t);
      const juliet = premises.dial();
      const token = await enabled(juliet);
      const romeo = await premises.scene.comes(`${R}/orchard`);
      await romeo.sends(chat(J, 'missed'));
      await messages(juliet);
      await premises.stop();
      const { db } = await openScene(t, { file: premises.file, begins: false });
      assert.equal(await db.run({ text: change, values: [] }), 1);
      await db.close();
      await premises.start({ mayFail: true });
      assert.equal(premises.scene.host('example.test').sessions.count, 0);
      assert.equal(await premises.rows(), 0);
      assert.equal((await resumes(premises.dial(), token, 1)).name, 'failed');
    });
  }

  test('the token is not in it', async (t) => {
    const premises = await open(t);
    const token = await enabled(premises.dial());
    await premises.restart();
    const row = await premises.scene.db.get<{ state: string }>(sql`SELECT state FROM kept_session`);
    assert.equal(row!.state.includes(token), false);
  });

  test('an account that is removed takes it along', async (t) => {
    const premises = await open(t);
    await enabled(premises.dial());
    await premises.restart();
    const account = (await premises.scene.stores.accounts.find('example.test', 'juliet'))!;
    await premises.scene.stores.accounts.remove(account);
    assert.equal(await premises.rows(), 0);
  });
});

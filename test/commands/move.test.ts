import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { CommandError } from '../../server/commands/command-error.ts';
import { StorageError } from '../../server/storage/database.ts';
import { keysOf } from '../../server/xmpp/scram-keys.ts';
import { readsArchive } from '../support/archive.ts';
import { archiveOf, looks, MOVER, movesIn, openMoving, portable } from '../support/moving.ts';
import { hashOf, PNG } from '../support/pictures.ts';
import type { Scene } from '../support/scene.ts';
import { find } from '../support/xml.ts';

const A = 'anna@example.test';
const B = 'ben@example.test';
const LONG_AGO = Date.UTC(2023, 4, 6, 7, 8, 9);
const user = (name: string, inside = '', more = "password='a good old password'") =>
  `<user name='${name}' ${more}>${inside}</user>`;
const one = (text: string) => ({ 'main.xml': text });
const lines = (count: number, name = 'line') => Array.from({ length: count }, (_, at) => `${name} ${at}`);

async function bodies(scene: Scene, bare: string): Promise<string[]> {
  const account = (await scene.stores.accounts.at(bare))!;
  const found: string[] = [];
  for (let afterId = 0; ; ) {
    const { rows, complete } = await scene.stores.archives.page(account.id, { limit: 1_000, fromEnd: false, afterId });
    for (const { id, stanza } of rows) {
      found.push(/<body>([^<]*)/.exec(stanza)![1]!);
      afterId = id;
    }
    if (complete) return found;
  }
}

describe('people of another server move in (XEP-0227)', () => {
  test('with contacts, requests, card, archive, what waits, nodes, private XML and blocked addresses', async (t) => {
    const scene = await openMoving(t);
    const config = `<configure node='urn:x'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/pubsub#node_config</value></field><field var='pubsub#access_model'><value>open</value></field><field var='pubsub#title'/><field var='pubsub#unheard_of'><value>1</value></field></x></configure>`;
    const items = [1, 2, 3].map((n) => `<item id='${n}'><x xmlns='urn:x'>${n}</x></item>`).join('');
    const {
      import: made,
      people,
      ended,
    } = await movesIn(
      scene,
      one(
        portable(
          user(
            'Anna',
            `<query xmlns='jabber:iq:roster'><item jid='${B}' name='Ben' subscription='both'><group>Sales</group></item></query>` +
              "<presence type='subscribe' from='carl@far.test'><status>let me in</status></presence>" +
              "<vCard xmlns='vcard-temp'><FN>Anna Müller</FN></vCard>" +
              "<query xmlns='jabber:iq:private'><notes xmlns='urn:notes'>tea</notes></query>" +
              "<query xmlns='jabber:iq:privacy'><default name='d'/><list name='d'><item type='jid' value='spam@far.test' action='deny' order='1'/></list></query>" +
              `<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'>${config}</pubsub><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:x'>${items}</items></pubsub>` +
              `<offline-messages><message xmlns='jabber:client' from='${B}/x' to='${A}' type='chat'><body>soon</body><delay xmlns='urn:xmpp:delay' from='example.test' stamp='2023-05-06T07:08:09Z'/></message></offline-messages>` +
              archiveOf(A, B, lines(5), LONG_AGO) +
              "<dream xmlns='urn:dreams'/>",
          ) +
            user('ben', "<query xmlns='jabber:iq:roster'><item jid='anna@example.test' subscription='both'/></query>"),
        ),
      ),
    );
    assert.deepEqual([made.state, made.made, ended.problem], ['done', 2, '']);
    assert.deepEqual(people[0]!.report!.taken, {
      contacts: 1,
      requests: 1,
      cards: 1,
      messages: 5,
      waiting: 1,
      items: 3,
      notes: 1,
      blocked: 1,
    });
    assert.deepEqual(people[0]!.report!.left.map(({ what }) => what).sort(), [
      '<dream xmlns="urn:dreams">',
      'a setting of a node: There is no pubsub#unheard_of here.',
    ]);
    await scene.settle();

    const anna = await scene.connect(`${A}/desk`);
    const roster = await anna.gets("<iq type='get'><query xmlns='jabber:iq:roster'/></iq>");
    assert.match(String(roster), /jid="ben@example\.test"/);
    await anna.sends('<presence/>');
    const heard = await anna.all();
    const soon = heard.find((stanza) => String(stanza).includes('soon'))!;
    assert.equal(find(soon, 'delay')!.attrs.stamp, '2023-05-06T07:08:09Z');
    assert.ok(
      heard.some((stanza) => stanza.attrs.type === 'subscribe' && stanza.attrs.from === 'carl@far.test'),
      String(heard),
    );
    const { found } = await readsArchive(anna, { with: B });
    assert.deepEqual(
      found.map(({ body, time }) => [body, time]),
      lines(5).map((line, at) => [line, LONG_AGO + at * 1_000]),
    );
    const asked = (xml: string) => anna.gets(`<iq type='get'>${xml}</iq>`).then(String);
    assert.match(await asked("<query xmlns='jabber:iq:private'><notes xmlns='urn:notes'/></query>"), />tea</);
    assert.match(await asked("<blocklist xmlns='urn:xmpp:blocking'/>"), /spam@far\.test/);
    assert.equal((await scene.stores.accounts.at(A))!.name, 'Anna Müller');
    // Open, so that anybody may read: all three items, though nobody said how many the node holds.
    const ben = await scene.connect(`${B}/desk`);
    const nodes = await ben.gets(
      `<iq type='get' to='${A}'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:x'/></pubsub></iq>`,
    );
    assert.equal(String(nodes).match(/<item /g)?.length, 3);
  });

  for (const order of ['before', 'after'])
    test(`with a picture of whose two nodes that which leads to it stands ${order} the other`, async (t) => {
      const scene = await openMoving(t);
      const id = hashOf(PNG);
      const item = (node: string, inside: string) =>
        `<items node='urn:xmpp:avatar:${node}'><item id='${id}'>${inside}</item></items>`;
      const data = item('data', `<data xmlns='urn:xmpp:avatar:data'>${PNG}</data>`);
      const info = `<info bytes='70' id='${id}' type='image/png'/>`;
      const metadata = item('metadata', `<metadata xmlns='urn:xmpp:avatar:metadata'>${info}</metadata>`);
      const both = order === 'before' ? metadata + data : data + metadata;
      const nodes = `<pubsub xmlns='http://jabber.org/protocol/pubsub'>${both}</pubsub>`;
      const { people } = await movesIn(scene, one(portable(user('anna', nodes))));
      assert.equal(people[0]!.report!.taken.items, 2);
      await scene.settle();
      const anna = await scene.connect(`${A}/desk`);
      const card = await anna.gets("<iq type='get'><vCard xmlns='vcard-temp'/></iq>");
      assert.ok(String(card).includes(PNG), String(card));
    });

  test('addresses of a domain that is called otherwise are so everywhere; domains that are not served are named', async (t) => {
    const scene = await openMoving(t);
    const files = {
      'a.xml': portable(
        user('anna', "<query xmlns='jabber:iq:roster'><item jid='ben@old.test' subscription='both'/></query>"),
        'old.test',
      ),
      'b.xml': portable(user('x') + user('y'), 'strange.test'),
    };
    const { state } = await looks(scene, files, [{ from: 'old.test', to: 'example.test' }]);
    assert.deepEqual(state.check!.hosts, [
      { name: 'old.test', domain: 'example.test', served: true, people: 1 },
      { name: 'strange.test', domain: 'strange.test', served: false, people: 2 },
    ]);
    await movesIn(scene, files, [{ from: 'old.test', to: 'example.test' }]);
    assert.equal((await scene.item(A, B))?.subscription, 'both');
    const { moves } = scene.commands;
    const { id } = await moves.begin('x');
    for (const [from, to] of [
      ['old.test', 'strange.test'],
      ['a@b', 'example.test'],
    ] as const) {
      assert.throws(() => moves.check(id, [{ from, to }]), /file|served|domain/);
    }
  });

  test('nobody who is there is written over; who stands twice or can have no address is named', async (t) => {
    const scene = await openMoving(t);
    const before = await scene.account(A);
    const keys = await scene.stores.credentials.of(before.id);
    const files = one(
      portable(
        user('anna', "<vCard xmlns='vcard-temp'><FN>Other</FN></vCard>") +
          user('ben') +
          user('BEN') +
          user('no name at all') +
          user(''),
      ),
    );
    const { state } = await looks(scene, files);
    assert.deepEqual(state.check!.counts, { make: 1, link: 0, there: 1, wrong: 3 });
    const { import: made, failed } = await movesIn(scene, files);
    assert.deepEqual([made.made, made.failed], [1, 4]);
    assert.deepEqual(
      failed.map(({ jid, why }) => [jid.split('@')[0], why.split(' ').slice(0, 3).join(' ')]),
      [
        ['anna', 'There is somebody'],
        ['ben', 'The same address'],
        ['no name at all', 'The name has'],
        ['', 'The name has'],
      ],
    );
    assert.equal((await scene.stores.accounts.at(A))!.name, '');
    assert.deepEqual(await scene.stores.credentials.of(before.id), keys);
  });

  test('keys of a password are kept as they are; who has none that will do gets a link to choose one', async (t) => {
    const scene = await openMoving(t);
    const keys = await keysOf('SCRAM-SHA-1', 'old secret', Buffer.from('salt'), 4_096);
    const field = (name: string, bytes: Uint8Array) => `<${name}>${Buffer.from(bytes).toString('base64')}</${name}>`;
    const scram = `<scram-credentials xmlns='urn:xmpp:pie:0#scram' mechanism='SCRAM-SHA-1'><iter-count>4096</iter-count>${field('salt', keys.salt)}${field('server-key', keys.serverKey)}${field('stored-key', keys.storedKey)}</scram-credentials>`;
    const { id } = await movesIn(
      scene,
      one(
        portable(user('anna', scram, '') + user('ben', '', '') + user('carl', '', "password='123456'") + user('dora')),
      ),
    );
    const of = async (name: string) => {
      const { id } = (await scene.stores.accounts.find('example.test', name))!;
      return (await scene.stores.credentials.of(id)).map(({ mechanism }) => mechanism);
    };
    const [kept, ...more] = await scene.stores.credentials.of((await scene.stores.accounts.at(A))!.id);
    const hex = (one: typeof keys) =>
      [one.salt, one.storedKey, one.serverKey].map((part) => Buffer.from(part).toString('hex'));
    assert.deepEqual(more, []);
    assert.deepEqual([kept!.mechanism, kept!.iterations, ...hex(kept!)], [keys.mechanism, 4_096, ...hex(keys)]);
    assert.deepEqual(await Promise.all(['ben', 'carl', 'dora'].map(of)), [
      [],
      [],
      ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512'],
    ]);
    const { csv, people } = await scene.commands.peopleImports.handOver(MOVER, id);
    assert.equal(people, 2);
    assert.match(csv, /address,name,link/);
    for (const name of ['ben', 'carl']) assert.match(csv, new RegExp(`^"?${name}@example\\.test.*/reset/`, 'm'));
  });

  test('messages that the archive cannot hold are named: too old for it, or for the rule of the domain; those of the future came now', async (t) => {
    const scene = await openMoving(t);
    const future = Date.now() + 1e10;
    const archive = [
      archiveOf(A, B, ['ancient'], Date.UTC(2012, 0, 1)),
      archiveOf(A, B, ['old'], Date.UTC(2021, 0, 1)),
      archiveOf(A, B, ['new'], Date.now() - 60_000),
      archiveOf(A, B, ['future'], future),
    ];
    const rule = { domain: 'example.test', kind: 'domain' as const, subject: '', days: 30, silent: false, before: 0 };
    await scene.stores.archiveRules.set(rule);
    const { people } = await movesIn(scene, one(portable(user('anna', archive.join('')))));
    assert.deepEqual(people[0]!.report!.left, [
      { what: 'a message from before 2020, for which the archive has no place', count: 1 },
      { what: 'a message that is older than messages are kept here', count: 1 },
    ]);
    assert.deepEqual(await bodies(scene, A), ['new', 'future']);
    await scene.stores.archiveRules.set({ ...rule, silent: true });
    const silent = await movesIn(scene, one(portable(user('ben', archive[2]))));
    assert.deepEqual(silent.people[0]!.report!.left, [{ what: 'a message: none are kept here', count: 1 }]);
  });

  test('what is over a limit is named, and the rest is taken', async (t) => {
    const scene = await openMoving(t, { limits: { rosterItemsPerAccount: 3, offlineMessagesPerAccount: 2 } });
    const contacts = [1, 2, 3, 4, 5].map((n) => `<item jid='c${n}@far.test'/>`).join('');
    const waiting = lines(4)
      .map((body) => `<message xmlns='jabber:client' from='${B}'><body>${body}</body></message>`)
      .join('');
    const large = `<query xmlns='jabber:iq:private'><a xmlns='urn:a'>${'x'.repeat(70_000)}</a><b xmlns='urn:b'>y</b></query>`;
    const { people } = await movesIn(
      scene,
      one(
        portable(
          user(
            'anna',
            `<query xmlns='jabber:iq:roster'>${contacts}</query><offline-messages>${waiting}</offline-messages>${large}`,
          ),
        ),
      ),
    );
    const { taken, left } = people[0]!.report!;
    assert.deepEqual([taken.contacts, taken.waiting, taken.notes], [3, 2, 1]);
    assert.deepEqual(left, [
      { what: 'a contact: the list is full', count: 2 },
      { what: 'a message that waits: there are too many', count: 2 },
      { what: 'private XML: One element has at most 64 KiB.', count: 1 },
    ]);
  });
});

describe('a move that is cut short goes on, and doubles nothing', () => {
  const many = portable(
    user('anna', archiveOf(A, B, lines(450), LONG_AGO, 0)) +
      user('ben', archiveOf(B, A, lines(350, 'ben'), LONG_AGO, 0)) +
      user('carl', '', ''),
  );

  test('when the disk fails in the middle of an archive', async (t) => {
    const scene = await openMoving(t);
    const { db, commands } = scene;
    const first = await looks(scene, one(many));
    const batch = db.batch.bind(db);
    let batches = 0;
    db.batch = (statements) => {
      // Two hundred of Anna's messages are written, and her account before that.
      if (statements.some(({ text }) => text.includes('INTO message ')) && ++batches > 2) {
        return Promise.reject(new StorageError('full', 'the test says: full'));
      }
      return batch(statements);
    };
    await commands.moves.start(MOVER, first.id, first.state.check!.digest);
    await commands.peopleImports.settled();
    db.batch = batch;
    assert.match(commands.moves.state(first.id).problem, /Nothing is lost/);
    await commands.peopleImports.open(); // as after a restart
    assert.deepEqual(await bodies(scene, A), lines(200));

    const { state } = await looks(scene, one(many));
    assert.equal(state.check!.continues, 1);
    assert.deepEqual(state.check!.counts, { make: 2, link: 1, there: 0, wrong: 0 });
    const { id, import: made, people } = await movesIn(scene, one(many));
    assert.deepEqual([id, made.state, made.made, made.failed], [1, 'done', 3, 0]);
    assert.deepEqual(
      people.map(({ report }) => report!.taken.messages),
      [450, 350, 0],
    );
    assert.deepEqual(await bodies(scene, A), lines(450));
    assert.deepEqual(await bodies(scene, B), lines(350, 'ben'));
    const { csv } = await commands.peopleImports.handOver(MOVER, 1);
    assert.match(csv, /carl@/);
    // Once more, and with more in it: who is there is there.
    assert.deepEqual((await looks(scene, one(many))).state.check!.counts, { make: 0, link: 0, there: 3, wrong: 0 });
  });

  test('when somebody stops it; what moved in stays, and files with other people in them begin anew', async (t) => {
    const scene = await openMoving(t);
    const { stores, commands } = scene;
    const first = await looks(scene, one(many));
    const append = stores.archives.appendStatements.bind(stores.archives);
    let written = 0;
    let stopped: Promise<void> | undefined;
    stores.archives.appendStatements = (...all) => {
      if (++written === 600) stopped = commands.moves.stop(first.id);
      return append(...all);
    };
    await commands.moves.start(MOVER, first.id, first.state.check!.digest);
    await commands.peopleImports.settled();
    await stopped;
    stores.archives.appendStatements = append;
    assert.throws(() => commands.moves.state(first.id), { code: 'import-not-found' });
    assert.deepEqual(await bodies(scene, A), lines(450));
    const other = await looks(scene, one(portable(user('anna') + user('ben') + user('dora'))));
    assert.deepEqual([other.state.check!.continues, other.state.check!.counts.there], [null, 2]);
    await movesIn(scene, one(many));
    assert.deepEqual(await bodies(scene, B), lines(350, 'ben'));
  });

  test('nothing is begun when the house is not as it was looked at', async (t) => {
    const scene = await openMoving(t);
    const { id, state } = await looks(scene, one(portable(user('anna') + user('ben'))));
    const changed = (error: CommandError) => error.code === 'import-changed';
    await assert.rejects(scene.commands.moves.start(MOVER, id, 'other'), changed);
    await scene.account(A);
    const { import: made } = await scene.commands.moves.start(MOVER, id, state.check!.digest).then(async (begun) => {
      await scene.commands.peopleImports.settled();
      return scene.commands.peopleImports.get(begun.id);
    });
    // It came in between: left as it is.
    assert.deepEqual([made.made, made.failed], [1, 1]);
    assert.equal((await scene.stores.credentials.of((await scene.account(A)).id))[0]!.iterations, 10);
  });
});

test('a move is taken back as one: who has not come in yet goes with all they had', async (t) => {
  const scene = await openMoving(t);
  const { peopleImports, audit } = scene.commands;
  const { id } = await movesIn(scene, one(portable(user('anna', archiveOf(A, B, lines(10), LONG_AGO)) + user('ben'))));
  const ben = await scene.connect(`${B}/desk`);
  await peopleImports.undo(MOVER, id);
  await peopleImports.settled();
  const { import: made, kept } = await peopleImports.get(id);
  assert.deepEqual([made.state, made.undone, kept.map(({ jid }) => jid)], ['undone', 1, [B]]);
  assert.equal(await scene.stores.accounts.at(A), undefined);
  ben.leaves();
  const { rows } = await audit.find({ subject: A });
  assert.deepEqual(
    rows.map(({ action }) => action),
    ['account.delete', 'account.create'],
  );
});

test('files are gone from the disk once they are not needed', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hallway-moving-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const scene = await openMoving(t, { movingFolder: join(folder, 'moving') });
  const { moves } = scene.commands;
  const there = () => existsSync(join(folder, 'moving'));
  const files = one(portable(user('anna')));
  await looks(scene, files);
  assert.ok(there());
  assert.equal(statSync(join(folder, 'moving', 'unfinished')).mode & 0o077, 0);
  await movesIn(scene, files);
  assert.ok(!there());
  await moves.stop((await looks(scene, files)).id);
  assert.ok(!there());
  await looks(scene, files);
  await moves.open(); // as after a restart
  assert.ok(!there());
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Database, type Statement, sql } from '../../../server/storage/database.ts';
import { type PubsubItem, PubsubItems } from '../../../server/storage/stores/pubsub-items.ts';
import { leaveNodes, type NodeConfig, PubsubNodes } from '../../../server/storage/stores/pubsub-nodes.ts';
import { house } from './support.ts';

const CONFIG = { accessModel: 'open', maxItems: 3 } as NodeConfig;
const QUOTA = 10_000;
const ALL = { after: undefined, before: undefined, newest: false, limit: 100, since: 0 };

const item = (id: string, publishedAt = 1): PubsubItem => ({
  id,
  publisher: 'juliet@o',
  publishedAt,
  payload: `<p id='${id}'/>`,
});

/** A database that notes what it is asked. */
function noting(db: Database): { db: Database; asked: Statement[] } {
  const asked: Statement[] = [];
  const note = (method: 'all' | 'get' | 'run' | 'batch') => (what: Statement | readonly Statement[]) => {
    asked.push(...(Array.isArray(what) ? (what as Statement[]) : [what as Statement]));
    return (db[method] as (what: unknown) => Promise<unknown>)(what);
  };
  const noted = { all: note('all'), get: note('get'), run: note('run'), batch: note('batch') };
  return { db: Object.assign(Object.create(db) as Database, noted), asked };
}

describe('nodes and their items', () => {
  it('are what was stored, for stores that remember nothing', async (t) => {
    const { db, person, afresh, pubsubNodes, pubsubItems } = await house(t);
    const { id } = await person('juliet');
    const node = pubsubNodes.make(String(id), 'news', 'juliet@o', CONFIG, ['juliet@o']);
    await db.batch([
      ...pubsubNodes.createStatements(node, id),
      ...pubsubItems.putStatements(node, item('a'), 3, 0, QUOTA),
    ]);
    await pubsubNodes.affiliate(
      node,
      new Map([
        ['romeo@o', 'member'],
        ['juliet@o', 'none'],
      ]),
    );
    await pubsubNodes.subscribe(node, [{ jid: 'romeo@o/x', bare: 'romeo@o', state: 'pending', deliver: false }]);
    const stores = afresh();
    const found = await stores.pubsubNodes.get(String(id), 'news');
    assert.deepEqual(found?.config, CONFIG);
    assert.deepEqual([...found.affiliations], [['romeo@o', 'member']]);
    assert.deepEqual(
      [...found.subscriptions.values()],
      [{ jid: 'romeo@o/x', bare: 'romeo@o', state: 'pending', deliver: false }],
    );
    assert.deepEqual(await stores.pubsubItems.last(node.id), item('a'));
    assert.deepEqual(await stores.pubsubNodes.names(id), ['news']);
    assert.deepEqual(await stores.pubsubNodes.subscriptionsOf(String(id), 'romeo@o'), [
      { node: 'news', jid: 'romeo@o/x', state: 'pending' },
    ]);
  });

  it('keep their order: what is published again is the newest, and the oldest go', async (t) => {
    const { db, pubsubNodes, pubsubItems } = await house(t);
    const node = pubsubNodes.make('pubsub.o', 'news', 'juliet@o', CONFIG, []);
    await db.batch(pubsubNodes.createStatements(node, undefined));
    for (const id of ['a', 'b', 'c', 'a', 'd']) await db.batch(pubsubItems.putStatements(node, item(id), 3, 0, QUOTA));
    const ids = async (query = {}) =>
      (await pubsubItems.page(node.id, { ...ALL, ...query })).map((one) => one.id).join(' ');
    assert.equal(await ids(), 'c a d');
    assert.equal(await ids({ newest: true, limit: 2 }), 'a d');
    assert.equal(await ids({ after: 'c', limit: 1 }), 'a');
    assert.equal(await ids({ before: 'd', newest: true }), 'c a');
    assert.equal(await ids({ after: 'b' }), '', 'what is not there is after nothing');
    await db.batch(pubsubItems.putStatements(node, item('e', 9), 3, 5, QUOTA));
    assert.equal(await ids(), 'e', 'the old have expired');
    assert.equal((await pubsubItems.last(node.id))?.id, 'e');
    assert.equal(await pubsubItems.remove(node.id, 'e'), true);
    assert.equal(await pubsubItems.remove(node.id, 'e'), false);
    assert.equal(await pubsubItems.last(node.id), undefined);
  });

  it('weigh no more than their creator may store, all together, whichever way they come and go', async (t) => {
    const { db, pubsubNodes, pubsubItems } = await house(t);
    const news = pubsubNodes.make('pubsub.o', 'news', 'juliet@o', CONFIG, []);
    const other = pubsubNodes.make('pubsub.o', 'other', 'juliet@o', CONFIG, []);
    const romeos = pubsubNodes.make('pubsub.o', 'romeo', 'romeo@o', CONFIG, []);
    for (const node of [news, other, romeos]) await db.batch(pubsubNodes.createStatements(node, undefined));
    const put = (node: typeof news, id: string, bytes: number, max = 3) =>
      db.batch(pubsubItems.putStatements(node, { ...item(id), payload: 'ü'.repeat(bytes / 2) }, max, 0, QUOTA));
    const held = async () => {
      const kept = sql`SELECT SUM(bytes) AS n FROM pubsub_node`;
      const counted = sql`SELECT SUM(octet_length(id) + octet_length(payload) + 100) AS n FROM pubsub_item`;
      const [a, b] = [await db.get<{ n: number }>(kept), await db.get<{ n: number }>(counted)];
      assert.equal(a?.n, b?.n ?? 0);
      return a?.n;
    };
    await put(news, 'a', 5_000);
    await put(other, 'a', 4_000);
    await put(romeos, 'a', 5_000);
    await assert.rejects(put(other, 'b', 1_000), { code: 'quota' });
    assert.deepEqual((await pubsubItems.page(other.id, ALL)).length, 1, 'nothing of it is there');
    assert.equal(await held(), 14_303);
    await put(other, 'b', 4_000, 1);
    await put(other, 'b', 4_600);
    assert.equal(await held(), 14_903, 'what goes makes room for what comes');
    await assert.rejects(put(other, 'b', 4_800), { code: 'quota' });
    assert.equal((await pubsubItems.get(other.id, 'b'))?.payload.length, 2_300);
    await pubsubItems.remove(news.id, 'a');
    await put(other, 'c', 5_000);
    await pubsubItems.clear(other.id);
    assert.equal(await held(), 5_101);
    await db.batch(leaveNodes('romeo@o'));
    assert.deepEqual(await db.get(sql`SELECT creator FROM pubsub_node WHERE name = 'romeo'`), { creator: '' });
  });

  it('a node and its first item are written together or not at all', async (t) => {
    const { db, pubsubNodes, pubsubItems } = await house(t);
    const node = pubsubNodes.make('77', 'news', 'juliet@o', CONFIG, []);
    const both = [
      ...pubsubNodes.createStatements(node, 77),
      ...pubsubItems.putStatements(node, item('a'), 3, 0, QUOTA),
    ];
    await assert.rejects(db.batch(both), { code: 'constraint' }); // there is no account 77
    assert.equal(await pubsubNodes.get('77', 'news'), undefined);
    assert.deepEqual(await pubsubItems.page(node.id, ALL), []);
  });

  it('go with their account; a service’s node goes with the last who had to do with it', async (t) => {
    const { db, accounts, person, pubsubNodes, pubsubItems } = await house(t);
    const juliet = await person('juliet');
    const bare = 'juliet@office.test';
    const own = pubsubNodes.make(String(juliet.id), 'own', bare, CONFIG, []);
    const alone = pubsubNodes.make('pubsub.o', 'alone', bare, CONFIG, [bare]);
    const shared = pubsubNodes.make('pubsub.o', 'shared', bare, CONFIG, [bare, 'romeo@office.test']);
    await db.batch([
      ...pubsubNodes.createStatements(own, juliet.id),
      ...[alone, shared].flatMap((node) => pubsubNodes.createStatements(node, undefined)),
      ...[own, alone, shared].flatMap((node) => pubsubItems.putStatements(node, item('a'), 3, 0, QUOTA)),
    ]);
    await pubsubNodes.get('pubsub.o', 'shared');
    await accounts.remove(juliet);
    assert.equal(await pubsubNodes.count(String(juliet.id)), 0);
    assert.deepEqual(await pubsubNodes.page('pubsub.o', { last: false, limit: 9 }), ['shared']);
    assert.deepEqual([...(await pubsubNodes.get('pubsub.o', 'shared'))!.affiliations.keys()], ['romeo@office.test']);
    assert.equal((await db.all({ text: 'SELECT * FROM pubsub_item', values: [] })).length, 1);
  });

  it('attack: of many long items no more are read than there is room for, and at least one', async (t) => {
    const { db, pubsubNodes, pubsubItems } = await house(t);
    const node = pubsubNodes.make('pubsub.o', 'news', 'juliet@o', CONFIG, []);
    await db.batch(pubsubNodes.createStatements(node, undefined));
    const names = ['a', 'b', 'c', 'd'];
    for (const id of names) {
      const long = { ...item(id), payload: 'ü'.repeat(50) };
      await db.batch(pubsubItems.putStatements(node, long, 9, 0, QUOTA));
    }
    const ids = async (query = {}) =>
      (await pubsubItems.page(node.id, { ...ALL, ...query })).map((one) => one.id).join(' ');
    assert.equal(await ids({ room: 200 }), 'a b');
    assert.equal(await ids({ room: 299, newest: true }), 'c d');
    assert.equal(await ids({ room: 1, newest: true }), 'd');
    assert.equal(await ids({ room: 400 }), 'a b c d');
    assert.deepEqual(
      (await pubsubItems.some(node.id, ['d', 'b', 'x', 'c'], 0, 250)).map(({ id }) => id),
      ['b', 'c'],
    );
    assert.deepEqual(await pubsubItems.newest(node.id, 3, 0), ['b', 'c', 'd']);
  });

  it('are found by an index, whatever is asked', async (t) => {
    const { db: plain } = await house(t);
    const { db, asked } = noting(plain);
    const nodes = new PubsubNodes(db);
    const items = new PubsubItems(db);
    const node = nodes.make('pubsub.o', 'news', 'juliet@o', CONFIG, ['juliet@o']);
    await db.batch(nodes.createStatements(node, undefined));
    await db.batch(items.putStatements(node, item('a'), 3, 5, QUOTA));
    await nodes.get('pubsub.o', 'news');
    await nodes.names(1);
    await nodes.countOf('pubsub.o', 'romeo@o');
    await nodes.count('pubsub.o');
    for (const last of [true, false]) await nodes.page('pubsub.o', { after: 'a', before: 'z', last, limit: 5 });
    await nodes.configure(node, CONFIG);
    await nodes.affiliate(node, new Map([['romeo@o', 'none']]));
    await nodes.subscribe(node, [], ['romeo@o']);
    await nodes.subscriptionsOf('pubsub.o', 'romeo@o');
    await nodes.affiliationsOf('pubsub.o', 'romeo@o');
    await items.last(node.id);
    await items.get(node.id, 'a');
    await items.some(node.id, ['a', 'b'], 0);
    await items.newest(node.id, 10, 0);
    await items.count(node.id, 0);
    for (const newest of [true, false]) await items.page(node.id, { ...ALL, after: 'a', before: 'b', newest });
    await items.remove(node.id, 'a');
    await items.clear(node.id);
    await nodes.remove(node);
    await nodes.removeService('pubsub.o');
    assert.ok(asked.length > 25);
    for (const statement of [...asked, ...leaveNodes('romeo@o')]) {
      // The engine explains what reads; what is deleted is found in the same way.
      const text = statement.text.replace(/^DELETE FROM/, 'SELECT 1 FROM');
      if (!text.startsWith('SELECT')) continue;
      const plan = await plain.all<{ detail: string }>({ ...statement, text: `EXPLAIN QUERY PLAN ${text}` });
      const scans = plan.map((row) => row.detail).filter((step) => /^SCAN (?!summed|sized|\(subquery)/.test(step));
      assert.deepEqual(scans, [], statement.text);
    }
  });
});

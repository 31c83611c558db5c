import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, serialize, textOf } from '../../server/xmpp/element.ts';
import {
  configure,
  create,
  EVENT,
  fieldIn,
  get,
  heard,
  idsIn,
  items,
  OWNER,
  PUBSUB,
  publish,
  set,
  tune,
} from '../support/pubsub.ts';
import { openScene } from '../support/scene.ts';

const J = 'juliet@example.test';
const R = 'romeo@example.test';
const S = 'pubsub.example.test';
const RSM = 'http://jabber.org/protocol/rsm';

const rsm = (inner: string): string => `<set xmlns='${RSM}'>${inner}</set>`;
const own = (inner: string): string => set(inner, S, OWNER);
const ask = (name: string): string => get(`<${name} node='news'/>`, S, OWNER);
const post = (id: string): string => publish('news', id, tune(id), undefined, S);

describe('XEP-0060 §6.5, XEP-0059: pages of items', () => {
  test('of any size, forwards and backwards, with the count of all', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/x`);
    await juliet.gets(create('news', { max_items: '100' }, S));
    const ids = Array.from({ length: 10 }, (_, n) => `i${n}`);
    for (const id of ids) await juliet.gets(post(id));
    const page = async (inner: string) => {
      const answer = await juliet.gets(items('news', S, rsm(inner)));
      const result = child(child(answer, 'pubsub', PUBSUB)!, 'set', RSM)!;
      const told = ['first', 'last', 'count'].map((name) => textOf(child(result, name)));
      return [idsIn(answer).join(' '), ...told];
    };
    assert.deepEqual(await page('<max>3</max>'), ['i0 i1 i2', 'i0', 'i2', '10']);
    assert.deepEqual(await page('<max>3</max><after>i2</after>'), ['i3 i4 i5', 'i3', 'i5', '10']);
    assert.deepEqual(await page('<max>3</max><before/>'), ['i7 i8 i9', 'i7', 'i9', '10']);
    assert.deepEqual(await page('<max>3</max><before>i3</before>'), ['i0 i1 i2', 'i0', 'i2', '10']);
    assert.deepEqual(await page('<max>0</max>'), ['', '', '', '10']);
    assert.deepEqual(idsIn(await juliet.gets(get("<items node='news' max_items='2'/>", S))), ['i8', 'i9']);
    assert.deepEqual(idsIn(await juliet.gets(items('news', S))), ids);
    const some = get("<items node='news'><item id='i4'/><item id='none'/><item id='i2'/></items>", S);
    assert.deepEqual(idsIn(await juliet.gets(some)), ['i2', 'i4']);
  });

  test('SECURITY 48: hostile edges of pages are only ids that are not there', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/x`);
    await juliet.gets(create('news', { max_items: '100' }, S));
    await juliet.gets(create('other', { max_items: '100' }, S));
    await juliet.gets(post('a'));
    await juliet.gets(publish('other', 'elsewhere', tune('x'), undefined, S));
    const hostile = [
      "' OR 1=1 --",
      'a&apos;; DROP TABLE pubsub_item; --',
      '%',
      '\\',
      'elsewhere',
      'x'.repeat(5_000),
      '0',
    ];
    for (const edge of hostile) {
      const text = edge.replaceAll('<', '&lt;');
      for (const name of ['after', 'before']) {
        await juliet.isRefused(items('news', S, rsm(`<${name}>${text}</${name}>`)), 'item-not-found');
      }
    }
    for (const max of ['-1', '1.5', 'x', '', '9'.repeat(40)]) {
      await juliet.isRefused(items('news', S, rsm(`<max>${max}</max>`)), 'bad-request');
      await juliet.isRefused(get(`<items node='news' max_items='${max}'/>`, S), 'bad-request');
    }
    const many = Array.from({ length: 201 }, (_, n) => `<item id='${n}'/>`).join('');
    await juliet.isRefused(get(`<items node='news'>${many}</items>`, S), 'not-acceptable');
    const query = (inner: string) =>
      `<iq type='get' to='${S}'><query xmlns='http://jabber.org/protocol/disco#items'>${rsm(inner)}</query></iq>`;
    for (const edge of hostile) await juliet.gets(query(`<after>${edge}</after>`));
    assert.deepEqual(idsIn(await juliet.gets(items('news', S))), ['a']);
  });

  test('an answer has at most a million characters; the rest is on the next page', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/x`);
    await juliet.gets(create('news', { max_items: '100' }, S));
    for (let n = 0; n < 7; n++) await juliet.gets(publish('news', `i${n}`, tune('x'.repeat(190_000)), undefined, S));
    const first = await juliet.gets(items('news', S));
    assert.deepEqual(idsIn(first), ['i0', 'i1', 'i2', 'i3', 'i4']);
    assert.match(serialize(first), /<last>i4<\/last><count>7<\/count>/);
    assert.deepEqual(idsIn(await juliet.gets(items('news', S, rsm('<after>i4</after>')))), ['i5', 'i6']);
    assert.deepEqual(idsIn(await juliet.gets(items('news', S, rsm('<before/>')))), ['i2', 'i3', 'i4', 'i5', 'i6']);
  });

  test('§8.2: of more items than are kept the oldest go; of those that expire, the old', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/x`);
    await juliet.gets(create('news', { max_items: '3' }, S));
    for (const id of ['a', 'b', 'c', 'd', 'b']) await juliet.gets(post(id));
    assert.deepEqual(idsIn(await juliet.gets(items('news', S))), ['c', 'd', 'b']);
    await juliet.gets(configure('news', { max_items: '2' }, S));
    assert.deepEqual(idsIn(await juliet.gets(items('news', S))), ['d', 'b']);
    await scene.db.run({
      text: "UPDATE pubsub_item SET published_at = published_at - 60000 WHERE id = 'd'",
      values: [],
    });
    await juliet.gets(configure('news', { item_expire: '59' }, S));
    assert.deepEqual(idsIn(await juliet.gets(items('news', S))), ['b']);
    assert.deepEqual(await scene.db.all({ text: 'SELECT id FROM pubsub_item', values: [] }), [{ id: 'b' }]);
  });
});

describe('XEP-0060 §8: owners', () => {
  test('§8.1: make nodes; a taken name is a conflict; who is not of the house makes none', async (t) => {
    const scene = await openScene(t, { domains: ['example.test', 'other.test'] });
    const juliet = await scene.connect(`${J}/x`);
    const romeo = await scene.connect(`${R}/x`);
    const stranger = await scene.connect('paris@other.test/x');
    await juliet.gets(create('news', { title: 'News', access_model: 'open' }, S));
    await romeo.isRefused(create('news', {}, S), 'conflict');
    await stranger.isRefused(create('mine', {}, S), 'forbidden');
    await stranger.isRefused(publish('mine', 'a', tune('a'), undefined, S), 'forbidden');
    for (const fields of [
      { access_model: 'presence' },
      { purge_offline: '1' },
      { nonsense: '1' },
      { max_items: '-1' },
    ]) {
      await juliet.isRefused(create('odd', fields as unknown as Record<string, string>, S), 'not-acceptable');
    }
    await juliet.gets(create('fine', { node_type: 'leaf', tempsub: 'false', itemreply: 'none' }, S));
    await stranger.gets(set(`<subscribe node='news' jid='paris@other.test'/>`, S));
    await stranger.sends('<presence/>');
    await juliet.gets(post('a'));
    assert.deepEqual(await heard(stranger), ['items news item:a']);
  });

  test('SECURITY 48: nobody else configures, purges, deletes or looks at the lists', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/x`);
    const romeo = await scene.connect(`${R}/x`);
    await juliet.gets(create('news', {}, S));
    await juliet.gets(post('a'));
    await juliet.gets(
      own(`<affiliations node='news'><affiliation jid='${R}' affiliation='publisher'/></affiliations>`),
    );
    const affiliation = (jid: string, what: string) =>
      own(`<affiliations node='news'><affiliation jid='${jid}' affiliation='${what}'/></affiliations>`);
    for (const xml of [
      ask('configure'),
      ask('affiliations'),
      ask('subscriptions'),
      configure('news', { title: 'Mine' }, S),
      own("<purge node='news'/>"),
      own("<delete node='news'/>"),
      affiliation(R, 'owner'),
      affiliation(J, 'outcast'),
    ]) {
      await romeo.isRefused(xml, 'forbidden');
      await romeo.isRefused(xml.replaceAll("'news'", "'none'"), 'item-not-found');
    }
    assert.deepEqual(idsIn(await juliet.gets(items('news', S))), ['a']);
  });

  test('§8.9: there is always an owner; the lists are as they were told', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/x`);
    const romeo = await scene.connect(`${R}/x`);
    await juliet.gets(create('news', { access_model: 'whitelist' }, S));
    const affiliations = (inner: string) => own(`<affiliations node='news'>${inner}</affiliations>`);
    const one = (jid: string, what: string) => `<affiliation jid='${jid}' affiliation='${what}'/>`;
    await juliet.isRefused(affiliations(one(J, 'none')), 'not-acceptable');
    await juliet.isRefused(affiliations(one(R, 'member') + one(`${R}/x`, 'outcast')), 'bad-request');
    await juliet.isRefused(affiliations(one(R, 'king')), 'not-acceptable');
    await juliet.isRefused(affiliations(one('not an@address', 'member')), 'not-acceptable');
    await romeo.isRefused(items('news', S), 'not-allowed');
    await juliet.gets(affiliations(one(R, 'member')));
    await romeo.gets(items('news', S));
    await romeo.gets(set(`<subscribe node='news' jid='${R}'/>`, S));
    assert.match(serialize(await juliet.gets(ask('affiliations'))), /jid='romeo@example.test' affiliation='member'/);
    assert.match(
      serialize(await juliet.gets(ask('subscriptions'))),
      /jid='romeo@example.test' subscription='subscribed'/,
    );
    // Off the list: what is published does not reach him any more, though he had subscribed.
    await juliet.gets(affiliations(one(R, 'none')));
    await romeo.sends('<presence/>');
    await juliet.gets(post('a'));
    assert.deepEqual(await heard(romeo), []);
    await juliet.gets(affiliations(one(R, 'outcast')));
    assert.doesNotMatch(serialize(await juliet.gets(ask('subscriptions'))), /romeo/);
    // A second owner may put the first one down.
    await juliet.gets(affiliations(one(R, 'owner')));
    await romeo.gets(affiliations(one(J, 'none')));
    await juliet.isRefused(ask('configure'), 'forbidden');
  });

  test('§8.2, §8.4, §8.5: subscribers hear of changes, of a purge and of the end, if the node says so', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/x`);
    const romeo = await scene.comes(`${R}/x`);
    await juliet.gets(create('news', { notify_config: '1' }, S));
    await romeo.gets(set(`<subscribe node='news' jid='${R}'/>`, S));
    await juliet.gets(post('a'));
    await juliet.gets(configure('news', { title: 'New', deliver_payloads: '0' }, S));
    assert.deepEqual(fieldIn(await juliet.gets(ask('configure')), 'pubsub#title'), ['New']);
    await juliet.gets(post('b'));
    await juliet.gets(set("<retract node='news'><item id='b'/></retract>", S));
    await juliet.gets(own("<purge node='news'/>"));
    assert.deepEqual(idsIn(await juliet.gets(items('news', S))), []);
    const told = await romeo.all();
    assert.deepEqual(
      told.map((one) => serialize(child(one, 'event', EVENT)!).replace(/ publisher='[^']*'/, '')),
      [
        `<event xmlns='${EVENT}'><items node='news'><item id='a'>${tune('a')}</item></items></event>`,
        `<event xmlns='${EVENT}'><configuration node='news'/></event>`,
        `<event xmlns='${EVENT}'><items node='news'><item id='b'/></items></event>`,
        `<event xmlns='${EVENT}'><items node='news'><retract id='b'/></items></event>`,
        `<event xmlns='${EVENT}'><purge node='news'/></event>`,
      ],
    );
    await juliet.gets(configure('news', { notify_config: '0', deliver_notifications: '0' }, S));
    await juliet.gets(post('c'));
    assert.deepEqual(await heard(romeo), []);
    await juliet.gets(configure('news', { deliver_notifications: '1' }, S));
    await juliet.gets(own("<delete node='news'/>"));
    assert.deepEqual(await heard(romeo), ['delete news']);
    assert.deepEqual(await scene.db.all({ text: 'SELECT * FROM pubsub_subscription', values: [] }), []);
  });

  test('SECURITY 50: who takes the address of somebody who left owns nothing, and is subscribed to nothing', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/x`);
    const romeo = await scene.connect(`${R}/x`);
    await juliet.gets(create('hers', {}, S));
    await juliet.gets(create('shared', {}, S));
    await juliet.gets(
      own(`<affiliations node='shared'><affiliation jid='${R}' affiliation='publisher'/></affiliations>`),
    );
    await romeo.gets(create('his', { access_model: 'whitelist' }, S));
    await romeo.gets(own(`<affiliations node='his'><affiliation jid='${J}' affiliation='member'/></affiliations>`));
    await juliet.gets(set(`<subscribe node='his' jid='${J}'/>`, S));
    await scene.stores.accounts.remove(juliet.session.account);
    juliet.leaves();
    const heir = await scene.comes(`${J}/heir`);
    await heir.isRefused(items('his', S), 'not-allowed');
    await heir.isRefused(own("<delete node='shared'/>"), 'forbidden');
    await heir.isRefused(items('hers', S), 'item-not-found');
    await romeo.gets(publish('his', 'a', tune('secret'), undefined, S));
    await romeo.gets(publish('shared', 'a', tune('a'), undefined, S));
    assert.deepEqual(await heard(heir), []);
  });

  test('an administrator closes the service, or only the making of nodes', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/x`);
    await juliet.gets(create('news', {}, S));
    const decide = (key: string, value: boolean) =>
      scene.commands.options.set({ name: 'office', door: 'panel' }, key, value, 'example.test');
    await decide('pubsub.create', false);
    await juliet.isRefused(create('more', {}, S), 'forbidden');
    await juliet.isRefused(publish('more', 'a', tune('a'), undefined, S), 'forbidden');
    await juliet.gets(post('a'));
    await decide('pubsub.on', false);
    await juliet.isRefused(items('news', S), 'service-unavailable');
  });
});

describe('limits of a node', () => {
  test('§6.1.3.9: 5,000 subscriptions; one more is too many, until somebody goes', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/x`);
    const romeo = await scene.connect(`${R}/x`);
    await juliet.gets(create('news', { deliver_notifications: '0' }, S));
    const node = (await scene.stores.pubsubNodes.get(S, 'news'))!;
    const crowd = Array.from({ length: 5_000 }, (_, n) => `p${n}@elsewhere.test`);
    const as = (jid: string) => ({ jid, bare: jid, state: 'subscribed', deliver: true }) as const;
    await scene.stores.pubsubNodes.subscribe(node, crowd.map(as));
    const full = await romeo.isRefused(set(`<subscribe node='news' jid='${R}'/>`, S), 'policy-violation');
    assert.match(serialize(full), /<too-many-subscriptions/);
    await scene.stores.pubsubNodes.subscribe(node, [], ['p7@elsewhere.test']);
    await romeo.gets(set(`<subscribe node='news' jid='${R}'/>`, S));
    await romeo.gets(set(`<subscribe node='news' jid='${R}'/>`, S)); // what is there is no one more
  });

  test('nobody fills a node with addresses of their own', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/x`);
    await juliet.gets(create('news', {}, S));
    for (let n = 0; n < 20; n++) await juliet.gets(set(`<subscribe node='news' jid='${J}/r${n}'/>`, S));
    await juliet.isRefused(set(`<subscribe node='news' jid='${J}/one-more'/>`, S), 'policy-violation');
  });

  test('2,000 affiliations, and 200 changes in one request', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/x`);
    await juliet.gets(create('news', {}, S));
    const node = (await scene.stores.pubsubNodes.get(S, 'news'))!;
    const crowd = Array.from({ length: 1_999 }, (_, n) => [`p${n}@elsewhere.test`, 'member'] as const);
    await scene.stores.pubsubNodes.affiliate(node, new Map(crowd));
    const change = (count: number, what: string) =>
      own(
        `<affiliations node='news'>${Array.from({ length: count }, (_, n) => `<affiliation jid='q${n}@elsewhere.test' affiliation='${what}'/>`).join('')}</affiliations>`,
      );
    await juliet.isRefused(change(1, 'member'), 'resource-constraint');
    await juliet.isRefused(change(201, 'none'), 'not-acceptable');
    await juliet.gets(change(200, 'none'));
  });
});

describe('SECURITY 48: one small request is not made many messages', () => {
  test('a subscriber stands once in a list, or each entry would bring them the last item', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/x`);
    const romeo = await scene.connect(`${R}/x`);
    await juliet.gets(create('news', { access_model: 'authorize' }, S));
    await juliet.gets(post('a'));
    await romeo.gets(set(`<subscribe node='news' jid='${R}/x'/>`, S));
    await romeo.receivesNothing();
    const entry = (jid: string): string => `<subscription jid='${jid}' subscription='subscribed'/>`;
    const list = (...jids: string[]): string =>
      own(`<subscriptions node='news'>${jids.map(entry).join('')}</subscriptions>`);
    await juliet.isRefused(list(`${R}/x`, `${R.toUpperCase()}/x`), 'bad-request');
    await romeo.receivesNothing();
    await juliet.gets(list(`${R}/x`));
    assert.equal((await romeo.all()).length, 2); // what became of it, and the last item
  });

  test('a node has few owners, as none of them was asked, and all are written to for each who wants to subscribe', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/x`);
    await juliet.gets(create('news', { access_model: 'authorize' }, S));
    const owners = Array.from(
      { length: 20 },
      (_, n) => `<affiliation jid='victim${n}@example.test' affiliation='owner'/>`,
    );
    const list = (entries: readonly string[]): string =>
      own(`<affiliations node='news'>${entries.join('')}</affiliations>`);
    await juliet.isRefused(list(owners), 'not-acceptable'); // juliet is one already
    await juliet.gets(list(owners.slice(1)));
  });
});

for (const blocked of [J, R, `${R}/orchard`]) {
  test(`attack: who blocks ${blocked} is not asked by way of a node that they were made an owner of (XEP-0191)`, async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes(`${J}/x`);
    const romeo = await scene.comes(`${R}/orchard`);
    const nurse = await scene.comes('nurse@example.test/x');
    const tybalt = await scene.comes('tybalt@example.test/x');
    await juliet.gets(create('come', { access_model: 'authorize' }, S));
    const owners = ['nurse', 'tybalt'].map((one) => `<affiliation jid='${one}@example.test' affiliation='owner'/>`);
    await juliet.gets(own(`<affiliations node='come'>${owners.join('')}</affiliations>`));
    await nurse.gets(`<iq type='set'><block xmlns='urn:xmpp:blocking'><item jid='${blocked}'/></block></iq>`);
    await romeo.gets(set(`<subscribe node='come' jid='${R}/orchard'/>`, S));
    await nurse.receivesNothing();
    for (const one of [juliet, tybalt]) await one.receives(`<message from='${S}' id='*'/>`);
  });
}

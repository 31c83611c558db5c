import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, serialize } from '../../server/xmpp/element.ts';
import {
  configure,
  create,
  fieldIn,
  get,
  heard,
  idsIn,
  items,
  listener,
  OWNER,
  publish,
  set,
  tune,
} from '../support/pubsub.ts';
import { openScene } from '../support/scene.ts';
import { conditionOf } from '../support/xml.ts';

const J = 'juliet@example.test';
const R = 'romeo@example.test';
const N = 'nurse@example.test';
const BOOKMARKS = 'urn:xmpp:bookmarks:1';
const room = (name: string): string => `<conference xmlns='${BOOKMARKS}' name='${name}' autojoin='true'/>`;
const config = (node: string): string => get(`<configure node='${node}'/>`, undefined, OWNER);

describe('SECURITY 44, XEP-0223: nodes that are nobody else’s business', () => {
  for (const node of [BOOKMARKS, 'storage:bookmarks', 'urn:xmpp:mds:displayed:0']) {
    test(`${node} is for its owner and is kept, though the client forgot to say so`, async (t) => {
      const scene = await openScene(t);
      await scene.friends(J, R);
      const romeo = await listener(scene, `${R}/orchard`, node);
      const chamber = await listener(scene, `${J}/chamber`, node);
      const juliet = await scene.connect(`${J}/balcony`);
      await juliet.gets(publish(node, 'a@rooms.test', room('A')));
      assert.deepEqual(await heard(romeo), []);
      assert.deepEqual(await heard(chamber), [`items ${node} item:a@rooms.test`]);
      assert.equal((await romeo.asks(items(node, J))).attrs.type, 'error');
      const form = await juliet.gets(config(node));
      assert.deepEqual(fieldIn(form, 'pubsub#access_model'), ['whitelist']);
      assert.deepEqual(fieldIn(form, 'pubsub#persist_items'), ['1']);
      // It can be opened by no way.
      for (const fields of [
        { access_model: 'open' },
        { access_model: 'presence' },
        { publish_model: 'open' },
        { persist_items: '0' },
      ]) {
        await juliet.isRefused(configure(node, fields), 'not-acceptable');
      }
      await juliet.isRefused(publish(node, 'b', room('B'), { access_model: 'open' }), 'conflict');
      await juliet.gets(set(`<delete node='${node}'/>`, undefined, OWNER));
      await juliet.isRefused(create(node, { access_model: 'open' }), 'not-acceptable');
      await juliet.isRefused(publish(node, 'b', room('B'), { access_model: 'open' }), 'not-acceptable');
      await juliet.isRefused(items(node), 'item-not-found');
    });
  }

  test('XEP-0402 §3, XEP-0492: bookmarks are kept side by side, told to one’s devices, and go one by one', async (t) => {
    const scene = await openScene(t);
    const chamber = await listener(scene, `${J}/chamber`, BOOKMARKS);
    const juliet = await scene.connect(`${J}/balcony`);
    const options = {
      persist_items: 'true',
      max_items: 'max',
      send_last_published_item: 'never',
      access_model: 'whitelist',
    };
    for (const name of ['a', 'b', 'c'])
      await juliet.gets(publish(BOOKMARKS, `${name}@rooms.test`, room(name), options));
    // XEP-0492 §3: settings of notifications are in the extensions of a bookmark, and come back as they were.
    const notify = `<conference xmlns='${BOOKMARKS}'><extensions><notify xmlns='urn:xmpp:notification-settings:1'><on-mention/></notify></extensions></conference>`;
    await juliet.gets(publish(BOOKMARKS, 'b@rooms.test', notify, options));
    await juliet.gets(set(`<retract node='${BOOKMARKS}' notify='true'><item id='a@rooms.test'/></retract>`));
    assert.deepEqual(await heard(chamber), [
      ...['a', 'b', 'c', 'b'].map((name) => `items ${BOOKMARKS} item:${name}@rooms.test`),
      `items ${BOOKMARKS} retract:a@rooms.test`,
    ]);
    const all = await juliet.gets(items(BOOKMARKS));
    assert.deepEqual(idsIn(all), ['c@rooms.test', 'b@rooms.test']);
    assert.match(serialize(all), /<notify xmlns='urn:xmpp:notification-settings:1'><on-mention\/><\/notify>/);
    const late = await listener(scene, `${J}/late`, BOOKMARKS);
    assert.deepEqual(await heard(late), [], 'send_last_published_item is never');
  });

  test('XEP-0490 §3: what one has read is told to the other devices', async (t) => {
    const scene = await openScene(t);
    const node = 'urn:xmpp:mds:displayed:0';
    const chamber = await listener(scene, `${J}/chamber`, node);
    const juliet = await scene.connect(`${J}/balcony`);
    const options = {
      persist_items: 'true',
      max_items: 'max',
      send_last_published_item: 'never',
      access_model: 'whitelist',
    };
    const read = (id: string) =>
      `<displayed xmlns='${node}'><stanza-id xmlns='urn:xmpp:sid:0' by='${J}' id='${id}'/></displayed>`;
    for (const [who, id] of [
      [R, '1'],
      [N, '2'],
      [R, '3'],
    ] as const)
      await juliet.gets(publish(node, who, read(id), options));
    assert.equal((await heard(chamber)).length, 3);
    const all = await chamber.gets(items(node));
    assert.deepEqual(idsIn(all), [N, R]);
    assert.match(serialize(all), /id='3'\/>/);
  });
});

describe('XEP-0060 §7.1.5: publish options', () => {
  test('make the node, and are conditions when it is there', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/balcony`);
    const devices = 'eu.siacs.conversations.axolotl.devicelist';
    await juliet.gets(publish(devices, 'current', tune('1'), { access_model: 'open', max_items: '5' }));
    assert.deepEqual(fieldIn(await juliet.gets(config(devices)), 'pubsub#max_items'), ['5']);
    const paris = await scene.connect('paris@example.test/x');
    assert.deepEqual(idsIn(await paris.gets(items(devices, J))), ['current']);
    await juliet.gets(publish(devices, 'current', tune('2'), { access_model: 'open' }));
    const answer = await juliet.isRefused(
      publish(devices, 'current', tune('3'), { access_model: 'presence' }),
      'conflict',
    );
    assert.match(serialize(answer), /<precondition-not-met xmlns='http:\/\/jabber.org\/protocol\/pubsub#errors'\/>/);
    assert.match(serialize(await paris.gets(items(devices, J))), />2</);
    await juliet.gets(configure(devices, { access_model: 'presence' }));
    await juliet.gets(publish(devices, 'current', tune('3'), { access_model: 'presence' }));
    await paris.isRefused(items(devices, J), 'service-unavailable');
  });

  test('that are not known are refused, for a node that is there and one that is not', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/balcony`);
    for (const options of [
      { colour: 'red' },
      { access_model: 'secret' },
      { max_items: '0' },
      { max_items: '999999' },
      { __proto__x: '' },
    ]) {
      await juliet.isRefused(
        publish('urn:example:tune', 'a', tune('1'), options as Record<string, string>),
        'not-acceptable',
      );
    }
    await juliet.isRefused(items('urn:example:tune'), 'item-not-found');
    await juliet.gets(publish('urn:example:tune', 'a', tune('1')));
    await juliet.isRefused(publish('urn:example:tune', 'a', tune('2'), { colour: 'red' }), 'not-acceptable');
    assert.match(serialize(await juliet.gets(items('urn:example:tune'))), />1</);
  });

  test('XEP-0222 §4: public data is kept, and told to who comes later, whoever may read it', async (t) => {
    const scene = await openScene(t);
    await scene.friends(J, R);
    const juliet = await scene.connect(`${J}/balcony`);
    const options = { persist_items: 'true', access_model: 'open', send_last_published_item: 'on_sub_and_presence' };
    await juliet.gets(publish('urn:example:place', 'current', tune('Verona'), options));
    juliet.leaves();
    const romeo = await listener(scene, `${R}/orchard`, 'urn:example:place');
    assert.deepEqual(await heard(romeo), ['items urn:example:place item:current']);
    const paris = await scene.connect('paris@example.test/x');
    assert.deepEqual(idsIn(await paris.gets(items('urn:example:place', J))), ['current']);
  });

  test('XEP-0384 §4: keys of several devices stay side by side when max_items is max', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/balcony`);
    const node = 'urn:xmpp:omemo:2:bundles';
    for (const id of ['31415', '27182']) {
      await juliet.gets(publish(node, id, tune(id), { max_items: 'max', access_model: 'open' }));
    }
    const paris = await scene.connect('paris@example.test/x');
    assert.deepEqual(idsIn(await paris.gets(get(`<items node='${node}'><item id='27182'/></items>`, J))), ['27182']);
    assert.deepEqual(idsIn(await paris.gets(items(node, J))), ['31415', '27182']);
  });
});

describe('XEP-0163 §5: defaults', () => {
  test('one item, for who sees the account, sent when they come', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/balcony`);
    for (const id of ['a', 'b']) await juliet.gets(publish('urn:example:tune', id, tune(id)));
    assert.deepEqual(idsIn(await juliet.gets(items('urn:example:tune'))), ['b']);
    const form = await juliet.gets(config('urn:example:tune'));
    assert.deepEqual(fieldIn(form, 'pubsub#access_model'), ['presence']);
    assert.deepEqual(fieldIn(form, 'pubsub#send_last_published_item'), ['on_sub_and_presence']);
    const standard = await juliet.gets(get('<default/>', undefined, OWNER));
    assert.deepEqual(fieldIn(standard, 'pubsub#max_items'), ['1']);
    assert.ok(child(standard, 'pubsub', OWNER) !== undefined);
  });

  test('a node that keeps nothing still has its last item for who comes', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/balcony`);
    await juliet.gets(publish('urn:example:tune', 'a', tune('a'), { persist_items: '0', max_items: 'max' }));
    await juliet.gets(publish('urn:example:tune', 'b', tune('b')));
    assert.deepEqual(idsIn(await juliet.gets(items('urn:example:tune'))), ['b']);
    const late = await listener(scene, `${J}/late`, 'urn:example:tune');
    assert.deepEqual(await heard(late), ['items urn:example:tune item:b']);
  });

  test('nobody has more than 500 nodes', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/balcony`);
    const { pubsubNodes } = scene.stores;
    await juliet.gets(publish('n0', 'a', tune('a')));
    const like = (await pubsubNodes.get(String(juliet.session.account.id), 'n0'))!;
    const more = Array.from({ length: 499 }, (_, n) => pubsubNodes.make(like.service, `n${n + 1}`, J, like.config, []));
    await scene.db.batch(more.flatMap((node) => pubsubNodes.createStatements(node, juliet.session.account.id)));
    await juliet.isRefused(publish('one-more', 'a', tune('a')), 'resource-constraint');
    await juliet.isRefused(create('one-more'), 'resource-constraint');
    await juliet.gets(publish('n7', 'a', tune('a')));
    await juliet.gets(set("<delete node='n7'/>", undefined, OWNER));
    await juliet.gets(publish('one-more', 'a', tune('a')));
  });

  test('nobody fills the disk: 20 MB of items in all nodes of an account', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/balcony`);
    const { pubsubNodes, pubsubItems } = scene.stores;
    await juliet.gets(publish('n0', 'a', tune('a')));
    const node = (await pubsubNodes.get(String(juliet.session.account.id), 'n0'))!;
    const big = { id: 'big', publisher: J, publishedAt: 1, payload: 'x'.repeat(19_900_000) };
    await scene.db.batch(pubsubItems.putStatements(node, big, 10, 0, 1e9));
    const page = `<page xmlns='urn:example:page'>${'y'.repeat(150_000)}</page>`;
    await juliet.isRefused(publish('n1', 'a', page), 'resource-constraint');
    assert.equal(await pubsubNodes.get(node.service, 'n1'), undefined, 'nor is there a node for it');
    await juliet.gets(publish('n0', 'b', tune('b'))); // takes the place of the big one
    await juliet.gets(publish('n1', 'a', page));
  });
});

test('SECURITY 21: a stranger is not told that there is an account by what all accounts would answer', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect(`${J}/balcony`);
  const romeo = await scene.connect(`${R}/orchard`);
  const probes: readonly (readonly [string, string?])[] = [
    ['<subscriptions/>'],
    ["<subscriptions node='x'/>"],
    ['<affiliations/>'],
    ['<default/>'],
    ['<default/>', OWNER],
    ["<items node='x'/>"],
  ];
  for (const [inner, xmlns] of probes) {
    const [there, nobody] = [await romeo.asks(get(inner, J, xmlns)), await romeo.asks(get(inner, N, xmlns))];
    assert.equal(conditionOf(there), 'service-unavailable', inner);
    assert.equal(serialize(child(there, 'error')!), serialize(child(nobody, 'error')!), inner);
  }
  // Who has to do with the account is answered: by what they follow, or as somebody on its list.
  await juliet.gets(create('diary', { access_model: 'open' }));
  await romeo.gets(set(`<subscribe node='diary' jid='${R}'/>`, J));
  await romeo.gets(get('<subscriptions/>', J));
  await scene.contact(J, R);
  await romeo.gets(get('<affiliations/>', J));
});

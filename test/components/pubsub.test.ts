import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, elements, serialize } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import {
  configure,
  create,
  EVENT,
  fieldIn,
  form,
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
import { openScene, type Scene } from '../support/scene.ts';

const J = 'juliet@example.test';
const R = 'romeo@example.test';
const T = 'tybalt@example.test';
const S = 'pubsub.example.test';

async function house(
  t: Parameters<typeof openScene>[0],
): Promise<{ scene: Scene; juliet: Actor; romeo: Actor; tybalt: Actor }> {
  const scene = await openScene(t);
  const [juliet, romeo, tybalt] = await Promise.all([J, R, T].map((bare) => scene.comes(`${bare}/x`)));
  return { scene, juliet: juliet!, romeo: romeo!, tybalt: tybalt! };
}

const subscribe = (node: string, jid: string): string => set(`<subscribe node='${node}' jid='${jid}'/>`, S);
const affiliate = (node: string, jid: string, affiliation: string): string =>
  set(`<affiliations node='${node}'><affiliation jid='${jid}' affiliation='${affiliation}'/></affiliations>`, S, OWNER);
const retract = (node: string, id: string): string =>
  set(`<retract node='${node}' notify='1'><item id='${id}'/></retract>`, S);
const post = (node: string, id: string | undefined, text = 'la'): string => publish(node, id, tune(text), undefined, S);

describe('XEP-0060 §5: discovery', () => {
  test('the house lists the service; the service lists what one may subscribe to, with what it is', async (t) => {
    const { juliet, romeo } = await house(t);
    await juliet.gets(create('open', { title: 'For all' }, S));
    await juliet.gets(create('closed', { access_model: 'whitelist' }, S));
    const info = (node = '') =>
      `<iq type='get' to='${S}'><query xmlns='http://jabber.org/protocol/disco#info'${node}/></iq>`;
    const list = "<iq type='get' to='example.test'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>";
    assert.match(serialize(await romeo.gets(list)), /jid='pubsub.example.test'/);
    const service = serialize(await romeo.gets(info()));
    assert.match(service, /<identity category='pubsub' type='service'/);
    assert.match(service, /pubsub#access-open'/);
    const nodes = async (who: Actor, more = '') =>
      elements(
        child(
          await who.gets(
            `<iq type='get' to='${S}'><query xmlns='http://jabber.org/protocol/disco#items'>${more}</query></iq>`,
          ),
          'query',
          'http://jabber.org/protocol/disco#items',
        )!,
      ).map(({ name, attrs }) => (name === 'item' ? attrs.node : name));
    assert.deepEqual(await nodes(romeo), ['open']);
    assert.deepEqual(await nodes(juliet), ['closed', 'open']);
    const rsm = (inner: string) => `<set xmlns='http://jabber.org/protocol/rsm'>${inner}</set>`;
    assert.deepEqual(await nodes(juliet, rsm('<max>1</max>')), ['closed', 'set']);
    assert.deepEqual(await nodes(juliet, rsm('<max>1</max><before/>')), ['open', 'set']);
    assert.deepEqual(await nodes(juliet, rsm('<after>closed</after>')), ['open', 'set']);
    const meta = await romeo.gets(info(" node='open'"));
    assert.deepEqual(fieldIn(meta, 'pubsub#title'), ['For all']);
    assert.deepEqual(fieldIn(meta, 'pubsub#owner'), [J]);
    await romeo.isRefused(info(" node='closed'"), 'not-allowed');
    await romeo.isRefused(info(" node='nowhere'"), 'item-not-found');
  });
});

describe('XEP-0060 §6: subscribers', () => {
  test('hear what is published, each once; not any more when they leave', async (t) => {
    const { juliet, romeo, tybalt } = await house(t);
    await juliet.gets(create('news', {}, S));
    const answer = await romeo.gets(subscribe('news', R));
    assert.match(serialize(answer), /<subscription node='news' jid='romeo@example.test' subscription='subscribed'\/>/);
    await juliet.gets(post('news', 'a'));
    await romeo.receives(`<message from='${S}' to='${R}' type='headline' id='*'><event xmlns='${EVENT}'>
      <items node='news'><item id='a' publisher='${J}'>${tune('la')}</item></items></event></message>`);
    await romeo.receivesNothing();
    await tybalt.receivesNothing();
    // §6.1.7: who comes late gets the last one, with its time.
    await tybalt.gets(subscribe('news', `${T}/x`));
    const [late] = await tybalt.all();
    assert.match(serialize(late!), /<item id='a'.*<delay xmlns='urn:xmpp:delay'/);
    await romeo.gets(set(`<unsubscribe node='news' jid='${R}'/>`, S));
    await romeo.isRefused(set(`<unsubscribe node='news' jid='${R}'/>`, S), 'unexpected-request');
    await juliet.gets(post('news', 'b'));
    assert.deepEqual(await heard(romeo), []);
    assert.deepEqual(await heard(tybalt), ['items news item:b']);
  });

  test('§5.6, §6.3: see their subscriptions and may silence them', async (t) => {
    const { juliet, romeo } = await house(t);
    for (const node of ['a', 'b']) await juliet.gets(create(node, {}, S));
    const quiet = `<options>${form('subscribe_options', { deliver: '0' })}</options>`;
    await romeo.gets(set(`<subscribe node='a' jid='${R}'/>${quiet}`, S));
    await romeo.gets(subscribe('b', `${R}/x`));
    assert.equal(serialize(await romeo.gets(get('<subscriptions/>', S))).match(/<subscription /g)?.length, 2);
    assert.equal(serialize(await romeo.gets(get("<subscriptions node='a'/>", S))).match(/<subscription /g)?.length, 1);
    await juliet.gets(post('a', 'i'));
    assert.deepEqual(await heard(romeo), []);
    const options = await romeo.gets(get(`<options node='a' jid='${R}'/>`, S));
    assert.deepEqual(fieldIn(options, 'pubsub#deliver'), ['0']);
    await romeo.gets(
      set(`<options node='a' jid='${R}'>${form('subscribe_options', { deliver: 'true' })}</options>`, S),
    );
    await juliet.gets(post('a', 'j'));
    assert.deepEqual(await heard(romeo), ['items a item:j']);
    await romeo.isRefused(
      set(`<options node='a' jid='${R}'>${form('subscribe_options', { digest: '1' })}</options>`, S),
      'bad-request',
    );
    await romeo.isRefused(set(`<unsubscribe node='a' jid='${R}' subid='1'/>`, S), 'not-acceptable');
    assert.deepEqual(fieldIn(await romeo.gets(get('<default/>', S)), 'pubsub#deliver'), ['1']);
  });

  test('SECURITY 48: nobody subscribes somebody else, not even an owner', async (t) => {
    const { juliet, romeo, tybalt } = await house(t);
    await juliet.gets(create('news', {}, S));
    for (const jid of [T, `${T}/x`, 'example.test', '', 'a@b@c']) {
      const answer = await romeo.isRefused(subscribe('news', jid), 'bad-request');
      assert.match(serialize(answer), /<invalid-jid/);
    }
    const managed = (jid: string, state: string) =>
      set(`<subscriptions node='news'><subscription jid='${jid}' subscription='${state}'/></subscriptions>`, S, OWNER);
    await juliet.isRefused(managed(T, 'subscribed'), 'not-acceptable');
    await romeo.gets(subscribe('news', R));
    await romeo.isRefused(managed(R, 'none'), 'forbidden');
    await tybalt.isRefused(set(`<unsubscribe node='news' jid='${R}'/>`, S), 'bad-request');
    // §8.8.2: an owner ends a subscription; its subscriber is told.
    await juliet.gets(managed(R, 'none'));
    await romeo.receives(`<message from='${S}' to='${R}'><event xmlns='${EVENT}'>
      <subscription node='news' jid='${R}' subscription='none'/></event></message>`);
    await juliet.gets(post('news', 'a'));
    for (const one of [romeo, tybalt]) assert.deepEqual(await heard(one), []);
  });

  test('§6.1.4, §8.6: under authorize the owner is asked, and answers by a form', async (t) => {
    const { juliet, romeo, tybalt } = await house(t);
    await juliet.gets(create('board', { access_model: 'authorize' }, S));
    const pending = await romeo.gets(subscribe('board', R));
    assert.match(serialize(pending), /subscription='pending'/);
    await romeo.isRefused(subscribe('board', R), 'not-authorized');
    await juliet.gets(post('board', 'a'));
    await romeo.isRefused(items('board', S), 'not-authorized');
    assert.deepEqual(await heard(romeo), []);
    const asked = (await juliet.all()).find((one) => serialize(one).includes('subscribe_authorization'))!;
    assert.deepEqual(fieldIn(asked, 'pubsub#subscriber_jid'), [R]);
    const reply = (allow: string) =>
      `<message to='${S}' id='${asked.attrs.id}'>${form('subscribe_authorization', { node: 'board', subscriber_jid: R, allow })}</message>`;
    await tybalt.sends(reply('true'));
    await tybalt.receives(`<message type='error' from='${S}'/>`);
    await romeo.isRefused(items('board', S), 'not-authorized');
    await juliet.sends(reply('true'));
    await romeo.receives(
      `<message><event xmlns='${EVENT}'><subscription jid='${R}' subscription='subscribed'/></event></message>`,
    );
    assert.deepEqual(await heard(romeo), ['items board item:a']);
    assert.deepEqual(idsIn(await romeo.gets(items('board', S))), ['a']);
    // Denied, and told so.
    await tybalt.gets(subscribe('board', T));
    await juliet.sends(reply('true').replaceAll(R, T).replace('<value>true', '<value>false'));
    await tybalt.receives(
      `<message><event xmlns='${EVENT}'><subscription jid='${T}' subscription='none'/></event></message>`,
    );
    await tybalt.isRefused(items('board', S), 'not-authorized');
  });
});

describe('XEP-0060 §7: publishers', () => {
  test('§4.1: who may publish, by affiliation', async (t) => {
    const { juliet, romeo } = await house(t);
    await juliet.gets(create('news', { max_items: 'max' }, S));
    await juliet.gets(post('news', 'hers'));
    for (const [affiliation, may] of [
      ['none', false],
      ['member', false],
      ['outcast', false],
      ['publish-only', true],
      ['publisher', true],
      ['owner', true],
    ] as const) {
      await juliet.gets(affiliate('news', R, affiliation));
      const mine = await romeo.gets(get("<affiliations node='news'/>", S));
      assert.equal(serialize(mine).includes(`affiliation='${affiliation}'`), affiliation !== 'none');
      const answer = await romeo.asks(post('news', `his-${affiliation}`));
      assert.equal(answer.attrs.type, may ? 'result' : 'error', affiliation);
      const reads = (await romeo.asks(items('news', S))).attrs.type === 'result';
      assert.equal(reads, affiliation !== 'outcast' && affiliation !== 'publish-only', affiliation);
      const subscribes = (await romeo.asks(subscribe('news', R))).attrs.type === 'result';
      assert.equal(subscribes, affiliation !== 'outcast' && affiliation !== 'publish-only', affiliation);
      if (subscribes) await romeo.gets(set(`<unsubscribe node='news' jid='${R}'/>`, S));
      if (affiliation === 'publish-only') {
        await romeo.isRefused(post('news', 'hers', 'mine now'), 'forbidden'); // SECURITY 48: item-id collision
        await romeo.isRefused(retract('news', 'hers'), 'forbidden');
        await romeo.isRefused(retract('news', 'nothing'), 'forbidden'); // it tells not even what there is
        await romeo.gets(retract('news', `his-${affiliation}`));
      }
    }
  });

  test('publish models: open lets add but not overwrite, subscribers let those who are', async (t) => {
    const { juliet, romeo, tybalt } = await house(t);
    await juliet.gets(create('wall', { publish_model: 'open', max_items: 'max' }, S));
    await romeo.gets(post('wall', 'r'));
    await tybalt.isRefused(post('wall', 'r', 'mine'), 'forbidden');
    await romeo.gets(post('wall', 'r', 'again'));
    await juliet.gets(configure('wall', { publish_model: 'subscribers' }, S));
    await romeo.isRefused(post('wall', 's'), 'forbidden');
    await romeo.gets(subscribe('wall', R));
    await romeo.gets(post('wall', 's'));
    assert.deepEqual(idsIn(await tybalt.gets(items('wall', S))), ['r', 's']);
  });

  test('SECURITY 48: what is no proper publication changes nothing', async (t) => {
    const { juliet } = await house(t);
    await juliet.gets(create('news', { max_payload_size: '1000' }, S));
    const refusals = [
      ['<publish><item/></publish>', 'bad-request'],
      ["<publish node=''><item/></publish>", 'bad-request'],
      ["<publish node='news'/>", 'bad-request'],
      ["<publish node='news'><item/><item/></publish>", 'bad-request'],
      [`<publish node='news'><item>${tune('a')}${tune('b')}</item></publish>`, 'bad-request'],
      ["<publish node='news'><item><bare/></item></publish>", 'bad-request'],
      [`<publish node='news'><item id='${'i'.repeat(1_024)}'/></publish>`, 'not-acceptable'],
      [`<publish node='${'n'.repeat(1_024)}'><item id='i'/></publish>`, 'not-acceptable'],
      [`<publish node='news'><item id='i'>${tune('x'.repeat(1_000))}</item></publish>`, 'not-acceptable'],
      ["<retract node='news'/>", 'bad-request'],
      ["<retract node='news'><item/></retract>", 'bad-request'],
      ["<retract node='news'><item id='none'/></retract>", 'item-not-found'],
      ["<retract node='none'><item id='none'/></retract>", 'item-not-found'],
      ['<explode/>', 'bad-request'],
      ['', 'bad-request'],
    ] as const;
    for (const [inner, condition] of refusals) await juliet.isRefused(set(inner, S), condition);
    await juliet.isRefused(publish('huge', 'i', tune('x'.repeat(210_000)), undefined, S), 'not-acceptable');
    assert.deepEqual(idsIn(await juliet.gets(items('news', S))), []);
    await juliet.isRefused(items('huge', S), 'item-not-found');
  });

  test('§7.1.1, §12.6: an item without an id gets one; one with an id that is there takes its place', async (t) => {
    const { juliet } = await house(t);
    const made = await juliet.gets(post('news', undefined)); // and makes the node (§7.1.4)
    const id = elements(child(child(made, 'pubsub', PUBSUB)!, 'publish')!)[0]!.attrs.id;
    assert.ok(String(id).length >= 22);
    await juliet.gets(post('news', 'b'));
    await juliet.gets(post('news', String(id), 'again'));
    assert.deepEqual(idsIn(await juliet.gets(items('news', S))), ['b', id]);
    const instant = await juliet.gets(set('<create/>', S));
    assert.ok(String(child(child(instant, 'pubsub', PUBSUB)!, 'create')!.attrs.node).length >= 22);
  });
});

test('attack: one person makes all the nodes that there may be, and nobody else any', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect(`${J}/x`);
  const romeo = await scene.connect(`${R}/x`);
  await juliet.gets(create('n0', {}, S));
  const { pubsubNodes } = scene.stores;
  const { config } = (await pubsubNodes.get(S, 'n0'))!;
  const more = Array.from({ length: 499 }, (_, n) => pubsubNodes.make(S, `n${n + 1}`, J, config, [J]));
  await scene.db.batch(more.flatMap((node) => pubsubNodes.createStatements(node, undefined)));
  await juliet.isRefused(create('one-more', {}, S), 'resource-constraint');
  await juliet.isRefused(publish('one-more', 'a', tune('a'), undefined, S), 'resource-constraint');
  await romeo.gets(create('another', {}, S));
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountNodes } from '../../server/pubsub/account-nodes.ts';
import { Visitors } from '../../server/pubsub/elsewhere.ts';
import { Interests } from '../../server/pubsub/interests.ts';
import type { Account } from '../../server/storage/stores/accounts.ts';
import { parseStanza } from '../../server/stream/parser.ts';
import { serialize } from '../../server/xmpp/element.ts';
import { parseJid } from '../../server/xmpp/jid.ts';
import { Stanza } from '../../server/xmpp/stanza.ts';
import { answers, client, heard, idsIn, items, listener, publish, question, set, tune } from '../support/pubsub.ts';
import { openScene } from '../support/scene.ts';

const J = 'juliet@example.test';
const P = 'paris@other.test';
const T = 'tybalt@other.test';
const NODE = 'urn:example:tune';

describe('XEP-0060 §9.2: contacts at other domains', () => {
  test('are asked for their capabilities by the account they come to, hear of its items, and go', async (t) => {
    const scene = await openScene(t, { domains: ['example.test', 'other.test'] });
    await scene.friends(J, P);
    const juliet = await scene.comes(`${J}/balcony`);
    await juliet.gets(publish(NODE, 'a', tune('one')));
    const paris = await scene.connect(`${P}/hall`);
    const { c, answer } = client(NODE);
    await paris.sends(`<presence>${c}</presence>`);
    // His own house asks him, and so does hers: nobody takes another server's word for what he can.
    for (let n = 0; n < 2; n++) await answers(paris, (await question(paris, () => scene.settle()))!, answer);
    assert.deepEqual(await heard(paris), [`items ${NODE} item:a`]);
    await juliet.gets(publish(NODE, 'b', tune('two')));
    assert.deepEqual(await heard(paris), [`items ${NODE} item:b`]);
    await juliet.gets(publish('urn:example:other', 'x', tune('x')));
    await paris.sends("<presence type='unavailable'/>");
    await juliet.gets(publish(NODE, 'c', tune('three')));
    assert.deepEqual(await heard(paris), []);
    assert.deepEqual(idsIn(await paris.gets(items(NODE, J))), ['c']);
  });

  test('strangers’ presence makes nobody ask them anything', async (t) => {
    const scene = await openScene(t, { domains: ['example.test', 'other.test'] });
    await scene.comes(`${J}/balcony`);
    const tybalt = await listener(scene, `${T}/x`);
    await tybalt.sends(`<presence to='${J}'>${client(NODE).c}</presence>`);
    assert.equal(await question(tybalt, () => scene.settle()), undefined);
  });

  test('have at most 20 devices that are remembered', () => {
    const left: string[] = [];
    const visitors = new Visitors((device) => left.push(device.jid.full));
    const account = { local: 'juliet', domain: 'example.test' } as Account;
    const presence = (resource: string) =>
      new Stanza(parseStanza('<presence/>'), parseJid(`${P}/${resource}`), parseJid(J));
    for (let n = 0; n < 20; n++) assert.ok(visitors.came(presence(`r${n}`), account)?.initial);
    assert.equal(visitors.came(presence('r0'), account)?.initial, false);
    assert.equal(visitors.came(presence('one-more'), account), undefined);
    visitors.went(presence('r0'));
    assert.deepEqual(left, [`${P}/r0`]);
    assert.ok(visitors.came(presence('one-more'), account) !== undefined);
    assert.equal([...visitors.of(P, J)].length, 20);
  });
});

test('at most 2,000 questions for capabilities wait for an answer', () => {
  let asked = 0;
  const interests = new Interests(
    () => asked++,
    () => undefined,
  );
  const devices = Array.from({ length: 2_100 }, (_, n) => ({
    jid: parseJid(`${T}/r${n}`),
    lastPresence: new Stanza(
      parseStanza(`<presence>${client(`n${n}`).c}</presence>`),
      parseJid(`${T}/r${n}`),
      undefined,
    ),
  }));
  for (const device of devices) interests.seen(device);
  assert.equal(asked, 2_000);
  interests.left(devices[0]!);
  interests.seen(devices[2_050]!);
  assert.equal(asked, 2_001);
  interests.stop();
});

test('other modules publish, read and retract in an account’s name, and follow what clients do', async (t) => {
  const scene = await openScene(t);
  const host = scene.host('example.test');
  const told: string[] = [];
  host.events.add({
    published: ({ account, node, id, origin }) =>
      void told.push(`${account.local} ${node} ${id} ${origin ?? 'client'}`),
    retracted: ({ account, node, id, origin }) =>
      void told.push(`${account.local} ${node} -${id ?? 'all'} ${origin ?? 'client'}`),
  });
  const juliet = await listener(scene, `${J}/balcony`, NODE);
  const { account } = juliet.session;
  const nodes = accountNodes(host);
  const payload = parseStanza(tune('one'));
  assert.equal(await nodes.item(account, NODE), undefined);
  assert.deepEqual(await nodes.items(account, NODE), []);
  assert.equal(await nodes.mayRead(account, NODE, parseJid(P)), false);
  const options = { 'pubsub#access_model': 'open', 'pubsub#max_items': '3' };
  assert.equal(await nodes.publish(account, { node: NODE, id: 'a', payload, options, origin: 'test' }), 'a');
  await juliet.gets(publish(NODE, 'b', tune('two')));
  assert.deepEqual(await heard(juliet), [`items ${NODE} item:a`, `items ${NODE} item:b`]);
  assert.equal((await nodes.item(account, NODE))?.id, 'b');
  assert.equal(serialize((await nodes.item(account, NODE, 'a'))!.payload!), tune('one'));
  assert.deepEqual(
    (await nodes.items(account, NODE))?.map(({ id }) => id),
    ['a', 'b'],
  );
  assert.equal(await nodes.mayRead(account, NODE, parseJid(P)), true);
  assert.equal(await nodes.retract(account, NODE, 'a', 'test'), true);
  assert.equal(await nodes.retract(account, NODE, 'a', 'test'), false);
  assert.equal(await nodes.retract(account, 'urn:example:none', 'a', 'test'), false);
  await juliet.gets(set(`<retract node='${NODE}'><item id='b'/></retract>`));
  await assert.rejects(
    nodes.publish(account, { node: NODE, payload, options: { 'pubsub#access_model': 'presence' }, origin: 'test' }),
    {
      condition: 'conflict',
    },
  );
  assert.deepEqual(told, [
    `juliet ${NODE} a test`,
    `juliet ${NODE} b client`,
    `juliet ${NODE} -a test`,
    `juliet ${NODE} -b client`,
  ]);
});

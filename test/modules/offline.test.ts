import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UNSENT_LIMIT } from '../../server/stream/element-stream.ts';
import { serialize } from '../../server/xmpp/element.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { conditionOf, find } from '../support/xml.ts';

const J = 'juliet@example.test';
const R = 'romeo@example.test';
const say = (body: string, more = '') => `<message to='${R}' type='chat'><body>${body}</body>${more}</message>`;

async function waiting(scene: Scene): Promise<number> {
  return scene.stores.offline.count((await scene.account(R)).id);
}

async function apart(scene: Scene) {
  await scene.friends(J, R);
  return scene.connect(`${J}/balcony`);
}

test('XEP-0160 §3: what came while he was away is handed over in order, with its time (XEP-0203), once', async (t) => {
  const scene = await openScene(t);
  const juliet = await apart(scene);
  const before = Date.now();
  for (const body of ['one', 'two', 'three']) await juliet.sends(say(body));
  const after = Date.now();
  const romeo = await scene.connect(`${R}/orchard`);
  await romeo.sends('<presence/>');
  await romeo.receives(`<presence from='${R}/orchard'/>`);
  for (const body of ['one', 'two', 'three']) {
    const message = await romeo.receives(
      `<message from='${J}/balcony' to='${R}' type='chat'><body>${body}</body><delay xmlns='urn:xmpp:delay' from='example.test' stamp='*'/><stanza-id xmlns='urn:xmpp:sid:0' by='${R}' id='*'/></message>`,
    );
    const stamp = Date.parse(find(message, 'delay')!.attrs.stamp);
    assert.ok(stamp >= before && stamp <= after + 1, 'the time is when it came');
  }
  await romeo.receivesNothing();
  assert.equal(await waiting(scene), 0);
  romeo.leaves();
  const again = await scene.comes(`${R}/orchard`);
  await again.receivesNothing();
  await juliet.receivesNothing();
});

test('RFC 6121 §8.5.2.2, XEP-0160: a device with negative priority does not take them', async (t) => {
  const scene = await openScene(t);
  const juliet = await apart(scene);
  await juliet.sends(say('one'));
  const attic = await scene.comes(`${R}/attic`, '<presence><priority>-1</priority></presence>');
  await attic.receivesNothing();
  await juliet.sends(say('two'));
  await attic.receivesNothing();
  await attic.sends('<presence><priority>0</priority></presence>');
  await attic.receives(`<presence from='${R}/attic'/>`);
  for (const body of ['one', 'two']) await attic.receives(`<message><body>${body}</body></message>`);
});

test('several devices come: one takes them', async (t) => {
  const scene = await openScene(t);
  const juliet = await apart(scene);
  for (let i = 0; i < 250; i++) await juliet.sends(say(`m${i}`)).catch(() => undefined);
  await scene.settle();
  assert.equal(await waiting(scene), 100);
  juliet.received.length = 0;
  const devices = await Promise.all(['a', 'b', 'c'].map((name) => scene.connect(`${R}/${name}`)));
  await Promise.all(devices.map((device) => device.sends('<presence/>')));
  await scene.settle();
  const bodies = devices.flatMap(({ received }) => received.filter(({ name }) => name === 'message'));
  assert.equal(bodies.length, 100);
  assert.equal(new Set(bodies.map((message) => find(message, 'body')?.children[0])).size, 100);
});

test('a full store refuses more, and takes them again when there is room', async (t) => {
  const scene = await openScene(t, { limits: { offlineMessagesPerAccount: 2 } });
  const juliet = await apart(scene);
  for (const body of ['one', 'two']) await juliet.sends(say(body));
  await juliet.receivesNothing();
  await juliet.sends(say('three'));
  assert.equal(conditionOf(await juliet.receives(`<message type='error' from='${R}'/>`)), 'resource-constraint');
  const romeo = await scene.comes(`${R}/orchard`);
  romeo.leaves();
  await juliet.sends(say('four'));
  await juliet.receivesNothing();
  assert.equal(await waiting(scene), 1);
});

describe('XEP-0160 §3, XEP-0334: what is not kept', () => {
  const cases: [string, string, 'refused' | 'ignored'][] = [
    [
      'a chat state',
      `<message to='${R}' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`,
      'ignored',
    ],
    ['what shall not be stored', say('psst', "<no-store xmlns='urn:xmpp:hints'/>"), 'refused'],
    ['a headline', `<message to='${R}' type='headline'><body>news</body></message>`, 'ignored'],
    ['an error', `<message to='${R}' type='error'><error type='cancel'/></message>`, 'ignored'],
    ['groupchat', `<message to='${R}' type='groupchat'><body>all</body></message>`, 'refused'],
  ];
  for (const [name, xml, fate] of cases) {
    test(`${name} is ${fate}`, async (t) => {
      const scene = await openScene(t);
      const juliet = await apart(scene);
      await juliet.sends(xml);
      assert.deepEqual((await juliet.all()).map(conditionOf), fate === 'refused' ? ['service-unavailable'] : []);
      assert.equal(await waiting(scene), 0);
    });
  }
});

describe('XEP-0203: the stamp', () => {
  test('is there although the text speaks of stamps', async (t) => {
    const scene = await openScene(t);
    const juliet = await apart(scene);
    await juliet.sends(say("use xmlns='urn:xmpp:delay' for that"));
    const romeo = await scene.connect(`${R}/orchard`);
    await romeo.sends('<presence/>');
    await romeo.receives(`<presence from='${R}/orchard'/>`);
    await romeo.receives("<message><delay xmlns='urn:xmpp:delay' from='example.test'/></message>");
  });

  test('of somebody else’s message in it does not count', async (t) => {
    const scene = await openScene(t);
    const juliet = await apart(scene);
    await juliet.sends(
      say(
        'look',
        "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/><message xmlns='jabber:client' from='a@b.test'><body>old</body></message></forwarded>",
      ),
    );
    const romeo = await scene.connect(`${R}/orchard`);
    await romeo.sends('<presence/>');
    await romeo.receives(`<presence from='${R}/orchard'/>`);
    await romeo.receives("<message><delay xmlns='urn:xmpp:delay' from='example.test'/></message>");
  });

  test('SECURITY 42: one that a client made in our name is taken off', async (t) => {
    const scene = await openScene(t);
    const juliet = await apart(scene);
    const forged = "<delay xmlns='urn:xmpp:delay' from='example.test' stamp='2002-09-10T23:08:25Z'/>";
    const old = "<x xmlns='jabber:x:delay' from='example.test' stamp='20020910T23:08:25'/>";
    await juliet.sends(say('old news', forged + old + forged));
    const romeo = await scene.connect(`${R}/orchard`);
    await romeo.sends('<presence/>');
    await romeo.receives(`<presence from='${R}/orchard'/>`);
    const message = await romeo.receives("<message><delay xmlns='urn:xmpp:delay' from='example.test'/></message>");
    assert.doesNotMatch(serialize(message), /2002/);
    await juliet.sends(say('live', forged));
    assert.doesNotMatch(serialize(await romeo.receives('<message><body>live</body></message>')), /delay/);
  });
});

test('messages wait for an account that is removed: the next one of that name does not get them (SECURITY 50)', async (t) => {
  const scene = await openScene(t);
  const juliet = await apart(scene);
  await juliet.sends(say('secret'));
  await scene.settle();
  const old = await scene.account(R);
  await scene.commands.accounts.remove({ name: 'admin', door: 'panel' }, 'example.test', 'romeo', R);
  const romeo = await scene.comes(`${R}/orchard`);
  assert.notEqual(romeo.session.account.id, old.id);
  await romeo.receivesNothing();
});

test('what waits survives children without a namespace', async (t) => {
  const scene = await openScene(t);
  const juliet = await apart(scene);
  await juliet.sends(say('x', "<a xmlns=''><b/></a>"));
  const romeo = await scene.connect(`${R}/orchard`);
  await romeo.sends('<presence/>');
  await romeo.receives(`<presence from='${R}/orchard'/>`);
  await romeo.receives("<message><body>x</body><a xmlns=''><b/></a></message>");
});

test('attack: somebody is kept from logging in by long messages that wait for them', async (t) => {
  const scene = await openScene(t);
  const juliet = await apart(scene);
  const long = '\u6f22'.repeat(80_000); // 240,000 bytes
  for (let n = 0; n < 40; n++) await juliet.sends(say(`${n} ${long}`));
  const refused = await juliet.all();
  assert.equal(refused.length, 7);
  for (const one of refused) assert.equal(conditionOf(one), 'resource-constraint');
  scene.stores.offline.forget((await scene.account(R)).id); // counted anew, it is as much
  await juliet.sends(say(long));
  assert.equal((await juliet.all()).length, 1);
  const romeo = await scene.comes(`${R}/orchard`, '<presence><priority>-1</priority></presence>');
  await romeo.sends('<presence/>');
  const got = (await romeo.all()).filter(({ name }) => name === 'message');
  assert.equal(got.length, 33);
  const bytes = got.reduce((sum, one) => sum + Buffer.byteLength(serialize(one)), 0);
  assert.ok(bytes < UNSENT_LIMIT / 2, `${bytes} bytes at once`);
  assert.equal(await waiting(scene), 0);
});

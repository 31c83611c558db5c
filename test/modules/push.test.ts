import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serialize } from '../../server/xmpp/element.ts';
import { addComponent, componentComes } from '../support/component.ts';
import { APP, chat, clock, enabling, FORM, J, OMEMO, open, PUSH, pushed, R, summary } from '../support/push.ts';
import { conditionOf, find } from '../support/xml.ts';

test('XEP-0357 §4.1: the account says that it can', async (t) => {
  const { phone } = await open(t);
  const info = await phone.gets(`<iq type='get' to='${J}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`);
  assert.ok(serialize(info).includes(`<feature var='${PUSH}'/>`));
});

test('§5, §7: who is away is woken by a publication with the options that were asked for', async (t) => {
  const { scene, app, phone, romeo } = await open(t);
  await phone.gets(enabling('n1', APP, FORM));
  phone.leaves();
  await chat(romeo, 'wherefore');
  const iq = await pushed(app);
  assert.equal(find(iq, 'pubsub', 'publish')?.attrs.node, 'n1');
  assert.deepEqual(summary(iq), { FORM_TYPE: 'urn:xmpp:push:summary', 'message-count': '1' });
  const options = find(iq, 'pubsub', 'publish-options', 'x')!;
  assert.equal(options.attrs.type, 'submit');
  assert.ok(serialize(options).includes('<value>a &lt;secret&gt;</value>'), serialize(options));
  assert.ok(!serialize(iq).includes('wherefore') && !serialize(iq).includes('romeo'));
  await scene.settle();
});

test('a device that is there needs no push, another one of the same person does', async (t) => {
  const { scene, app, phone, romeo } = await open(t);
  await phone.gets(enabling('phone'));
  const tablet = await scene.comes(`${J}/tablet`);
  await tablet.gets(enabling('tablet'));
  await chat(romeo, 'one');
  await app.receivesNothing();
  phone.leaves();
  await chat(romeo, 'two');
  assert.equal(find(await pushed(app), 'pubsub', 'publish')?.attrs.node, 'phone');
  await app.receivesNothing();
});

test('§5: of the same address and node the last request holds; §6: what is disabled is not published to', async (t) => {
  const { app, phone, romeo } = await open(t);
  await phone.gets(enabling('n1', APP, FORM));
  await phone.gets(enabling('n1'));
  await phone.gets(enabling('n2'));
  await phone.gets(enabling('n3'));
  await phone.gets(`<iq type='set'><disable xmlns='${PUSH}' jid='${APP}' node='n2'/></iq>`);
  phone.leaves();
  await chat(romeo, 'x');
  const iqs = [await pushed(app), await pushed(app)];
  assert.deepEqual(iqs.map((iq) => find(iq, 'pubsub', 'publish')?.attrs.node).sort(), ['n1', 'n3']);
  for (const iq of iqs) assert.equal(find(iq, 'pubsub', 'publish-options'), undefined);
  await app.receivesNothing();
});

test('§6: without a node all of an app server’s are disabled', async (t) => {
  const { scene, app, phone, romeo } = await open(t);
  for (const node of ['n1', 'n2']) await phone.gets(enabling(node));
  await phone.gets(`<iq type='set'><disable xmlns='${PUSH}' jid='${APP}'/></iq>`);
  phone.leaves();
  await chat(romeo, 'x');
  await scene.settle();
  await app.receivesNothing();
});

test('only what somebody has written, encrypted or not, invitations and calls wake', async (t) => {
  const { scene, app, phone, romeo } = await open(t);
  const tick = clock(t);
  await phone.gets(enabling());
  phone.leaves();
  const nothing = [
    "<composing xmlns='http://jabber.org/protocol/chatstates'/>",
    "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>",
    "<received xmlns='urn:xmpp:receipts' id='1'/>",
    "<retract xmlns='urn:xmpp:jingle-message:0' id='1'/>",
    `<encrypted xmlns='${OMEMO}'><header sid='1'/></encrypted>`,
    "<reactions xmlns='urn:xmpp:reactions:0' id='1'><reaction>x</reaction></reactions>",
  ];
  for (const payload of nothing) await romeo.sends(`<message to='${J}' type='chat'>${payload}</message>`);
  await romeo.sends(`<message to='${J}' type='headline'><body>x</body></message>`);
  await scene.settle();
  await app.receivesNothing();
  const worth = [
    `<encrypted xmlns='${OMEMO}'><header sid='1'/><payload>x</payload></encrypted>`,
    "<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>",
    "<x xmlns='http://jabber.org/protocol/muc#user'><invite to='a@b.test'/></x>",
    "<x xmlns='jabber:x:conference' jid='room@muc.test'/>",
    '<body>hi</body>',
  ];
  for (const [i, payload] of worth.entries()) {
    await romeo.sends(`<message to='${J}' type='chat'>${payload}</message>`);
    assert.equal(summary(await pushed(app))['message-count'], `${i + 1}`, payload);
    tick(16_000);
  }
});

test('one’s own messages and what is said to oneself do not wake', async (t) => {
  const { scene, app, phone } = await open(t);
  await phone.gets(enabling());
  phone.leaves();
  const desk = await scene.comes(`${J}/desk`);
  await desk.sends(`<message to='${R}' type='chat'><body>x</body></message>`);
  await desk.sends(`<message to='${J}' type='chat'><body>note</body></message>`);
  await scene.settle();
  await app.receivesNothing();
});

test('many messages are one push and, at the end of the interval, one more with the count', async (t) => {
  const { scene, app, phone, romeo } = await open(t);
  const tick = clock(t);
  await phone.gets(enabling());
  phone.leaves();
  for (let i = 0; i < 30; i++) await chat(romeo, `${i}`);
  assert.equal(summary(await pushed(app))['message-count'], '1');
  await app.receivesNothing(1);
  tick(15_001);
  assert.equal(summary(await pushed(app))['message-count'], '30');
  tick(60_000);
  await app.receivesNothing(1);
  // A call does not wait for the interval.
  await chat(romeo, 'x');
  await pushed(app);
  await romeo.sends(`<message to='${J}' type='chat'><propose xmlns='urn:xmpp:jingle-message:0' id='1'/></message>`);
  await pushed(app);
  // It comes and reads; what is pushed next counts from one.
  const back = await scene.comes(`${J}/phone`);
  back.leaves();
  await chat(romeo, 'again');
  assert.equal(summary(await pushed(app))['message-count'], '1');
});

test('a push that had to wait is not sent to a device that is there by then', async (t) => {
  const { scene, app, phone, romeo } = await open(t);
  const tick = clock(t);
  await phone.gets(enabling());
  phone.leaves();
  await chat(romeo, 'one');
  await pushed(app);
  await chat(romeo, 'two');
  await scene.comes(`${J}/phone`);
  tick(60_000);
  await app.receivesNothing(1);
});

test('§7.1: after a refusal for good nothing more is published', async (t) => {
  const { scene, app, phone, romeo } = await open(t);
  const tick = clock(t);
  await phone.gets(enabling());
  phone.leaves();
  await chat(romeo, 'x');
  const error = "<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
  await pushed(app, "type='error'", error);
  await scene.settle();
  tick(3_600_000);
  await chat(romeo, 'y');
  await app.receivesNothing(5);
  assert.deepEqual(await scene.stores.push.of((await scene.account(J)).id), []);
});

test('§7.1, SECURITY 35: after a failure that may pass it waits longer each time, and gives up at last', async (t) => {
  const { scene, app, phone, romeo } = await open(t);
  const tick = clock(t);
  await phone.gets(enabling());
  phone.leaves();
  const error = "<error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
  let pause = 30_000;
  for (let i = 0; i < 20; i++) {
    await chat(romeo, `${i}`);
    await pushed(app, "type='error'", error);
    await app.receivesNothing(5);
    if (i === 19) break;
    tick(pause - 1_000);
    await romeo.sends(`<message to='${J}' type='chat'><propose xmlns='urn:xmpp:jingle-message:0' id='1'/></message>`);
    await app.receivesNothing(1);
    // The one that waits is sent when the pause is over, and fails too: it counts.
    tick(1_001);
    if (++i < 20) await pushed(app, "type='error'", error);
    await app.receivesNothing(5);
    pause = Math.min(pause * 4, 3_600_000);
    tick(3_600_000);
  }
  await scene.settle();
  assert.deepEqual(await scene.stores.push.of((await scene.account(J)).id), []);
});

test('an app server that is not there costs one try in half a minute, and hears of it when it is back', async (t) => {
  const { scene, app, phone, romeo } = await open(t);
  await phone.gets(enabling());
  await phone.gets(enabling('far', 'push.elsewhere.test'));
  phone.leaves();
  app.cut();
  await app.receivesNothing();
  await scene.commands.components.remove({ name: 'x', door: 'house' }, APP);
  const tick = clock(t);
  for (let i = 0; i < 10; i++) await chat(romeo, `${i}`);
  await scene.settle();
  const again = await componentComes(scene, APP, await addComponent(scene, APP));
  tick(31_000);
  assert.equal(summary(await pushed(again))['message-count'], '10');
});

test('§8: an app server that takes no more is not published to; nobody else can say so for it', async (t) => {
  const { scene, app, phone, romeo } = await open(t);
  const gone = (from: string) =>
    `<message ${from} to='${J}'><pubsub xmlns='http://jabber.org/protocol/pubsub' node='n1'><affiliation jid='${J}' affiliation='none'/></pubsub></message>`;
  await phone.gets(enabling());
  await romeo.sends(gone(''));
  app.write(gone(`from='other@${APP}'`));
  await phone.all();
  const { id } = await scene.account(J);
  assert.equal((await scene.stores.push.of(id)).length, 1);
  app.write(gone(`from='${APP}'`));
  await app.receivesNothing();
  await scene.settle();
  assert.equal((await scene.stores.push.of(id)).length, 0);
});

test('a message that is refused wakes nobody', async (t) => {
  const { scene, app, phone, romeo } = await open(t, { limits: { offlineMessagesPerAccount: 0 } });
  await phone.gets(enabling());
  phone.leaves();
  await chat(romeo, 'x'); // he may not see whether anybody is there (docs/decisions/0027-departments.md)
  assert.equal(conditionOf((await romeo.all())[0]!), 'service-unavailable');
  await scene.settle();
  await app.receivesNothing();
});

test('an account without registrations costs a look into what is remembered, and no question to the store', async (t) => {
  const { scene, romeo } = await open(t);
  await chat(romeo, 'first');
  await scene.settle();
  let asked = 0;
  const { all } = scene.db;
  t.mock.method(scene.db, 'all', (...args: Parameters<typeof all>) => {
    if (args[0].text.includes('push_registration')) asked++;
    return all.apply(scene.db, args);
  });
  for (let i = 0; i < 5; i++) await chat(romeo, `${i}`);
  await scene.settle();
  assert.equal(asked, 0);
});

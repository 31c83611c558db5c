import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serialize } from '../../server/xmpp/element.ts';
import { APP, chat, clock, enabling, J, OMEMO, open, PUSH, pushed, R, settings, summary } from '../support/push.ts';
import { find } from '../support/xml.ts';

for (const [choice, expected] of [
  ['nothing', undefined],
  ['count', ['message-count']],
  ['sender', ['message-count', 'last-message-sender']],
  ['message', ['message-count', 'last-message-sender', 'last-message-body']],
] as const) {
  test(`attack: an app server learns more than the setting says: “${choice}” reveals ${expected?.join(', ') ?? 'nothing'}`, async (t) => {
    const { scene, app, phone, romeo } = await open(t);
    await settings(scene, choice);
    await phone.gets(enabling());
    phone.leaves();
    const long = 'x'.repeat(500);
    await chat(romeo, long);
    const iq = await pushed(app);
    const { FORM_TYPE, ...told } = summary(iq);
    assert.deepEqual(Object.keys(told), expected ?? []);
    assert.equal(FORM_TYPE, expected === undefined ? undefined : 'urn:xmpp:push:summary');
    if ('last-message-sender' in told) assert.equal(told['last-message-sender'], R);
    if ('last-message-body' in told) assert.equal(told['last-message-body'], `${'x'.repeat(199)}…`);
    else assert.ok(!serialize(iq).includes('xxxx'));
  });
}

test('attack: what was encrypted is not repeated in a push, whatever stands beside it', async (t) => {
  const { scene, app, phone, romeo } = await open(t);
  await settings(scene, 'message');
  await phone.gets(enabling());
  phone.leaves();
  await chat(
    romeo,
    'the fallback',
    `<encrypted xmlns='${OMEMO}'><header sid='1'/><payload>secret</payload></encrypted>`,
  );
  const iq = await pushed(app);
  assert.ok(!/fallback|secret/.test(serialize(iq)), serialize(iq));
});

test('attack: a push is pointed at people, services or the house itself, or at a machine’s own address (SECURITY 58)', async (t) => {
  const { phone, romeo } = await open(t, { domains: ['example.test', 'other.test'] });
  for (const jid of [
    R,
    `${R}/orchard`,
    J,
    'example.test',
    'EXAMPLE.test',
    'other.test',
    'somebody@other.test',
    '127.0.0.1',
    '[::1]',
    '10.0.0.8',
  ]) {
    await phone.isRefused(enabling('n', jid), 'not-allowed');
  }
  await phone.isRefused(enabling('n', 'a b'), 'jid-malformed');
  await phone.isRefused(`<iq type='set'><enable xmlns='${PUSH}' node='n'/></iq>`, 'bad-request');
  await phone.isRefused(`<iq type='set'><disable xmlns='${PUSH}'/></iq>`, 'bad-request');
  await romeo.receivesNothing();
});

test('attack: the app server’s domain is served here one day: nobody in it is published to', async (t) => {
  const { scene, phone, romeo } = await open(t);
  await phone.gets(enabling('n', 'juliet@later.test'));
  phone.leaves();
  scene.hosts.add('later.test');
  const victim = await scene.comes('juliet@later.test/x');
  await chat(romeo, 'x');
  await scene.settle();
  await victim.receivesNothing();
  assert.equal((await scene.stores.push.of((await scene.account(J)).id)).length, 0);
});

test('attack: somebody asks for pushes, or takes them off, in another’s name', async (t) => {
  const { scene, app, phone, romeo } = await open(t);
  await phone.gets(enabling());
  await romeo.isRefused(
    `<iq type='set' to='${J}'><enable xmlns='${PUSH}' jid='${APP}' node='spy'/></iq>`,
    'service-unavailable',
  );
  await romeo.isRefused(`<iq type='set' to='${J}'><disable xmlns='${PUSH}' jid='${APP}'/></iq>`, 'service-unavailable');
  await romeo.isRefused(
    `<iq type='set' to='example.test'><enable xmlns='${PUSH}' jid='${APP}' node='spy'/></iq>`,
    'service-unavailable',
  );
  phone.leaves();
  await chat(romeo, 'x');
  assert.equal(find(await pushed(app), 'pubsub', 'publish')?.attrs.node, 'n1');
  await app.receivesNothing();
  await scene.settle();
});

test('attack: a flood of registrations: the oldest leaves for the next, and what is too large is refused', async (t) => {
  const { scene, phone } = await open(t);
  const tick = clock(t);
  for (let i = 0; i < 25; i++) {
    await phone.gets(enabling(`n${i}`));
    tick(1);
  }
  const { id } = await scene.account(J);
  const left = await scene.stores.push.of(id);
  assert.deepEqual(
    left.map(({ node }) => node).sort(),
    Array.from({ length: 10 }, (_, i) => `n${15 + i}`),
  );
  await phone.isRefused(enabling('x'.repeat(1_025)), 'not-acceptable');
  const field = (name: string, value: string) => `<field var='${name}'><value>${value}</value></field>`;
  const type = field('FORM_TYPE', 'http://jabber.org/protocol/pubsub#publish-options');
  const form = (inner: string) => `<x xmlns='jabber:x:data' type='submit'>${inner}</x>`;
  await phone.isRefused(enabling('n', APP, form(type + field('a', 'x'.repeat(5_000)))), 'not-acceptable');
  const many = Array.from({ length: 30 }, (_, i) => field(`f${i}`, 'x')).join('');
  await phone.isRefused(enabling('n', APP, form(type + many)), 'not-acceptable');
  await phone.isRefused(enabling('n', APP, form(field('FORM_TYPE', 'urn:x'))), 'bad-request');
  await phone.isRefused(enabling('n', APP, form(type) + form(type)), 'bad-request');
});

test('attack: an answer to a publication is forged by somebody else', async (t) => {
  const { scene, app, phone, romeo } = await open(t);
  await phone.gets(enabling());
  phone.leaves();
  await chat(romeo, 'x');
  const iq = await app.receives("<iq type='set'/>");
  const error = "<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
  await romeo.sends(`<iq type='error' id='${iq.attrs.id}' to='example.test'>${error}</iq>`);
  app.write(`<iq type='error' id='${iq.attrs.id}' from='x@${APP}' to='example.test'>${error}</iq>`);
  await app.receivesNothing();
  assert.equal((await scene.stores.push.of((await scene.account(J)).id)).length, 1);
});

test('who is deleted, disabled, or has another password, is not told about any more, nor whoever has the name next', async (t) => {
  const { scene, app, phone, romeo } = await open(t);
  const by = { name: 'x', door: 'house' } as const;
  const { accounts } = scene.commands;
  await phone.gets(enabling());
  phone.leaves();
  await accounts.disable(by, 'example.test', 'juliet', '');
  await chat(romeo, 'x');
  await app.receivesNothing();
  await accounts.enable(by, 'example.test', 'juliet');
  await chat(romeo, 'x');
  await pushed(app);
  await accounts.setPassword(by, 'example.test', 'juliet', { password: 'another one' });
  assert.deepEqual(await scene.stores.push.of((await scene.account(J)).id), []);

  const later = await scene.comes(`${J}/phone`);
  await later.gets(enabling());
  const { id } = await scene.account(J);
  await accounts.remove(by, 'example.test', 'juliet', J);
  assert.deepEqual(await scene.stores.push.of(id), []);
  await scene.account(J);
  await chat(romeo, 'x');
  await app.receivesNothing();
});

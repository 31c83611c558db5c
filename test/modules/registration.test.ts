import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayRemoveOwn } from '../../server/commands/onboarding-options.ts';
import { child, serialize, textOf } from '../../server/xmpp/element.ts';
import { OFFICE, opens } from '../support/ad-hoc.ts';
import { openScene, PASSWORD, type Scene } from '../support/scene.ts';

const JULIET = 'juliet@example.test';
const REGISTER = 'jabber:iq:register';
const set = (content: string, to = "to='example.test'"): string =>
  `<iq type='set' ${to}><query xmlns='${REGISTER}'>${content}</query></iq>`;
const change = (password: string, name = 'juliet'): string =>
  set(`<username>${name}</username><password>${password}</password>`);
const mayLeave = (scene: Scene, may: boolean) =>
  scene.commands.options.set(OFFICE, mayRemoveOwn.key, may, 'example.test');

test('XEP-0077 §3.1, §9: who has logged in is registered, and finds the feature', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.comes(`${JULIET}/balcony`);
  const answer = await juliet.gets(`<iq type='get' to='example.test'><query xmlns='${REGISTER}'/></iq>`);
  const query = child(answer, 'query', REGISTER)!;
  assert.ok(child(query, 'registered'));
  assert.equal(textOf(child(query, 'username')), 'juliet');
  assert.ok(!serialize(answer).includes(PASSWORD));
  const info = await juliet.gets(
    "<iq type='get' to='example.test'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
  );
  assert.ok(serialize(info).includes(`var='${REGISTER}'`));
});

test('XEP-0077 §3.3: a new password holds at once, this session goes on, and all others end', async (t) => {
  const scene = await openScene(t);
  const balcony = await scene.comes(`${JULIET}/balcony`);
  const phone = await scene.comes(`${JULIET}/phone`);
  const { url } = await scene.commands.resetLinks.create(OFFICE, 'example.test', 'juliet');
  await balcony.gets(change('by any other name'));
  assert.equal(await opens(scene, JULIET, 'by any other name'), true);
  assert.equal(await opens(scene, JULIET, PASSWORD), false);
  assert.equal(balcony.ended, undefined);
  assert.equal(phone.ended?.condition, 'not-authorized');
  await balcony.gets("<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>");
  await assert.rejects(scene.commands.resetLinks.face(url.split('/').at(-1)!, '192.0.2.1'), { code: 'link-unknown' });
  await balcony.gets(change('sweet as a rose', JULIET)); // clients write the whole address, too
  const { rows } = await scene.commands.audit.page(undefined);
  assert.equal(`${rows[0]!.actor} ${rows[0]!.action} ${rows[0]!.subject}`, `${JULIET} account.password ${JULIET}`);
  assert.ok(!JSON.stringify(rows).includes('sweet as a rose'));
});

test('XEP-0077 §3.3: what is no password changes nothing, and what was typed is not sent back', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.comes(`${JULIET}/balcony`);
  await juliet.isRefused(change(''), 'bad-request');
  await juliet.isRefused(change('short'), 'not-acceptable');
  await juliet.isRefused(change('bell&#127;bell'), 'not-acceptable');
  const refused = await juliet.isRefused(change('anything at all', 'romeo'), 'not-allowed');
  assert.ok(!serialize(refused).includes('anything at all'));
  await juliet.isRefused(set('<username>juliet</username>'), 'bad-request');
  assert.equal(await opens(scene, JULIET, PASSWORD), true);
});

test('attack: changing the password of a session’s account over and over is slowed down', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.comes(`${JULIET}/balcony`);
  for (let n = 0; n < 10; n++) await juliet.gets(change(`wherefore ${n}`));
  await juliet.isRefused(change('wherefore 10'), 'resource-constraint');
  assert.equal(await opens(scene, JULIET, 'wherefore 9'), true);
});

test('XEP-0077 §3.2: an account is not its owner’s to delete unless the office lets them', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.comes(`${JULIET}/balcony`);
  await juliet.isRefused(set('<remove/>'), 'not-allowed');
  await mayLeave(scene, true);
  await juliet.isRefused(set('<remove/><username>juliet</username>'), 'bad-request');
  assert.ok(await scene.stores.accounts.at(JULIET));
});

test('XEP-0077 §3.2: who deletes their account is told so, then all sessions end and nobody has them as a contact', async (t) => {
  const scene = await openScene(t);
  await scene.friends(JULIET, 'romeo@example.test');
  await mayLeave(scene, true);
  const juliet = await scene.comes(`${JULIET}/balcony`);
  const phone = await scene.comes(`${JULIET}/phone`);
  const romeo = await scene.comes('romeo@example.test/orchard');
  const answer = await juliet.asks(set('<remove/>', ''));
  assert.equal(answer.attrs.type, 'result', serialize(answer));
  await scene.settle();
  assert.equal(juliet.ended?.condition, 'not-authorized');
  assert.equal(phone.ended?.condition, 'not-authorized');
  assert.equal(await scene.stores.accounts.at(JULIET), undefined);
  assert.equal((await scene.item('romeo@example.test', JULIET))?.subscription, 'none');
  const heard = (await romeo.all()).map(serialize).join('');
  assert.match(heard, /type='unavailable'/);
  const { rows } = await scene.commands.audit.page(undefined);
  assert.equal(`${rows[0]!.actor} ${rows[0]!.action}`, `${JULIET} account.delete`);
});

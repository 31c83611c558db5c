import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textOf } from '../../server/xmpp/element.ts';
import {
  begins,
  command,
  form,
  isRefused,
  JULIET,
  orders,
  PRINCE,
  palace,
  ROMEO,
  submit,
  valuesOf,
} from '../support/ad-hoc.ts';
import { find } from '../support/xml.ts';

test('XEP-0133 §4.23: an announcement of several lines, for those online or for everybody', async (t) => {
  const { scene, prince } = await palace(t);
  const juliet = await scene.comes(`${JULIET}/balcony`);
  await scene.account(ROMEO);
  const announcement = ['All are punish’d.', 'Go hence.'];
  await orders(prince, 'announce', { announcement });
  await scene.settle();
  const [got] = await juliet.all();
  assert.equal(textOf(find(got!, 'body')), announcement.join('\n'));
  assert.equal(got!.attrs.from, 'example.test');
  const romeo = await scene.account(ROMEO);
  assert.equal(await scene.stores.offline.count(romeo.id), 0);
  await orders(prince, 'announce-all', { announcement });
  await scene.settle();
  assert.equal(await scene.stores.offline.count(romeo.id), 1);
  await isRefused(prince, 'announce', { announcement: ' ' }, 'not-acceptable');
  await juliet.isRefused(command('announce'), 'forbidden');
  const log = await scene.stores.audit.page({ limit: 5 });
  assert.ok(log.some(({ action, door }) => action === 'announcement.send' && door === 'chat'));
});

test('XEP-0133 §4.24 to §4.26: the message of the day is set, corrected and taken away', async (t) => {
  const { scene, prince } = await palace(t);
  await orders(prince, 'set-motd', { motd: ['A glooming peace', 'this morning'] });
  await scene.comes(`${JULIET}/balcony`);
  const { id, answer } = await begins(prince, 'edit-motd');
  assert.deepEqual(valuesOf(answer, 'motd'), ['A glooming peace', 'this morning']);
  await prince.gets(submit('edit-motd', id, { motd: 'A glooming peace.' }));
  const juliet = await scene.comes(`${JULIET}/phone`, '<presence><show>away</show></presence>');
  await juliet.receivesNothing();
  assert.equal((await scene.commands.announcements.motd())[0]?.text, 'A glooming peace.');
  await prince.gets(command('delete-motd'));
  assert.equal((await scene.commands.announcements.motd())[0]?.text, '');
});

test('XEP-0133 §4.8: whom somebody has in their list', async (t) => {
  const { scene, prince } = await palace(t);
  await scene.friends(ROMEO, JULIET);
  await scene.contact(ROMEO, 'stranger@example.test', { listed: false });
  const answer = await orders(prince, 'get-user-roster', { accountjids: ROMEO });
  assert.deepEqual(valuesOf(answer, 'contactjids'), [JULIET]);
  await isRefused(prince, 'get-user-roster', { accountjids: 'nobody@example.test' }, 'item-not-found');
});

test('XEP-0133 §4.29: who may; nobody takes themselves off, nor decides for another domain', async (t) => {
  const { scene, prince } = await palace(t, { domains: ['example.test', 'other.test'] });
  await scene.account(JULIET);
  await scene.account('paris@other.test');
  await scene.commands.chatAdmins.set({ name: 'office', door: 'panel' }, 'paris@other.test', true);
  const { id, answer } = await begins(prince, 'edit-admin');
  assert.deepEqual(valuesOf(answer, 'adminjids'), [PRINCE]);
  await prince.gets(submit('edit-admin', id, { adminjids: [PRINCE, JULIET] }));
  assert.deepEqual(await scene.commands.chatAdmins.list(), [PRINCE, JULIET, 'paris@other.test'].sort());
  await orders(prince, 'edit-admin', { adminjids: PRINCE });
  assert.deepEqual(await scene.commands.chatAdmins.list(), [PRINCE, 'paris@other.test']);
  await isRefused(prince, 'edit-admin', { adminjids: JULIET }, 'not-acceptable');
  await isRefused(prince, 'edit-admin', { adminjids: [PRINCE, 'romeo@other.test'] }, 'not-acceptable');
  await isRefused(prince, 'edit-admin', { adminjids: [PRINCE, 'nobody@example.test'] }, 'item-not-found');
  await isRefused(prince, 'edit-admin', {}, 'not-acceptable');
});

test('XEP-0133 §4.30, §4.31: nobody restarts or stops the server from chat', async (t) => {
  const { prince } = await palace(t);
  for (const node of ['restart', 'shutdown', 'get-user-password']) {
    await prince.isRefused(command(node, '', form({ delay: '30' })), 'item-not-found');
  }
});

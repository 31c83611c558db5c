import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Actor } from '../../server/commands/actor.ts';
import type { Json } from '../../server/storage/stores/settings.ts';
import { refused } from '../support/refused.ts';
import { openScene } from '../support/scene.ts';

const DOMAIN = 'example.test';
const sure: Actor = { name: 'olga', door: 'panel' };
/** An administrator whose proof is too old, as somebody has who got at an open browser. */
const late: Actor = { name: 'olga', door: 'panel', rights: ['admin'], proven: false };

/** What opens or deletes, and what does the contrary; each beginning with what the server comes with. */
const WAYS: readonly (readonly [key: string, opens: Json, closes: Json, domain?: string])[] = [
  ['files.days', 1, 0, DOMAIN],
  ['accounts.grace', 0, 30],
  ['registration.rule', 'open', 'closed', DOMAIN],
  ['profile.visible', 'everyone', 'contacts', DOMAIN],
  ['rooms.found', 'everyone', 'nobody', DOMAIN],
  ['push.reveals', 'message', 'nothing', DOMAIN],
  ['web.origins', ['https://elsewhere.test'], []],
  ['web.names', ['chat.elsewhere.test'], []],
  ['calls.host', 'turn.elsewhere.test', ''],
];

for (const [key, opens, closes, domain] of WAYS) {
  test(`${key}: whoever opens by it, or has something deleted, shows first who they are, whichever way they go`, async (t) => {
    const { options } = (await openScene(t)).commands;
    const held = () => options.list(domain).options.find((one) => one.key === key)!.value;
    const before = held();
    await assert.rejects(options.set(late, key, opens, domain), refused('prove-yourself'));
    assert.deepEqual(held(), before, 'nothing was changed');
    await options.set(sure, key, opens, domain);
    await options.set(late, key, opens, domain); // it is so already
    await options.set(late, key, closes, domain);
    const { rows } = await options.history({ key });
    await assert.rejects(options.undo(late, rows[0]!.id), refused('prove-yourself'), 'by taking back what closed it');
    assert.deepEqual(held(), closes);
    await options.set({ name: 'root', door: 'cli' }, key, opens, domain);
  });
}

test('files.days: only what has them go sooner is asked for, never being the longest time of all', async (t) => {
  const { options } = (await openScene(t)).commands;
  const set = (by: Actor, days: number | undefined) => options.set(by, 'files.days', days, DOMAIN);
  await set(sure, 30);
  await assert.rejects(set(late, 29), refused('prove-yourself'));
  await set(late, 31);
  await set(late, undefined);
  await assert.rejects(set(late, 36_500), refused('prove-yourself'));
});

test('for how long the audit log is kept only an owner says, and shows first who they are', async (t) => {
  const { options } = (await openScene(t)).commands;
  const admin: Actor = { ...late, proven: true };
  await assert.rejects(options.set(admin, 'audit.months', 1), refused('not-your-role'));
  const owner: Actor = { ...late, rights: ['admin', 'owner'] };
  await assert.rejects(options.set(owner, 'audit.months', 1), refused('prove-yourself'));
  await options.set({ ...owner, proven: true }, 'audit.months', 1);
  const { rows } = await options.history({ key: 'audit.months' });
  await assert.rejects(options.undo(admin, rows[0]!.id), refused('not-your-role'));
});

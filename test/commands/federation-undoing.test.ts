import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Actor } from '../../server/commands/actor.ts';
import { openHouse } from '../http/support.ts';
import { refused } from '../support/refused.ts';

const root: Actor = { name: 'root', door: 'cli' };
const late: Actor = { name: 'nora', door: 'panel', rights: ['look', 'admin'], proven: false };
const unasked = refused('prove-yourself');

test('what keeps somebody out goes by proof only, whichever way; what lets nobody in needs none', async (t) => {
  const house = await openHouse();
  t.after(() => house.close());
  const { policy } = house.commands.federation;
  const soon = Date.now() + 3_600_000;
  const standard = async (wish: 'closed' | 'ask' | 'open') => {
    const { rules, people, chosenDepartments, version, ...rest } = policy.get();
    await policy.set(root, { ...rest, default: wish }, version);
  };

  await policy.put(late, 'evil.test', { verdict: 'deny' });
  await assert.rejects(policy.put(late, 'evil.test', { verdict: 'allow' }), unasked);
  for (const below of ['a.evil.test', '*.evil.test', '*.a.evil.test'])
    await assert.rejects(policy.put(late, below, { verdict: 'allow' }), unasked, below);
  await policy.put(late, 'friend.test', { verdict: 'allow' });
  await policy.put(late, 'friend.test', { verdict: 'allow', reason: 'They are nice.' });

  for (const wish of ['ask', 'open'] as const) {
    await standard(wish);
    await assert.rejects(policy.remove(late, 'evil.test'), unasked, wish);
    await assert.rejects(policy.put(late, 'evil.test', { verdict: 'deny', until: soon }), unasked, wish);
  }
  await policy.remove(late, 'friend.test');

  await standard('closed');
  await policy.put(late, 'evil.test', { verdict: 'deny', until: soon });
  await policy.put(root, 'rooms.friend.test', { verdict: 'deny' });
  await policy.put(root, '*.friend.test', { verdict: 'allow' });
  await assert.rejects(policy.remove(late, 'rooms.friend.test'), unasked, 'what is above would let it in');
  await policy.remove({ ...late, proven: true }, 'rooms.friend.test');
  await policy.remove(late, 'evil.test');
  assert.deepEqual(
    policy.get().rules.map(({ pattern }) => pattern),
    ['*.friend.test'],
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proxyAddresses } from '../../server/components/bytestreams/options.ts';
import { filesAddress } from '../../server/components/upload/options.ts';
import { refused } from '../support/refused.ts';
import { openScene } from '../support/scene.ts';

const AWAY = [
  [filesAddress, 'https://evil.example'],
  [proxyAddresses, ['203.0.113.9']],
] as const;

test('nobody but an owner who has just shown it sends the files of the house through another machine, nor takes that back', async (t) => {
  const scene = await openScene(t);
  const { options } = scene.commands;
  const admin = { name: 'nora', door: 'panel', rights: ['look', 'help', 'admin'], proven: true } as const;
  const late = { name: 'olga', door: 'panel', rights: ['look', 'help', 'admin', 'owner'], proven: false } as const;
  for (const [{ key, default: standard }, value] of AWAY) {
    const decided = () => options.list().options.find((one) => one.key === key)?.value;
    await assert.rejects(options.set(admin, key, value as string), refused('not-your-role'));
    await assert.rejects(options.set(late, key, value as string), refused('prove-yourself'));
    assert.deepEqual(decided(), standard);
    await options.set({ ...late, proven: true }, key, value as string);
    assert.deepEqual(decided(), value);
    const { rows } = await options.history({ key });
    await assert.rejects(options.undo(admin, rows[0]!.id), refused('not-your-role'));
    await assert.rejects(options.set(admin, key, undefined), refused('not-your-role'));
    await assert.rejects(options.set(late, key, undefined), refused('prove-yourself'));
    assert.deepEqual(decided(), value);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openHouse } from '../http/support.ts';

const BY = { name: 'olga', door: 'panel' } as const;

test('how far a house is set up is kept, step by step, and each can be taken up again', async () => {
  const { commands, stores, close } = await openHouse();
  try {
    const { setup } = commands;
    assert.equal((await setup.get()).left, 4);
    await setup.mark(BY, 'reach', true);
    await setup.mark(BY, 'reach', true);
    await setup.mark(BY, 'domain', true);
    assert.deepEqual(
      (await setup.get()).steps.filter(({ done }) => done).map(({ name }) => name),
      ['domain', 'reach'],
    );
    assert.equal((await setup.get()).reach, undefined);
    await setup.choose(BY, 'office');
    await setup.choose(BY, 'office');
    assert.equal((await setup.choose(BY, 'internet')).reach, 'internet');
    await assert.rejects(setup.choose(BY, 'moon'), /one of: office, internet/);
    assert.equal((await setup.get()).reach, 'internet');
    await setup.mark(BY, 'reach', false);
    // The first person is a step that needs nobody to say so.
    await commands.accounts.create(BY, 'example.test', { local: 'juliet', generate: true });
    assert.deepEqual(
      (await setup.get()).steps.filter(({ done }) => done).map(({ name }) => name),
      ['domain', 'people'],
    );
    // Of one who cannot log in it is not done.
    await commands.accounts.disable(BY, 'example.test', 'juliet');
    assert.deepEqual(
      (await setup.get()).steps.filter(({ done }) => done).map(({ name }) => name),
      ['domain'],
    );
    await assert.rejects(setup.mark(BY, 'constructor', true), /There is no step constructor/);
    const rows = (await stores.audit.page({ limit: 20 })).map(({ action, subject }) => `${action} ${subject}`);
    assert.deepEqual(
      rows.filter((row) => row.startsWith('setup.')),
      ['setup.again reach', 'setup.reach internet', 'setup.reach office', 'setup.done domain', 'setup.done reach'],
    );
  } finally {
    await close();
  }
});

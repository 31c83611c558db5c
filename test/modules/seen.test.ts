import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HERE } from '../../server/storage/stores/people.ts';
import { openScene } from '../support/scene.ts';

const J = 'juliet@example.test';

test('who is connected is known as that, from the first device to the last, also without any presence', async (t) => {
  const scene = await openScene(t);
  const { id } = await scene.account(J);
  const seenAt = () => scene.stores.people.seenAt(id);
  assert.equal(await seenAt(), 0, 'never');
  const phone = await scene.connect(`${J}/phone`);
  assert.equal(await seenAt(), HERE);
  const desk = await scene.connect(`${J}/desk`);
  phone.session.end('policy-violation', 'Enough.');
  assert.equal(await seenAt(), HERE, 'there is another one');
  desk.session.end('policy-violation', 'Enough.');
  const left = await seenAt();
  assert.ok(left > 0 && left <= Date.now());
});

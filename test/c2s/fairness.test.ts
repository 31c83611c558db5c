import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { J, open } from './managed.ts';

test('attack: requests by the thousand in one piece do not keep others waiting until all are answered', async (t) => {
  const { dial, scene } = await open(t);
  const wire = dial();
  await wire.binds(`${J}/balcony`);
  const { counters } = scene.house;
  const before = counters.iqs;
  const all = 1_000;
  wire.write("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>".repeat(all));
  let most = 0;
  for (let seen = before, turns = 0; seen < before + all; turns++) {
    await turn();
    most = Math.max(most, counters.iqs - seen);
    seen = counters.iqs;
    assert.ok(turns < 100_000, 'they are not all handled');
  }
  assert.ok(most <= 100, `${most} in one turn`);
});

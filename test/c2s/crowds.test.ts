import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { openWeb, WebWire } from './web.ts';

test('attack: who only connects keeps nobody of the same address out for longer than some seconds', async (t) => {
  const { port, door } = await openWeb(t, { limits: { connectionsPerAddress: 4 } });
  const romeo = await new WebWire(port).ready();
  await romeo.binds('romeo@example.test/orchard');
  const idle = [1, 2, 3].map(() => new WebWire(port));
  for (const wire of idle) await wire.ready();
  await assert.rejects(new WebWire(port).ready(), /503/, 'they have a moment to log in');
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 4_000 });
  const juliet = await new WebWire(port).ready();
  await juliet.binds('juliet@example.test/balcony');
  await idle[0]!.fails('resource-constraint');
  while (door.connections > 4) await turn();
  romeo.write("<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
  await romeo.receives("<iq xmlns='jabber:client' type='result' id='p'/>");
});

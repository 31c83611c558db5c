import { test } from 'node:test';
import { openScene } from '../support/scene.ts';

test('XEP-0280 §4: carbons are enabled and disabled by one’s own devices only', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect('juliet@example.test/balcony');
  await scene.account('romeo@example.test');
  await juliet.gets("<iq type='set'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
  await juliet.gets("<iq type='set'><disable xmlns='urn:xmpp:carbons:2'/></iq>");
  const other = "<iq type='set' to='romeo@example.test'><enable xmlns='urn:xmpp:carbons:2'/></iq>";
  await juliet.isRefused(other, 'service-unavailable');
});

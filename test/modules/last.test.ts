import { test } from 'node:test';
import { openScene } from '../support/scene.ts';

test('XEP-0012 §5: the server tells its uptime', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect('juliet@example.test/balcony');
  await juliet.sends("<iq type='get' id='l1' to='example.test'><query xmlns='jabber:iq:last'/></iq>");
  await juliet.receives("<iq type='result' id='l1'><query xmlns='jabber:iq:last' seconds='0'/></iq>");
});

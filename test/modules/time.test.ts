import { test } from 'node:test';
import { openScene } from '../support/scene.ts';

test('XEP-0202 §3: the server tells the time', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect('juliet@example.test/balcony');
  await juliet.sends("<iq type='get' id='t1' to='example.test'><time xmlns='urn:xmpp:time'/></iq>");
  await juliet.receives("<iq type='result' id='t1'><time xmlns='urn:xmpp:time'><tzo/><utc/></time></iq>");
});

import { test } from 'node:test';
import { openScene } from '../support/scene.ts';

test('XEP-0092 §3: the server tells its name and version', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect('juliet@example.test/balcony');
  await juliet.sends("<iq type='get' id='v1' to='example.test'><query xmlns='jabber:iq:version'/></iq>");
  await juliet.receives(`<iq type='result' id='v1' from='example.test'>
    <query xmlns='jabber:iq:version'><name>Hallway</name><version>9.8.7</version></query></iq>`);
});

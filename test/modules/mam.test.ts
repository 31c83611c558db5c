import { test } from 'node:test';
import { openScene } from '../support/scene.ts';

test('XEP-0313 §4.1: an archive with nothing in it is complete', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect('juliet@example.test/balcony');
  const answer = "<iq type='result' id='q1'><fin xmlns='urn:xmpp:mam:2' complete='true'/></iq>";
  await juliet.sends("<iq type='set' id='q1'><query xmlns='urn:xmpp:mam:2'/></iq>");
  await juliet.receives(answer);
});

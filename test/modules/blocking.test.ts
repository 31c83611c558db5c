import { test } from 'node:test';
import { openScene } from '../support/scene.ts';

test('XEP-0191 §3.1: nobody is blocked at first', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect('juliet@example.test/balcony');
  await juliet.sends("<iq type='get' id='b1'><blocklist xmlns='urn:xmpp:blocking'/></iq>");
  await juliet.receives("<iq type='result' id='b1'><blocklist xmlns='urn:xmpp:blocking'/></iq>");
});

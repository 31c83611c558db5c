import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serialize } from '../../server/xmpp/element.ts';
import { openScene } from '../support/scene.ts';

test('XEP-0359 §4: what claims to be an id of one’s own archive is taken off', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect('juliet@example.test/balcony');
  const romeo = await scene.comes('romeo@example.test/orchard');
  const forged = (by: string) => `<stanza-id xmlns='urn:xmpp:sid:0' by='${by}' id='forged'/>`;
  await juliet.sends(`<message to='romeo@example.test' type='chat' id='m1'><body>hark</body>
    ${forged('romeo@example.test')}</message>`);
  const [message] = await romeo.all();
  assert.doesNotMatch(serialize(message!), /forged/);
});

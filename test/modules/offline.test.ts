import { test } from 'node:test';
import { openScene } from '../support/scene.ts';

test('XEP-0160 §3: a message waits for who is away', async (t) => {
  const scene = await openScene(t);
  await scene.account('romeo@example.test');
  const juliet = await scene.connect('juliet@example.test/balcony');
  await juliet.sends("<message to='romeo@example.test' type='chat' id='m1'><body>Art thou there?</body></message>");
  await juliet.receivesNothing();
  const romeo = await scene.connect('romeo@example.test/orchard');
  await romeo.sends('<presence/>');
  await romeo.receives("<presence from='romeo@example.test/orchard'/>");
  await romeo.receives("<message from='juliet@example.test/balcony' id='m1'><body>Art thou there?</body></message>");
});

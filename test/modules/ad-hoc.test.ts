import { test } from 'node:test';
import { openScene } from '../support/scene.ts';

test('XEP-0133: who is no administrator may do nothing', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect('juliet@example.test/balcony');
  const node = 'http://jabber.org/protocol/admin#add-user';
  const command = `<command xmlns='http://jabber.org/protocol/commands' node='${node}'/>`;
  await juliet.isRefused(`<iq type='set' to='example.test'>${command}</iq>`, 'forbidden');
});

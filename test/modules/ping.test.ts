import { test } from 'node:test';
import { openScene } from '../support/scene.ts';

test('XEP-0199 §4.2: the server and one’s own account answer a ping', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect('juliet@example.test/balcony');
  await juliet.sends("<iq type='get' id='p1' to='example.test'><ping xmlns='urn:xmpp:ping'/></iq>");
  await juliet.receives("<iq type='result' id='p1' from='example.test' to='juliet@example.test/balcony'/>");
  await juliet.gets("<iq type='get' to='juliet@example.test'><ping xmlns='urn:xmpp:ping'/></iq>");
  await juliet.gets("<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>");
});

test('XEP-0199 §4.3: a device pings another through the server', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect('juliet@example.test/balcony');
  const romeo = await scene.connect('romeo@example.test/orchard');
  await juliet.sends("<iq type='get' id='p1' to='romeo@example.test/orchard'><ping xmlns='urn:xmpp:ping'/></iq>");
  await romeo.receives("<iq type='get' id='p1' from='juliet@example.test/balcony'><ping xmlns='urn:xmpp:ping'/></iq>");
  await romeo.sends("<iq type='result' id='p1' to='juliet@example.test/balcony'/>");
  await juliet.receives("<iq type='result' id='p1' from='romeo@example.test/orchard'/>");
});

test('XEP-0199: whether somebody else exists is not told by a ping', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect('juliet@example.test/balcony');
  await scene.account('romeo@example.test');
  const ping = (to: string) => `<iq type='get' to='${to}'><ping xmlns='urn:xmpp:ping'/></iq>`;
  await juliet.isRefused(ping('romeo@example.test'), 'service-unavailable');
  await juliet.isRefused(ping('nobody@example.test'), 'service-unavailable');
  await juliet.isRefused(ping('romeo@example.test/orchard'), 'service-unavailable');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elements } from '../../server/xmpp/element.ts';
import { openScene } from '../support/scene.ts';
import { find } from '../support/xml.ts';

test('XEP-0092 §3: the server tells its name and version, and nothing of the machine under it', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect('juliet@example.test/balcony');
  await juliet.sends("<iq type='get' id='v1' to='example.test'><query xmlns='jabber:iq:version'/></iq>");
  const answer = await juliet.receives(`<iq type='result' id='v1' from='example.test'>
    <query xmlns='jabber:iq:version'><name>Hallway</name><version>9.8.7</version></query></iq>`);
  const names = elements(find(answer, 'query')!).map(({ name }) => name);
  assert.deepEqual(names, ['name', 'version']);
});

test('XEP-0092: it is asked of the server, not set, and not asked of accounts', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect('juliet@example.test/balcony');
  const ask = (type: string, to: string) => `<iq type='${type}' to='${to}'><query xmlns='jabber:iq:version'/></iq>`;
  await juliet.isRefused(ask('set', 'example.test'), 'service-unavailable');
  await juliet.isRefused(ask('get', 'juliet@example.test'), 'service-unavailable');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elements, textOf } from '../../server/xmpp/element.ts';
import { openScene } from '../support/scene.ts';
import { find } from '../support/xml.ts';

const OFFICE = { name: 'office', door: 'panel' } as const;
const INFO = "<iq type='get' to='example.test'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>";
const STATUS = ['https://status.example.net/example.test.json', 'http://192.0.2.9/status.json'];

test('XEP-0455 §2.1: the domain says where it says whether all is well', async (t) => {
  const scene = await openScene(t, { domains: ['example.test', 'other.test'] });
  const juliet = await scene.connect('juliet@example.test/balcony');
  const fields = async () => {
    const forms = elements(find(await juliet.gets(INFO), 'query')!).filter(({ name }) => name === 'x');
    const sos = forms.map((form) => elements(form)).find(([type]) => textOf(find(type!, 'value')) === 'urn:xmpp:sos:0');
    return sos?.slice(1).map((field) => [field.attrs.var, ...elements(field).map(textOf)]);
  };
  assert.equal(await fields(), undefined);
  await scene.commands.options.set(OFFICE, 'outage.addresses', STATUS, 'example.test');
  assert.deepEqual(await fields(), [['external-status-addresses', ...STATUS]]);
  for (const bad of ['status.example.net', 'javascript:alert(1)', 'file:///etc/passwd', 'https://u:p@example.net/']) {
    await assert.rejects(scene.commands.options.set(OFFICE, 'outage.addresses', [bad], 'example.test'), {
      code: 'invalid',
    });
  }
  assert.deepEqual(await fields(), [['external-status-addresses', ...STATUS]]);
});

test('XEP-0455 §2.2: the file that apps read', async (t) => {
  const scene = await openScene(t);
  const { outage, options } = scene.commands;
  const set = (key: string, value: string | boolean | undefined) => options.set(OFFICE, `outage.${key}`, value);
  assert.deepEqual(outage.status('example.test'), {});
  await set('message', 'The cellar is being painted.');
  assert.deepEqual(outage.status('example.test'), {}, 'no outage without a beginning');
  await set('begins', '2026-12-24T18:00+01:00');
  await set('ends', '2026-12-24 20:30Z');
  assert.deepEqual(outage.status('example.test'), {
    planned: true,
    beginning: '2026-12-24T17:00:00.000Z',
    expected_end: '2026-12-24T20:30:00.000Z',
    message: { default: 'The cellar is being painted.' },
  });
  await set('ends', '2026-12-24T17:00Z');
  assert.equal(outage.status('example.test').expected_end, undefined, 'an end that is before it');
  await set('planned', false);
  await set('ends', undefined);
  await set('message', '');
  assert.deepEqual(outage.status('example.test'), { planned: false, beginning: '2026-12-24T17:00:00.000Z' });
  for (const bad of ['tomorrow', '2026-12-24', '2026-12-24T18:00', '2026-13-24T18:00Z']) {
    await assert.rejects(set('begins', bad), { code: 'invalid' }, bad);
  }
  assert.throws(() => outage.status('elsewhere.test'), { code: 'domain-not-found' });
});

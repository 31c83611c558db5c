import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Service } from '../../server/components/service.ts';
import type { Component } from '../../server/host/component.ts';
import { el } from '../../server/xmpp/element.ts';
import { openScene } from '../support/scene.ts';

let open = true;
const bell: Component = {
  name: 'bell',
  prefix: 'bell',
  xep: [1, '1.0'],
  start: (host) =>
    new Service(host, {
      title: 'The bell',
      identities: [{ category: 'component', type: 'generic', name: 'The bell' }],
      features: ['urn:bell'],
      iq: [{ type: 'set', xmlns: 'urn:bell', name: 'ring', handle: () => el('rung', { xmlns: 'urn:bell' }) }],
      listed: () => open,
    }),
};

const DISCO = 'http://jabber.org/protocol/disco';

describe('a service beside a host', () => {
  test('XEP-0030 §4: is listed, says what it is, and answers what it owns', async (t) => {
    const scene = await openScene(t, { components: [bell] });
    const juliet = await scene.comes('juliet@example.test/balcony');
    const items = String(await juliet.gets(`<iq type='get' to='example.test'><query xmlns='${DISCO}#items'/></iq>`));
    assert.match(items, /<item jid=.bell\.example\.test. name=.The bell.\/>/);
    const info = String(await juliet.gets(`<iq type='get' to='bell.example.test'><query xmlns='${DISCO}#info'/></iq>`));
    assert.match(info, /<feature var=.urn:bell.\/>/);
    assert.match(info, /category=.component./);
    const rung = String(await juliet.gets("<iq type='set' to='bell.example.test'><ring xmlns='urn:bell'/></iq>"));
    assert.match(rung, /type=.result.*<rung xmlns=.urn:bell.\/>/);
  });

  test('RFC 6120 §8.4: refuses what nobody owns, messages, and addresses within it', async (t) => {
    const scene = await openScene(t, { components: [bell] });
    const juliet = await scene.comes('juliet@example.test/balcony');
    const there = 'bell.example.test';
    await juliet.isRefused(`<iq type='get' to='${there}'><ring xmlns='urn:bell'/></iq>`, 'service-unavailable');
    await juliet.isRefused(`<iq type='set' to='clapper@${there}'><ring xmlns='urn:bell'/></iq>`, 'item-not-found');
    await juliet.sends(`<message id='m' to='${there}'><body>ding</body></message>`);
    const [refusal] = await juliet.all();
    assert.equal(refusal?.attrs.type, 'error');
    assert.equal(refusal?.attrs.from, there);
    await juliet.sends("<presence to='bell.example.test'/>");
    assert.deepEqual(await juliet.all(), []);
  });

  test('that is switched off is not listed and not there', async (t) => {
    const scene = await openScene(t, { components: [bell] });
    const juliet = await scene.comes('juliet@example.test/balcony');
    open = false;
    t.after(() => {
      open = true;
    });
    const items = String(await juliet.gets(`<iq type='get' to='example.test'><query xmlns='${DISCO}#items'/></iq>`));
    assert.doesNotMatch(items, /bell/);
    await juliet.isRefused(
      "<iq type='set' to='bell.example.test'><ring xmlns='urn:bell'/></iq>",
      'service-unavailable',
    );
  });

  test('gives way to a served domain of that name, and its name cannot be served later', async (t) => {
    const scene = await openScene(t, { components: [bell], domains: ['bell.example.test', 'example.test'] });
    assert.equal(scene.host('example.test').components.size, 0);
    const by = { name: 'olga', door: 'panel' } as const;
    await assert.rejects(scene.commands.domains.add(by, 'bell.bell.example.test'), { code: 'domain-exists' });
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, type Element, elements, serialize } from '../../server/xmpp/element.ts';
import { openScene } from '../support/scene.ts';

const JULIET = 'juliet@example.test';
const ask = (inner: string, to = ''): string =>
  `<iq type='get'${to}><query xmlns='jabber:iq:private'>${inner}</query></iq>`;
const put = (inner: string, to = ''): string =>
  `<iq type='set'${to}><query xmlns='jabber:iq:private'>${inner}</query></iq>`;
const PREFS = "<exodus xmlns='exodus:prefs'><defaultnick>Hamlet</defaultnick></exodus>";
const kept = (answer: Element): string => {
  const query = child(answer, 'query', 'jabber:iq:private');
  assert.equal(elements(query!).length, 1);
  return serialize(elements(query!)[0]!);
};

describe('private XML', () => {
  test('XEP-0049 §2.3: what was put is got again, by another device and after a restart of the stores', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await juliet.gets(put(PREFS));
    const chamber = await scene.connect(`${JULIET}/chamber`);
    assert.equal(kept(await chamber.gets(ask("<exodus xmlns='exodus:prefs'/>"))), PREFS);
    assert.equal(kept(await chamber.gets(ask("<other xmlns='exodus:prefs'/>"))), "<other xmlns='exodus:prefs'/>");
    await juliet.gets(put("<exodus xmlns='exodus:prefs'/>"));
    assert.equal(kept(await juliet.gets(ask("<exodus xmlns='exodus:prefs'/>"))), "<exodus xmlns='exodus:prefs'/>");
    assert.deepEqual(await scene.stores.privateXml.sizes((await scene.account(JULIET)).id), []);
  });

  test('XEP-0145 §2: notes about contacts', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    const notes = `<storage xmlns='storage:rosternotes'><note jid='hamlet@example.test' cdate='2004-09-24T15:23:21Z'>Seems to be a good writer &amp; more</note></storage>`;
    await juliet.gets(put(notes));
    assert.equal(kept(await juliet.gets(ask("<storage xmlns='storage:rosternotes'/>"))), notes);
  });

  test('XEP-0049 §2.3: what is asked wrongly is refused', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await juliet.isRefused(put(''), 'not-acceptable');
    await juliet.isRefused(put('<naked/>'), 'not-acceptable');
    await juliet.isRefused(put(PREFS + PREFS), 'not-acceptable');
    await juliet.isRefused(ask(''), 'bad-request');
    await juliet.isRefused(ask("<a xmlns='a'/><b xmlns='b'/>"), 'bad-request');
    await juliet.isRefused(ask('<naked/>'), 'not-acceptable');
  });

  test('attack: somebody else’s private XML is neither read nor written, whoever it is', async (t) => {
    const scene = await openScene(t, { domains: ['example.test', 'elsewhere.test'] });
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await juliet.gets(put(PREFS));
    await scene.friends('romeo@example.test', JULIET);
    const to = ` to='${JULIET}'`;
    for (const who of ['romeo@example.test', 'tybalt@example.test', 'eve@elsewhere.test']) {
      const other = await scene.connect(`${who}/x`);
      await other.isRefused(ask("<exodus xmlns='exodus:prefs'/>", to), 'service-unavailable');
      await other.isRefused(put("<exodus xmlns='exodus:prefs'/>", to), 'service-unavailable');
      await other.isRefused(put("<exodus xmlns='exodus:prefs'/>", " to='example.test'"), 'service-unavailable');
    }
    assert.equal(kept(await juliet.gets(ask("<exodus xmlns='exodus:prefs'/>"))), PREFS);
  });

  test('attack: a store cannot be filled, not by one element, not by many, not by many at once', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    const big = (n: number, bytes: number): string => `<e${n} xmlns='bomb'>${'x'.repeat(bytes)}</e${n}>`;
    await juliet.isRefused(put(big(0, 70_000)), 'policy-violation');
    for (let n = 0; n < 8; n++) await juliet.gets(put(big(n, 60_000)));
    await juliet.isRefused(put(big(9, 60_000)), 'resource-constraint');
    await juliet.gets(put(big(7, 60_001)));
    await juliet.isRefused(put(big(7, 1) + big(9, 60_000) + big(10, 60_000)), 'resource-constraint');
    assert.ok(kept(await juliet.gets(ask("<e7 xmlns='bomb'/>"))).length > 60_000, 'what was refused changed nothing');
    for (let n = 0; n < 8; n++) await juliet.gets(put(`<e${n} xmlns='bomb'/>`));
    const many = Array.from({ length: 101 }, (_, n) => big(n, 1));
    await juliet.isRefused(put(many.join('')), 'resource-constraint');
    const devices = await Promise.all([1, 2, 3].map((n) => scene.connect(`${JULIET}/d${n}`)));
    await Promise.all(
      devices.map((device, d) => device.asks(put(Array.from({ length: 40 }, (_, n) => big(d * 40 + n, 1)).join('')))),
    );
    const { id } = await scene.account(JULIET);
    assert.equal((await scene.stores.privateXml.sizes(id)).length, 80);
  });

  test('who takes the name of somebody removed inherits nothing', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await juliet.gets(put(PREFS));
    const { id } = await scene.account(JULIET);
    const by = { name: 'olga', door: 'panel' } as const;
    await scene.commands.accounts.remove(by, 'example.test', 'juliet', JULIET);
    assert.deepEqual(await scene.stores.privateXml.sizes(id), []);
    const next = await scene.connect(`${JULIET}/balcony`);
    assert.equal(kept(await next.gets(ask("<exodus xmlns='exodus:prefs'/>"))), "<exodus xmlns='exodus:prefs'/>");
  });
});

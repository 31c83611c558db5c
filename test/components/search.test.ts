import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, type Element, elements, serialize, textOf } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import { openScene, type Scene } from '../support/scene.ts';

const SEARCH = 'search.example.test';
const BY = { name: 'olga', door: 'panel' } as const;
const query = (type: 'get' | 'set', inner = ''): string =>
  `<iq type='${type}' to='${SEARCH}'><query xmlns='jabber:iq:search'>${inner}</query></iq>`;
const form = (fields: Record<string, string>, more = ''): string =>
  query(
    'set',
    `<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>jabber:iq:search</value></field>${Object.entries(
      fields,
    )
      .map(([name, value]) => `<field var='${name}'><value>${value}</value></field>`)
      .join('')}</x>${more}`,
  );
const found = (answer: Element): Element => child(answer, 'query', 'jabber:iq:search')!;
const jids = (answer: Element): string =>
  elements(found(answer))
    .filter(({ name }) => name === 'item')
    .map(({ attrs }) => attrs.jid.replace('@example.test', ''))
    .join(' ');
const rows = (answer: Element): Record<string, string>[] =>
  elements(child(found(answer), 'x', 'jabber:x:data')!)
    .filter(({ name }) => name === 'item')
    .map((item) => Object.fromEntries(elements(item).map((field) => [field.attrs.var, textOf(child(field, 'value'))])));

async function office(scene: Scene): Promise<Actor> {
  for (const [local, name] of [
    ['juliet', 'Juliet Capulet'],
    ['tybalt', 'Tybalt Capulet'],
    ['romeo', 'Romeo <b>Montague</b>'],
    ['a_b', '100%'],
  ] as const) {
    await scene.account(`${local}@example.test`);
    await scene.commands.accounts.setName(BY, 'example.test', local, name);
  }
  const nurse = await scene.connect('nurse@example.test/kitchen');
  await nurse.gets(
    "<iq type='set'><vCard xmlns='vcard-temp'><N><GIVEN>Angelica</GIVEN><FAMILY>Nutrice</FAMILY></N><NICKNAME>Nanny</NICKNAME><EMAIL><USERID>care@verona.test</USERID></EMAIL></vCard></iq>",
  );
  return nurse;
}

describe('the directory of people (XEP-0055)', () => {
  test('§2.1, §3: tells what can be looked for, to old clients and in a form', async (t) => {
    const scene = await openScene(t);
    const nurse = await office(scene);
    const told = found(await nurse.gets(query('get')));
    assert.deepEqual(
      elements(told).map(({ name }) => name),
      ['instructions', 'first', 'last', 'nick', 'email', 'x'],
    );
    assert.match(serialize(told), /<field var='FORM_TYPE' type='hidden'><value>jabber:iq:search<\/value>/);
    const services = await nurse.gets(
      "<iq type='get' to='example.test'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
    );
    assert.match(serialize(services), new RegExp(`jid='${SEARCH}'`));
    const info = await nurse.gets(
      `<iq type='get' to='${SEARCH}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
    );
    assert.match(serialize(info), /<identity category='directory' type='user'/);
    assert.match(serialize(info), /var='jabber:iq:search'/);
  });

  test('§2.1: finds people for old clients; nobody is an empty answer', async (t) => {
    const scene = await openScene(t);
    const nurse = await office(scene);
    const capulets = await nurse.gets(query('set', '<last>Capulet</last>'));
    assert.equal(jids(capulets), 'juliet tybalt');
    assert.equal(
      serialize(elements(found(capulets))[0]!),
      "<item jid='juliet@example.test'><first>Juliet</first><last>Capulet</last><nick/><email/></item>",
    );
    assert.equal(jids(await nurse.gets(query('set', '<first>jul</first><last>capulet</last>'))), 'juliet');
    assert.equal(jids(await nurse.gets(query('set', '<nick>nann</nick>'))), 'nurse');
    assert.equal(jids(await nurse.gets(query('set', '<email>CARE@</email>'))), 'nurse');
    assert.equal(jids(await nurse.gets(query('set'))), 'a_b juliet nurse romeo tybalt');
    assert.equal(
      serialize(found(await nurse.gets(query('set', '<nick>mercutio</nick>')))),
      "<query xmlns='jabber:iq:search'/>",
    );
  });

  test('§3: finds people by a form, and names are text', async (t) => {
    const scene = await openScene(t);
    const nurse = await office(scene);
    assert.deepEqual(rows(await nurse.gets(form({ 'x-words': 'montague' }))), [
      { jid: 'romeo@example.test', first: 'Romeo', last: '<b>Montague</b>', nick: '', email: '' },
    ]);
    assert.deepEqual(rows(await nurse.gets(form({ first: 'ange', email: 'verona' }))), [
      { jid: 'nurse@example.test', first: 'Angelica', last: 'Nutrice', nick: 'Nanny', email: 'care@verona.test' },
    ]);
    assert.equal(serialize(found(await nurse.gets(form({ nick: 'mercutio' })))), "<query xmlns='jabber:iq:search'/>");
    assert.equal(elements(found(await nurse.gets(query('set', "<x xmlns='jabber:x:data' type='cancel'/>")))).length, 0);
  });

  test('XEP-0059: a long answer is cut, says so, and goes on where it was cut', async (t) => {
    const scene = await openScene(t);
    const nurse = await office(scene);
    await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        scene.stores.accounts.create({ domain: 'example.test', local: `x${10 + n}`, credentials: [] }),
      ),
    );
    const cut = await nurse.gets(form({ 'x-words': 'x' }));
    assert.equal(rows(cut).length, 50);
    assert.match(serialize(cut), /<instructions>Only the first 50 people are shown/);
    const page = (after: string, max: number): string =>
      query(
        'set',
        `<nick>x</nick><set xmlns='http://jabber.org/protocol/rsm'><max>${max}</max>${after && `<after>${after}</after>`}</set>`,
      );
    assert.equal(jids(await nurse.gets(page('', 2))), 'x10 x11');
    assert.equal(jids(await nurse.gets(page('x67', 500))), 'x68 x69');
    assert.equal(jids(await nurse.gets(page('x69', 2))), '');
    assert.equal(jids(await nurse.gets(page('', 500))).split(' ').length, 60);
    await nurse.isRefused(
      query('set', "<set xmlns='http://jabber.org/protocol/rsm'><before/></set>"),
      'feature-not-implemented',
    );
  });

  test('setting: only people with a profile, or nobody', async (t) => {
    const scene = await openScene(t);
    const nurse = await office(scene);
    await scene.commands.options.set(BY, 'directory.visible', 'profiles', 'example.test');
    assert.equal(jids(await nurse.gets(query('set'))), 'nurse');
    await scene.commands.options.set(BY, 'directory.visible', 'nobody', 'example.test');
    await nurse.isRefused(query('set'), 'service-unavailable');
    await nurse.isRefused(query('get'), 'service-unavailable');
    const services = await nurse.gets(
      "<iq type='get' to='example.test'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
    );
    assert.doesNotMatch(serialize(services), new RegExp(SEARCH));
  });
});

describe('attacks on the directory', () => {
  test('a stranger finds nobody and learns nothing', async (t) => {
    const scene = await openScene(t, { domains: ['example.test', 'elsewhere.test'] });
    await office(scene);
    await scene.friends('eve@elsewhere.test', 'juliet@example.test');
    const eve = await scene.connect('eve@elsewhere.test/x');
    await eve.isRefused(query('get'), 'forbidden');
    const some = await eve.isRefused(query('set', '<nick>juliet</nick>'), 'forbidden');
    const none = await eve.isRefused(query('set', '<nick>nobody</nick>'), 'forbidden');
    assert.equal(serialize(child(some, 'error')!), serialize(child(none, 'error')!));
  });

  test('wildcards, quotes and statements are looked for as they stand', async (t) => {
    const scene = await openScene(t);
    const nurse = await office(scene);
    for (const [text, people] of [
      ['%', 'a_b'],
      ['_', 'a_b'],
      ['*', ''],
      ['!', ''],
      ['&apos; OR 1=1 --', ''],
      ['&quot;; DROP TABLE account; --', ''],
      ['\\', ''],
    ]) {
      assert.equal(jids(await nurse.gets(query('set', `<first>${text}</first>`))), people, String(text));
    }
    assert.equal(jids(await nurse.gets(query('set'))).split(' ').length, 5);
  });

  test('what is too long is refused, and a flood of searches is slowed down', async (t) => {
    const scene = await openScene(t);
    const nurse = await office(scene);
    await nurse.isRefused(query('set', `<first>${'x'.repeat(201)}</first>`), 'not-acceptable');
    for (let n = 0; n < 20; n++) await nurse.gets(query('set', '<nick>x</nick>'));
    await nurse.isRefused(query('set', '<nick>x</nick>'), 'resource-constraint');
    const romeo = await scene.connect('romeo@example.test/orchard');
    await romeo.gets(query('set', '<nick>x</nick>'));
  });

  test('disabled and removed accounts are not found, nor what a removed one said', async (t) => {
    const scene = await openScene(t);
    await office(scene);
    const juliet = await scene.connect('juliet@example.test/balcony');
    await scene.commands.accounts.disable(BY, 'example.test', 'romeo');
    assert.equal(jids(await juliet.gets(query('set', '<nick>romeo</nick>'))), '');
    await scene.commands.accounts.remove(BY, 'example.test', 'nurse', 'nurse@example.test');
    await scene.account('nurse@example.test');
    assert.equal(jids(await juliet.gets(query('set', '<nick>nanny</nick>'))), '');
    assert.equal(jids(await juliet.gets(query('set', '<email>nurse</email>'))), 'nurse');
  });
});

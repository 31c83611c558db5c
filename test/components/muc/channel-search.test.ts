import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, type Element, elements, serialize, textOf } from '../../../server/xmpp/element.ts';
import type { Actor } from '../../support/actor.ts';
import { enters } from '../../support/rooms.ts';
import { openScene, type Scene } from '../../support/scene.ts';

const SERVICE = 'conference.example.test';
const BASE = 'urn:xmpp:channel-search:0';
const PEOPLE = `{${BASE}:order}nusers`;
const ADDRESS = `{${BASE}:order}address`;
const asking = (inner = ''): string =>
  `<iq type='get' to='${SERVICE}'><search xmlns='${BASE}:search'>${inner}</search></iq>`;
const form = (fields: Record<string, string>, more = ''): string =>
  asking(
    `<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>${BASE}:search-params</value></field>${Object.entries(
      fields,
    )
      .map(([name, value]) => `<field var='${name}'><value>${value}</value></field>`)
      .join('')}</x>${more}`,
  );
const page = (inner: string): string => `<set xmlns='http://jabber.org/protocol/rsm'>${inner}</set>`;
const result = (answer: Element): Element => child(answer, 'result', `${BASE}:search`)!;
const names = (answer: Element): string =>
  elements(result(answer))
    .filter(({ name }) => name === 'item')
    .map(({ attrs }) => attrs.address.split('@')[0])
    .join(' ');
const last = (answer: Element): string =>
  textOf(child(child(result(answer), 'set', 'http://jabber.org/protocol/rsm')!, 'last'));

/** Six rooms, one of them hidden; Romeo is in two and the nurse in one of those. */
async function town(t: Parameters<typeof openScene>[0]): Promise<{ scene: Scene; romeo: Actor }> {
  const scene = await openScene(t, { domains: ['example.test', 'other.test'] });
  const romeo = await scene.comes('romeo@example.test/orchard');
  const nurse = await scene.comes('nurse@example.test/kitchen');
  await enters(romeo, 'x', '', `seed@${SERVICE}`);
  const standard = { ...(await import('../../../server/components/muc/config.ts')).STANDARD };
  for (const [name, change] of [
    ['ball', { title: 'Masked Ball', description: 'For 100% of Verona', lang: 'it' }],
    ['church', { membersOnly: true }],
    ['crypt', { public: false, title: 'Masked' }],
    ['garden', { title: 'The Garden', openAddresses: true }],
    ['mantua', { description: 'Exile' }],
    ['square', { title: 'Piazza', password: 'x' }],
  ] as const) {
    const made = {
      service: SERVICE,
      name,
      createdAt: 0,
      createdBy: '',
      secret: new Uint8Array(32),
      subject: undefined,
    };
    await scene.stores.rooms.create(
      { ...made, id: scene.house.archiveIds.next(), config: { ...standard, ...change } },
      [],
    );
  }
  for (const room of ['garden', 'mantua']) await enters(romeo, 'Romeo', '', `${room}@${SERVICE}`);
  await enters(nurse, 'Nurse', '', `mantua@${SERVICE}`);
  await romeo.all();
  return { scene, romeo };
}

describe('looking for rooms (XEP-0433)', () => {
  test('§4.1, §4.2.1: the service says that it can, and gives the form with what it knows', async (t) => {
    const { romeo } = await town(t);
    const info = `<iq type='get' to='${SERVICE}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`;
    assert.match(serialize(await romeo.gets(info)), new RegExp(`var='${BASE}:search'`));
    const answer = child(await romeo.gets(asking()), 'search', `${BASE}:search`)!;
    const fields = elements(child(answer, 'x', 'jabber:x:data')!)
      .map(({ attrs }) => attrs.var)
      .filter((name) => name !== undefined);
    const all = ['FORM_TYPE', 'q', 'all', 'sinname', 'sindescription', 'sinaddress', 'min_users', 'types', 'key'];
    assert.deepEqual(fields, all);
  });

  test('§4.2.2.1, §6.2: finds rooms by words and says what they are like; hidden ones never', async (t) => {
    const { romeo } = await town(t);
    const answer = await romeo.gets(form({ q: 'MASKED ball' }));
    assert.equal(
      serialize(elements(result(answer))[0]!),
      `<item address='ball@${SERVICE}'><name>Masked Ball</name><description>For 100% of Verona</description><language>it</language>` +
        '<nusers>0</nusers><service-type>xep-0045</service-type><is-open>true</is-open><anonymity-mode>muc_semianonymous</anonymity-mode></item>',
    );
    assert.equal(names(answer), 'ball');
    const garden = serialize(await romeo.gets(form({ q: 'garden' })));
    assert.match(garden, /<nusers>1<.*<anonymity-mode>\{urn:xmpp:channel-search:0:anonymity\}none</);
    for (const q of ['church', 'square']) assert.doesNotMatch(serialize(await romeo.gets(form({ q }))), /is-open/);
    assert.equal(serialize(result(await romeo.gets(form({ q: 'nowhere' })))).includes('<item'), false);
  });

  test('§6.1: where it is looked for can be chosen; nothing in it is a wildcard', async (t) => {
    const { romeo } = await town(t);
    for (const [fields, expected] of [
      [{ q: 'exile' }, 'mantua'],
      [{ q: 'exile', sindescription: '0' }, ''],
      [{ q: 'mantua', sinaddress: 'false' }, ''],
      [{ q: 'mantua', sinaddr: 'false' }, ''],
      [{ q: 'piazza', sinname: 'false' }, ''],
      [{ q: 'garden', sinname: 'false' }, 'garden'],
      [{ q: '100%' }, 'ball'],
      [{ q: '%%' }, ''],
      [{ q: '__' }, ''],
      [{ all: 'true', types: 'xep-0369' }, ''],
      [{ all: 'true', min_users: '2' }, 'mantua'],
      [{ all: 'true', min_users: '1', key: ADDRESS }, 'garden mantua'],
    ] as const) {
      assert.equal(names(await romeo.gets(form(fields))), expected, JSON.stringify(fields));
    }
  });

  for (const [key, expected] of [
    [PEOPLE, ['mantua', 'garden', 'ball', 'church', 'square']],
    [ADDRESS, ['ball', 'church', 'garden', 'mantua', 'square']],
  ] as const) {
    for (const size of [1, 2, 3, 5, 50]) {
      test(`§6.1, XEP-0059: all in the order of ${key.split('}')[1]}, ${size} at a time`, async (t) => {
        const { romeo } = await town(t);
        const found: string[] = [];
        for (let after = ''; ; ) {
          const edge = after === '' ? '' : `<after>${after}</after>`;
          const answer = await romeo.gets(form({ all: '1', key }, page(`<max>${size}</max>${edge}`)));
          if (names(answer) === '') break;
          found.push(...names(answer).split(' '));
          after = last(answer);
        }
        assert.deepEqual(found, expected);
      });
    }
  }

  for (const [fields, condition, what] of [
    [{ all: '1', key: 'size' }, 'feature-not-implemented', 'invalid-sort-key'],
    [{ q: 'a b c' }, 'bad-request', 'invalid-search-terms'],
    [{ q: 'x'.repeat(201) }, 'bad-request', 'invalid-search-terms'],
    [{ q: 'aa bb cc dd ee' }, 'bad-request', 'invalid-search-terms'],
    [{ q: 'garden', all: '1' }, 'bad-request', 'conflicting-fields'],
    [{ q: 'garden', sinname: '0', sinaddress: '0', sindescription: '0' }, 'bad-request', 'conflicting-fields'],
    [{ sinname: '1' }, 'bad-request', 'no-search-conditions'],
    [{ q: ' ' }, 'bad-request', 'no-search-conditions'],
  ] as const) {
    test(`§4.2.2: ${JSON.stringify(fields).slice(0, 60)} is ${what}`, async (t) => {
      const scene = await openScene(t);
      const romeo = await scene.comes('romeo@example.test/orchard');
      const refused = await romeo.isRefused(form(fields), condition);
      assert.match(serialize(refused), new RegExp(`<${what} xmlns='${BASE}:error'`));
    });
  }

  test('what is no search is refused: another form, backwards, no number of people', async (t) => {
    const scene = await openScene(t);
    const romeo = await scene.comes('romeo@example.test/orchard');
    await romeo.isRefused(form({ all: '1' }).replace(':search-params', ':other'), 'bad-request');
    await romeo.isRefused(form({ all: '1' }, page('<before/>')), 'feature-not-implemented');
    await romeo.isRefused(form({ all: '1', min_users: '-1' }), 'bad-request');
    for (const after of ['no number', '1', '9999999999999 x', "' OR 1=1 --"]) {
      await romeo.gets(form({ all: '1' }, page(`<after>${after}</after>`)));
    }
  });

  test('§4.2.2.4: not too often, and it says when again; SECURITY 49: not strangers', async (t) => {
    const scene = await openScene(t, { domains: ['example.test', 'other.test'] });
    const romeo = await scene.comes('romeo@example.test/orchard');
    for (let i = 0; i < 20; i++) await romeo.gets(form({ all: '1' }));
    const refused = await romeo.isRefused(form({ all: '1' }), 'resource-constraint');
    assert.match(serialize(refused), /type='wait'.*<rate-limit xmlns='[^']*:error' retry-after='1'\/>/);
    const mallory = await scene.comes('mallory@other.test/pub');
    await mallory.isRefused(form({ all: '1' }), 'forbidden');
    await mallory.isRefused(asking(), 'forbidden');
  });
});

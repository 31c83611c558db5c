import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { elements, serialize } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import { openScene } from '../support/scene.ts';
import { find } from '../support/xml.ts';

const GET = "<iq type='get'><query xmlns='jabber:iq:roster'/></iq>";
const set = (item: string) => `<iq type='set'><query xmlns='jabber:iq:roster'>${item}</query></iq>`;

async function versionOf(actor: Actor): Promise<string> {
  return find(await actor.gets(GET), 'query')!.attrs.ver;
}

describe('RFC 6121 §2.1.4, §2.2: asking for the roster', () => {
  test('an empty one', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect('juliet@example.test/balcony');
    const query = find(await juliet.gets(GET), 'query')!;
    assert.deepEqual(elements(query), []);
    assert.match(query.attrs.ver, /^\d+$/);
  });

  test('items with their names, groups and subscriptions', async (t) => {
    const scene = await openScene(t);
    await scene.contact('juliet@example.test', 'romeo@example.net', {
      name: 'Romeo',
      subscription: 'both',
      groups: ['A', 'B'],
    });
    await scene.contact('juliet@example.test', 'benvolio@example.net', { ask: true, approved: true });
    await scene.contact('juliet@example.test', 'paris@example.net', { listed: false, pendingIn: '<presence/>' });
    const juliet = await scene.connect('juliet@example.test/balcony');
    const query = find(await juliet.gets(GET), 'query')!;
    assert.deepEqual(elements(query).map(serialize).sort(), [
      "<item jid='benvolio@example.net' subscription='none' ask='subscribe' approved='true'/>",
      "<item jid='romeo@example.net' name='Romeo' subscription='both'><group>A</group><group>B</group></item>",
    ]);
  });

  test('nobody else’s', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect('juliet@example.test/balcony');
    await scene.friends('juliet@example.test', 'romeo@example.test');
    for (const to of ['romeo@example.test', 'nobody@example.test', 'example.test']) {
      await juliet.isRefused(GET.replace('<iq', `<iq to='${to}'`), 'service-unavailable');
      await juliet.isRefused(set("<item jid='a@b.test'/>").replace('<iq', `<iq to='${to}'`), 'service-unavailable');
    }
    assert.equal((await scene.stores.rosters.all((await scene.account('romeo@example.test')).id)).items.size, 1);
  });
});

describe('RFC 6121 §2.1.5, §2.3: adding and changing', () => {
  test('the asking device gets a result, all interested devices a push', async (t) => {
    const scene = await openScene(t);
    const balcony = await scene.connect('juliet@example.test/balcony');
    const chamber = await scene.connect('juliet@example.test/chamber');
    const idle = await scene.connect('juliet@example.test/idle');
    await balcony.gets(GET);
    await chamber.gets(GET);
    await balcony.sends(
      "<iq type='set' id='s1'><query xmlns='jabber:iq:roster'><item jid='Nurse@Example.test/x' name='Nurse'><group>Servants</group></item></query></iq>",
    );
    const push =
      "<iq type='set' from='juliet@example.test' id='*'><query xmlns='jabber:iq:roster' ver='*'><item jid='nurse@example.test' name='Nurse' subscription='none'><group>Servants</group></item></query></iq>";
    await balcony.receivesInAnyOrder("<iq type='result' id='s1'/>", push);
    await chamber.receives(push);
    await idle.receivesNothing();
    const changed = "<item jid='nurse@example.test' name='Nanny'/>";
    await balcony.gets(set(changed));
    const { children } = find(
      await chamber.receives(`<iq type='set'><query xmlns='jabber:iq:roster'>${changed}</query></iq>`),
      'query',
      'item',
    )!;
    assert.deepEqual(children, [], 'the groups are those of the last change');
  });

  test('what the client says of subscriptions does not count (§2.1.2)', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect('juliet@example.test/balcony');
    await scene.friends('juliet@example.test', 'romeo@example.test', 'to');
    await juliet.gets(
      set("<item jid='romeo@example.test' subscription='both' ask='subscribe' approved='true' name='R'/>"),
    );
    await juliet.gets(set("<item jid='nurse@example.test' subscription='from'/>"));
    const romeo = await scene.item('juliet@example.test', 'romeo@example.test');
    assert.deepEqual([romeo?.subscription, romeo?.ask, romeo?.approved, romeo?.name], ['to', false, false, 'R']);
    assert.equal((await scene.item('juliet@example.test', 'nurse@example.test'))?.subscription, 'none');
  });

  const refused: [string, string, string][] = [
    ['two items (§2.3.3)', "<item jid='a@b.test'/><item jid='c@b.test'/>", 'bad-request'],
    ['no item', '', 'bad-request'],
    ['something else', "<contact jid='a@b.test'/>", 'bad-request'],
    ['a group twice (§2.3.3)', "<item jid='a@b.test'><group>x</group><group>x</group></item>", 'bad-request'],
    ['an empty group (§2.3.3)', "<item jid='a@b.test'><group/></item>", 'not-acceptable'],
    ['a long group (§2.3.3)', `<item jid='a@b.test'><group>${'x'.repeat(1_024)}</group></item>`, 'not-acceptable'],
    ['a long name (§2.3.3)', `<item jid='a@b.test' name='${'x'.repeat(1_024)}'/>`, 'not-acceptable'],
    ['no address', '<item/>', 'jid-malformed'],
    ['an address that is none', "<item jid='a b@c.test'/>", 'jid-malformed'],
    ['oneself', "<item jid='juliet@example.test'/>", 'not-allowed'],
    ['removing who is not there (§2.5.3)', "<item jid='a@b.test' subscription='remove'/>", 'item-not-found'],
  ];
  for (const [name, item, condition] of refused) {
    test(`refused: ${name}`, async (t) => {
      const scene = await openScene(t);
      const juliet = await scene.connect('juliet@example.test/balcony');
      await juliet.gets(GET);
      await juliet.isRefused(set(item), condition);
      await juliet.receivesNothing();
    });
  }

  test('a full list refuses one more, but lets change and remove', async (t) => {
    const scene = await openScene(t, { limits: { rosterItemsPerAccount: 3 } });
    const juliet = await scene.connect('juliet@example.test/balcony');
    for (const name of ['a', 'b', 'c']) await juliet.gets(set(`<item jid='${name}@b.test'/>`));
    await juliet.isRefused(set("<item jid='d@b.test'/>"), 'resource-constraint');
    await juliet.sends("<presence type='subscribe' to='d@example.test' id='p1'/>");
    await juliet.receives(
      "<presence type='error' id='p1'><error><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
    );
    await juliet.gets(set("<item jid='a@b.test' name='A'/>"));
    await juliet.gets(set("<item jid='a@b.test' subscription='remove'/>"));
    await juliet.gets(set("<item jid='d@b.test'/>"));
  });
});

describe('RFC 6121 §2.5: removing', () => {
  for (const state of ['none', 'to', 'from', 'both'] as const) {
    test(`a contact of subscription ${state} loses what either side had`, async (t) => {
      const scene = await openScene(t);
      await scene.friends('juliet@example.test', 'romeo@example.test', state);
      const juliet = await scene.comes('juliet@example.test/balcony');
      const romeo = await scene.comes('romeo@example.test/orchard');
      await juliet.all();
      await juliet.gets(set("<item jid='romeo@example.test' subscription='remove'/>"));
      await juliet.receives(
        "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='romeo@example.test' subscription='remove'/></query></iq>",
      );
      await scene.settle();
      assert.equal(await scene.item('juliet@example.test', 'romeo@example.test'), undefined);
      assert.equal((await scene.item('romeo@example.test', 'juliet@example.test'))?.subscription, 'none');
      const got = (await romeo.all()).map(({ name, attrs }) => `${name} ${attrs.type} ${attrs.from}`);
      const expected = [];
      if (state === 'to' || state === 'both') expected.push('presence unsubscribe juliet@example.test');
      if (state === 'from' || state === 'both') {
        expected.push('presence unsubscribed juliet@example.test', 'presence unavailable juliet@example.test/balcony');
      }
      assert.deepEqual(got.filter((text) => text.startsWith('presence')).sort(), expected.sort());
      const seen = (await juliet.all()).map(({ attrs }) => `${attrs.type} ${attrs.from}`);
      const goodbye = state === 'to' || state === 'both' ? ['unavailable romeo@example.test/orchard'] : [];
      assert.deepEqual(seen, goodbye);
    });
  }
});

describe('RFC 6121 §2.6: versions', () => {
  const since = (ver: string) => `<iq type='get'><query xmlns='jabber:iq:roster' ver='${ver}'/></iq>`;

  test('nothing changed: an empty result', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect('juliet@example.test/balcony');
    await juliet.gets(set("<item jid='nurse@example.test'/>"));
    const answer = await juliet.gets(since(await versionOf(juliet)));
    assert.deepEqual(answer.children, []);
    await scene.settle();
    assert.deepEqual(
      (await juliet.all()).filter(({ attrs }) => attrs.type === 'set'),
      [],
    );
  });

  test('what changed comes as pushes after the result, removals too', async (t) => {
    const scene = await openScene(t);
    const balcony = await scene.connect('juliet@example.test/balcony');
    for (const name of ['nurse', 'peter', 'paris']) await balcony.gets(set(`<item jid='${name}@example.test'/>`));
    const version = await versionOf(balcony);
    await balcony.gets(set("<item jid='romeo@example.test'/>"));
    await balcony.gets(set("<item jid='paris@example.test' subscription='remove'/>"));
    await balcony.gets(set("<item jid='nurse@example.test' name='Nurse'/>"));
    const chamber = await scene.connect('juliet@example.test/chamber');
    await chamber.sends(since(version).replace('<iq', "<iq id='r1'"));
    assert.deepEqual((await chamber.receives("<iq type='result' id='r1'/>")).children, []);
    const push = (item: string) =>
      `<iq type='set' from='juliet@example.test'><query xmlns='jabber:iq:roster' ver='*'>${item}</query></iq>`;
    await chamber.receivesInAnyOrder(
      push("<item jid='romeo@example.test' subscription='none'/>"),
      push("<item jid='nurse@example.test' name='Nurse'/>"),
      push("<item jid='paris@example.test' subscription='remove'/>"),
    );
    await chamber.receivesNothing();
  });

  test('a version that nobody gave out gets the whole roster', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect('juliet@example.test/balcony');
    await juliet.gets(set("<item jid='nurse@example.test'/>"));
    for (const version of ['', '999', '-1', 'abc', '1e3', '9'.repeat(40)]) {
      const query = find(await juliet.gets(since(version)), 'query');
      assert.equal(query === undefined ? 0 : elements(query).length, 1, `version ${version}`);
    }
  });

  test('the version rises with every change, and ids of pushes differ', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect('juliet@example.test/balcony');
    const before = Number(await versionOf(juliet));
    for (const name of ['a', 'b', 'c']) await juliet.gets(set(`<item jid='${name}@example.test'/>`));
    const pushes = await juliet.all();
    const versions = pushes.map((push) => Number(find(push, 'query')!.attrs.ver));
    assert.deepEqual(
      versions,
      versions.toSorted((a, b) => a - b),
    );
    assert.ok(versions[0]! > before);
    assert.equal(new Set(pushes.map(({ attrs }) => attrs.id)).size, 3);
  });
});

test('two devices that change at once lose nothing', async (t) => {
  const scene = await openScene(t);
  const one = await scene.connect('juliet@example.test/one');
  const other = await scene.connect('juliet@example.test/other');
  await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      (i % 2 === 0 ? one : other).sends(set(`<item jid='c${i}@example.test'/>`).replace('<iq', `<iq id='${i}'`)),
    ),
  );
  await scene.settle();
  assert.equal(elements(find(await one.gets(GET), 'query')!).length, 20);
});

test('SECURITY 40: a roster push that a client makes up goes nowhere', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.comes('juliet@example.test/balcony');
  const mallory = await scene.connect('mallory@example.test/x');
  await mallory.sends(
    "<iq type='set' id='f1' to='juliet@example.test/balcony'><query xmlns='jabber:iq:roster'><item jid='mallory@example.test' subscription='both'/></query></iq>",
  );
  // It arrives as what it is: a request of Mallory's device, which clients refuse (RFC 6121 §2.1.6).
  await juliet.receives("<iq type='set' id='f1' from='mallory@example.test/x'/>");
});

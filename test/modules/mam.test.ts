import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Element, serialize, textOf } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { find } from '../support/xml.ts';

const J = 'juliet@example.test';
const R = 'romeo@example.test';

interface Page {
  readonly bodies: string[];
  readonly ids: string[];
  readonly complete: boolean;
  readonly count: string;
  readonly set: Element;
  readonly results: Element[];
}

const field = (name: string, value: string) => `<field var='${name}'><value>${value}</value></field>`;

/** Asks an archive; `form` are fields, `set` is what stands in the RSM element. */
function query(form: Record<string, string> = {}, set = '', attributes = ''): string {
  const fields = Object.entries(form).map(([name, value]) => field(name, value));
  const x =
    fields.length === 0
      ? ''
      : `<x xmlns='jabber:x:data' type='submit'>${field('FORM_TYPE', 'urn:xmpp:mam:2')}${fields.join('')}</x>`;
  const rsm = set === '' ? '' : `<set xmlns='http://jabber.org/protocol/rsm'>${set}</set>`;
  return `<iq type='set'><query xmlns='urn:xmpp:mam:2' queryid='q1' ${attributes}>${x}${rsm}</query></iq>`;
}

async function page(actor: Actor, form: Record<string, string> = {}, set = ''): Promise<Page> {
  await actor.all();
  const fin = find(await actor.gets(query(form, set)), 'fin')!;
  const results = await actor.all();
  for (const result of results) {
    assert.equal(result.attrs.from, actor.session.jid.bare);
    assert.equal(find(result, 'result')?.attrs.queryid, 'q1');
  }
  const answer = find(fin, 'set')!;
  const ids: string[] = results.map((result) => find(result, 'result')!.attrs.id);
  assert.equal(textOf(find(answer, 'first')), ids[0] ?? '');
  assert.equal(textOf(find(answer, 'last')), ids.at(-1) ?? '');
  return {
    bodies: results.map((result) => textOf(find(result, 'result', 'forwarded', 'message', 'body'))),
    ids,
    complete: fin.attrs.complete === 'true',
    count: textOf(find(answer, 'count')),
    set: answer,
    results,
  };
}

async function correspondence(scene: Scene): Promise<{ juliet: Actor; romeo: Actor }> {
  const juliet = await scene.comes(`${J}/balcony`);
  const romeo = await scene.comes(`${R}/orchard`);
  return { juliet, romeo };
}

const chat = (to: string, body: string, more = '') =>
  `<message to='${to}' type='chat'><body>${body}</body>${more}</message>`;

describe('XEP-0313 §4, §5: the archive of one’s own', () => {
  test('has both sides of a conversation, forwarded with their time, under the ids they were delivered with', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await correspondence(scene);
    await juliet.sends(chat(R, 'Wherefore?', "<origin-id xmlns='urn:xmpp:sid:0' id='o1'/>"));
    const delivered = await romeo.receives(
      "<message><body>Wherefore?</body><origin-id xmlns='urn:xmpp:sid:0' id='o1'/></message>",
    );
    await romeo.sends(chat(`${J}/balcony`, 'Call me but love'));
    await juliet.receives('<message><body>Call me but love</body></message>');
    const his = await page(romeo);
    assert.deepEqual(his.bodies, ['Wherefore?', 'Call me but love']);
    assert.equal(his.complete, true);
    assert.equal(his.count, '2');
    const stamped = find(delivered, 'stanza-id')!;
    assert.deepEqual([stamped.attrs.by, stamped.attrs.id], [R, his.ids[0]]);
    const [first] = his.results;
    const message = find(first!, 'result', 'forwarded', 'message')!;
    assert.deepEqual([message.attrs.xmlns, message.attrs.from, message.attrs.to], ['jabber:client', `${J}/balcony`, R]);
    assert.equal(find(message, 'origin-id')?.attrs.id, 'o1');
    const stamp = find(first!, 'result', 'forwarded', 'delay')!.attrs.stamp;
    assert.ok(Math.abs(Date.parse(stamp) - Date.now()) < 5_000);
    assert.deepEqual((await page(juliet)).ids, his.ids);
  });

  test('is nobody else’s', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await correspondence(scene);
    await juliet.sends(chat(R, 'secret'));
    const tybalt = await scene.comes('tybalt@example.test/x');
    await romeo.all();
    for (const to of [R, J, 'example.test', 'nobody@example.test']) {
      await tybalt.isRefused(query().replace('<iq', `<iq to='${to}'`), 'service-unavailable');
    }
    await juliet.isRefused(query().replace('<iq', `<iq to='${R}'`), 'service-unavailable');
    await tybalt.receivesNothing();
    await romeo.receivesNothing();
    assert.deepEqual((await page(tybalt)).bodies, []);
    // Asked of a device, it is that device's to answer.
    await tybalt.sends(query().replace('<iq', `<iq id='x' to='${R}/orchard'`));
    await romeo.receives("<iq type='set' id='x'><query xmlns='urn:xmpp:mam:2'/></iq>");
  });

  test('has a message to oneself once', async (t) => {
    const scene = await openScene(t);
    const { juliet } = await correspondence(scene);
    await juliet.sends(chat(J, 'note'));
    assert.deepEqual((await page(juliet)).bodies, ['note']);
  });

  test('has what could not be delivered at once', async (t) => {
    const scene = await openScene(t);
    await scene.account(R);
    const juliet = await scene.comes(`${J}/balcony`);
    await juliet.sends(chat(R, 'wait for me'));
    const romeo = await scene.comes(`${R}/orchard`);
    assert.deepEqual((await page(romeo)).bodies, ['wait for me']);
  });

  test('has nothing that passes: states, headlines, errors, what shall not be stored', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await correspondence(scene);
    await juliet.sends(
      `<message to='${R}' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`,
    );
    await juliet.sends(`<message to='${R}' type='headline'><body>news</body></message>`);
    await juliet.sends(`<message to='${R}' type='error'><body>x</body><error type='cancel'/></message>`);
    await juliet.sends(chat(R, 'psst', "<no-store xmlns='urn:xmpp:hints'/>"));
    await juliet.sends(chat(R, 'psst', "<no-permanent-store xmlns='urn:xmpp:hints'/>"));
    const got = await romeo.all();
    assert.equal(got.length, 4, 'all but the error, which is for a device');
    for (const message of got) assert.doesNotMatch(serialize(message), /stanza-id/);
    assert.deepEqual((await page(romeo)).bodies, []);
    assert.deepEqual((await page(juliet)).bodies, []);
  });
});

describe('XEP-0313 §4.1, XEP-0059: what is asked for', () => {
  async function ten(scene: Scene) {
    const { juliet } = await correspondence(scene);
    await scene.account('nurse@example.test');
    for (let i = 0; i < 10; i++) await juliet.sends(chat(i % 2 === 0 ? R : 'nurse@example.test', `m${i}`));
    await scene.settle();
    const { ids } = await page(juliet);
    return { juliet, ids };
  }
  const m = (...numbers: number[]) => numbers.map((n) => `m${n}`);

  test('pages forwards and backwards', async (t) => {
    const scene = await openScene(t);
    const { juliet, ids } = await ten(scene);
    const first = await page(juliet, {}, '<max>3</max>');
    assert.deepEqual([first.bodies, first.complete, first.count], [m(0, 1, 2), false, '10']);
    const second = await page(juliet, {}, `<max>3</max><after>${ids[2]}</after>`);
    assert.deepEqual([second.bodies, second.complete], [m(3, 4, 5), false]);
    const end = await page(juliet, {}, `<max>3</max><after>${ids[6]}</after>`);
    assert.deepEqual([end.bodies, end.complete], [m(7, 8, 9), true]);
    const last = await page(juliet, {}, '<max>3</max><before/>');
    assert.deepEqual([last.bodies, last.complete], [m(7, 8, 9), false]);
    const before = await page(juliet, {}, `<max>3</max><before>${ids[2]}</before>`);
    assert.deepEqual([before.bodies, before.complete], [m(0, 1), true]);
    const between = await page(juliet, {}, `<max>9</max><after>${ids[2]}</after><before>${ids[6]}</before>`);
    assert.deepEqual(between.bodies, m(3, 4, 5));
    assert.deepEqual((await page(juliet, {}, `<after>${ids[9]}</after>`)).bodies, []);
  });

  test('the size of a page: none, too much', async (t) => {
    const scene = await openScene(t);
    const { juliet } = await ten(scene);
    const counted = await page(juliet, {}, '<max>0</max>');
    assert.deepEqual([counted.bodies, counted.count, counted.complete], [[], '10', false]);
    assert.equal((await page(juliet, {}, '<max>100000</max>')).bodies.length, 10);
    for (let i = 0; i < 300; i++) await juliet.sends(chat(R, 'x'));
    assert.equal((await page(juliet, {}, '<max>100000</max>')).bodies.length, 250);
    assert.equal((await page(juliet)).bodies.length, 50);
  });

  test('with one correspondent', async (t) => {
    const scene = await openScene(t);
    const { juliet, ids } = await ten(scene);
    assert.deepEqual((await page(juliet, { with: R })).bodies, m(0, 2, 4, 6, 8));
    assert.deepEqual((await page(juliet, { with: 'NURSE@example.test' }, '<max>2</max><before/>')).bodies, m(7, 9));
    assert.deepEqual((await page(juliet, { with: R }, `<after>${ids[4]}</after>`)).bodies, m(6, 8));
    assert.deepEqual((await page(juliet, { with: 'paris@example.test' })).bodies, []);
  });

  test('between two times', async (t) => {
    const scene = await openScene(t);
    const { juliet, ids } = await ten(scene);
    const all = await page(juliet);
    const stamps = all.results.map((result) => find(result, 'result', 'forwarded', 'delay')!.attrs.stamp as string);
    const from = await page(juliet, { start: stamps[0]!, end: stamps[9]! });
    assert.deepEqual(from.ids, ids);
    assert.deepEqual((await page(juliet, { end: '2020-06-07T00:00:00Z' })).bodies, []);
    assert.deepEqual((await page(juliet, { start: '2099-06-07T00:00:00+02:00' })).bodies, []);
  });

  test('an id that is not there (§4.3.1), of another archive, or no id', async (t) => {
    const scene = await openScene(t);
    const { juliet, ids } = await ten(scene);
    const romeo = await scene.comes(`${R}/street`);
    for (const id of ['1', '99999999999999999999', 'abc', "x'", '-1', '1.5', '']) {
      if (id !== '')
        await juliet.isRefused(query({}, `<before>${id.replace("'", '&apos;')}</before>`), 'item-not-found');
      await juliet.isRefused(query({}, `<after>${id.replace("'", '&apos;')}</after>`), 'item-not-found');
    }
    await romeo.isRefused(query({}, `<after>${ids[1]}</after>`), 'item-not-found');
    await romeo.gets(query({}, `<after>${ids[0]}</after>`));
  });

  const refused: [string, string, string][] = [
    ['a field that is not known (§4.1.5)', query({ 'urn:x#y': '1' }), 'feature-not-implemented'],
    ['a time that is none', query({ start: 'yesterday' }), 'bad-request'],
    ['an address that is none', query({ with: 'a b@c.test' }), 'bad-request'],
    ['a size that is none', query({}, '<max>many</max>'), 'bad-request'],
    ['paging by number', query({}, '<index>3</index>'), 'feature-not-implemented'],
    ['a form of another kind', query({ with: R }).replace('>urn:xmpp:mam:2<', '>urn:x<'), 'bad-request'],
  ];
  for (const [name, xml, condition] of refused) {
    test(`refused: ${name}`, async (t) => {
      const scene = await openScene(t);
      const juliet = await scene.connect(`${J}/balcony`);
      await juliet.isRefused(xml, condition);
    });
  }

  test('§4.1.5: which fields there are', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/balcony`);
    await juliet.sends("<iq type='get' id='f'><query xmlns='urn:xmpp:mam:2'/></iq>");
    await juliet.receives(`<iq type='result' id='f'><query xmlns='urn:xmpp:mam:2'><x xmlns='jabber:x:data' type='form'>
      <field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field>
      <field var='with' type='jid-single'/><field var='start'/><field var='end'/></x></query></iq>`);
  });
});

describe('XEP-0441: preferences', () => {
  const prefs = (standard: string, always = '', never = '') =>
    `<iq type='set'><prefs xmlns='urn:xmpp:mam:2' default='${standard}'><always>${always}</always><never>${never}</never></prefs></iq>`;

  test('are told and kept', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/balcony`);
    const get = "<iq type='get'><prefs xmlns='urn:xmpp:mam:2'/></iq>";
    assert.equal(find(await juliet.gets(get), 'prefs')?.attrs.default, 'always');
    await juliet.gets(prefs('roster', `<jid>${R}</jid>`, '<jid>Paris@example.test</jid>'));
    const now = find(await juliet.gets(get), 'prefs')!;
    assert.equal(
      serialize(now),
      `<prefs xmlns='urn:xmpp:mam:2' default='roster'><always><jid>${R}</jid></always><never><jid>paris@example.test</jid></never></prefs>`,
    );
  });

  for (const standard of ['always', 'never', 'roster'] as const) {
    test(`${standard}: decides for each side apart`, async (t) => {
      const scene = await openScene(t);
      const { juliet, romeo } = await correspondence(scene);
      await scene.contact(J, 'nurse@example.test');
      const nurse = await scene.comes('nurse@example.test/x');
      const paris = await scene.comes('paris@example.test/x');
      await juliet.gets(prefs(standard, '<jid>romeo@example.test</jid>', '<jid>paris@example.test</jid>'));
      const tybalt = await scene.comes('tybalt@example.test/x');
      for (const [who, name] of [
        [romeo, 'romeo'],
        [nurse, 'nurse'],
        [paris, 'paris'],
        [tybalt, 'tybalt'],
      ] as const) {
        await who.sends(chat(J, `from ${name}`));
        await juliet.sends(chat(`${name}@example.test`, `to ${name}`));
      }
      const stamped = (await juliet.all())
        .filter((one) => find(one, 'stanza-id') !== undefined)
        .map((one) => textOf(find(one, 'body')));
      const kept = { always: ['romeo', 'nurse', 'tybalt'], never: ['romeo'], roster: ['romeo', 'nurse'] }[standard];
      assert.deepEqual(
        (await page(juliet)).bodies,
        kept.flatMap((name) => [`from ${name}`, `to ${name}`]),
      );
      assert.deepEqual(
        stamped,
        kept.map((name) => `from ${name}`),
      );
      assert.deepEqual((await page(paris)).bodies, ['from paris', 'to paris']);
    });
  }

  for (const [name, xml] of [
    ['no default', prefs('').replace("default=''", '')],
    ['a default that there is not', prefs('sometimes')],
    ['an address that is none', prefs('always', '<jid>a b@c.test</jid>')],
    ['too many addresses', prefs('always', '<jid>a@b.test</jid>'.repeat(1_001))],
  ] as const) {
    test(`refused: ${name}`, async (t) => {
      const scene = await openScene(t);
      const juliet = await scene.connect(`${J}/balcony`);
      await juliet.isRefused(xml, 'bad-request');
    });
  }
});

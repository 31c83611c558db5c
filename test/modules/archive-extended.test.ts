import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { serialize, textOf } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import { archived, readsArchive } from '../support/archive.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { find } from '../support/xml.ts';

const JULIET = 'juliet@example.test';
const ROMEO = 'romeo@example.test';
const FULLTEXT = '{urn:xmpp:fulltext:0}fulltext';
const METADATA = "<iq type='get'><metadata xmlns='urn:xmpp:mam:2'/></iq>";

const field = (name: string, ...values: string[]) =>
  `<field var='${name}'>${values.map((value) => `<value>${value}</value>`).join('')}</field>`;
const query = (fields: string, more = '') =>
  `<iq type='set'><query xmlns='urn:xmpp:mam:2'><x xmlns='jabber:x:data' type='submit'>${field('FORM_TYPE', 'urn:xmpp:mam:2')}${fields}</x>${more}</query></iq>`;

/** Five messages, a to e, from Romeo to Juliet. */
async function letterbox(t: TestContext): Promise<{ scene: Scene; juliet: Actor; ids: string[] }> {
  const scene = await openScene(t);
  const ids = await archived(
    scene,
    ROMEO,
    JULIET,
    [...'abcde'].map((body) => ({ body })),
  );
  return { scene, juliet: await scene.comes(`${JULIET}/balcony`), ids: ids.map(String) };
}

/** The bodies that a query brings, in the order in which they come. */
async function gets(who: Actor, xml: string): Promise<string> {
  await who.gets(xml);
  const results = await who.all();
  return results.map((one) => textOf(find(one, 'result', 'forwarded', 'message', 'body'))).join(' ');
}

describe('XEP-0313 §4.1.3: limited by id', () => {
  test('before-id and after-id, alone, together, and with pages inside', async (t) => {
    const { juliet, ids } = await letterbox(t);
    const told = async (fields: Record<string, string>, set = '') => {
      const page = await readsArchive(juliet, fields, set);
      return `${page.bodies.join('')} ${page.complete} ${page.count}`;
    };
    assert.equal(await told({ 'after-id': ids[1]! }), 'cde true 3');
    assert.equal(await told({ 'before-id': ids[1]! }), 'a true 1');
    assert.equal(
      await told({ 'before-id': ids[3]! }, '<max>2</max>'),
      'ab false 3',
      'it does not page backwards (§10)',
    );
    assert.equal(await told({ 'after-id': ids[0]!, 'before-id': ids[4]! }), 'bcd true 3');
    assert.equal(await told({ 'after-id': ids[0]!, 'before-id': ids[4]! }, '<max>2</max><before/>'), 'cd false 3');
    assert.equal(await told({ 'after-id': ids[0]! }, `<max>2</max><after>${ids[2]}</after>`), 'de true 4');
    assert.equal(await told({ 'after-id': ids[2]! }, `<after>${ids[0]}</after>`), 'de true 2');
  });

  test('ids: single messages, in order of time', async (t) => {
    const { juliet, ids } = await letterbox(t);
    assert.equal(await gets(juliet, query(field('ids', ids[3]!, ids[1]!))), 'b d');
    assert.equal(await gets(juliet, query(field('ids', ids[2]!, ids[2]!))), 'c');
    assert.equal(await gets(juliet, query(field('ids', ids[2]!) + field('with', 'nurse@example.test'))), '');
  });

  test('item-not-found for what is not there, is no id, or is in another archive', async (t) => {
    const { scene, juliet, ids } = await letterbox(t);
    const nurse = await scene.comes('nurse@example.test/x');
    for (const name of ['before-id', 'after-id', 'ids']) {
      for (const id of ['1', 'abc', '', '99999999999999999999', `${ids[0]}0`]) {
        await juliet.isRefused(query(field(name, id)), 'item-not-found');
      }
      await nurse.isRefused(query(field(name, ids[0]!)), 'item-not-found');
    }
    await juliet.isRefused(query(field('ids', ids[0]!, '1')), 'item-not-found');
    await juliet.receivesNothing();
  });

  test('more ids than a page has are refused', async (t) => {
    const { juliet } = await letterbox(t);
    const many = Array.from({ length: 251 }, (_, i) => String(i + 1));
    await juliet.isRefused(query(field('ids', ...many)), 'policy-violation');
  });
});

describe('XEP-0313: what else an archive can do', () => {
  test('§4.1.1: a full address means that device only, a bare one all of them', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes(`${JULIET}/balcony`);
    const street = await scene.comes(`${ROMEO}/street`);
    const orchard = await scene.comes(`${ROMEO}/orchard`);
    const says = (from: Actor, to: string, body: string) =>
      from.sends(`<message to='${to}' type='chat'><body>${body}</body></message>`);
    await says(street, JULIET, '1');
    await says(orchard, JULIET, '2');
    await says(juliet, `${ROMEO}/street`, '3');
    await says(juliet, ROMEO, "4 from='romeo@example.test/street' ");
    await says(juliet, `${JULIET}/other`, '5');
    await juliet.all();
    const bodies = async (address: string) =>
      (await readsArchive(juliet, { with: address })).bodies.map((one) => one[0]);
    assert.deepEqual(await bodies(ROMEO), ['1', '2', '3', '4']);
    assert.deepEqual(await bodies(`${ROMEO}/street`), ['1', '3']);
    assert.deepEqual(await bodies(`${ROMEO}/orchard`), ['2']);
    assert.deepEqual(await bodies(`${ROMEO}/str`), []);
    assert.deepEqual(await bodies(JULIET), ['5'], 'notes to oneself');
    const page = await readsArchive(juliet, { with: `${ROMEO}/street` }, '<max>1</max><before/>');
    assert.deepEqual([page.bodies, page.complete, page.count], [['3'], false, undefined]);
  });

  test('§4.3.4: a flipped page is the same page, sent from its end', async (t) => {
    const { juliet, ids } = await letterbox(t);
    const set = `<set xmlns='http://jabber.org/protocol/rsm'><max>3</max><after>${ids[0]}</after></set>`;
    assert.equal(await gets(juliet, query('', set)), 'b c d');
    const fin = await juliet.gets(query('', `${set}<flip-page/>`));
    const order = (await juliet.all()).map((one) => textOf(find(one, 'result', 'forwarded', 'message', 'body')));
    assert.deepEqual(order, ['d', 'c', 'b']);
    assert.equal(textOf(find(fin, 'fin', 'set', 'last')), ids[3], 'the next page goes on from there');
  });

  test('§5: the ends of the archive; nothing of an empty one', async (t) => {
    const { scene, juliet, ids } = await letterbox(t);
    const metadata = find(await juliet.gets(METADATA), 'metadata')!;
    assert.deepEqual([find(metadata, 'start')?.attrs.id, find(metadata, 'end')?.attrs.id], [ids[0], ids[4]]);
    assert.ok(Math.abs(Date.parse(find(metadata, 'end')?.attrs.timestamp) - Date.now()) < 10_000);
    const nurse = await scene.comes('nurse@example.test/x');
    assert.deepEqual(find(await nurse.gets(METADATA), 'metadata')?.children, []);
    await nurse.isRefused(METADATA.replace('<iq', `<iq to='${JULIET}'`), 'service-unavailable');
  });

  test('§7: says so; §4.1.5: the form has all fields, and the list of ids is open', async (t) => {
    const { juliet } = await letterbox(t);
    const info = await juliet.gets(
      `<iq type='get' to='${JULIET}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
    );
    for (const feature of [
      'mam:2',
      'mam:2#extended',
      'mam:2#groupchat-field',
      'fulltext:0',
      'message-retract:1#tombstone',
    ]) {
      assert.match(serialize(info), new RegExp(`var='urn:xmpp:${feature}'`));
    }
    await juliet.sends("<iq type='get' id='f'><query xmlns='urn:xmpp:mam:2'/></iq>");
    await juliet.receives(`<iq type='result' id='f'><query xmlns='urn:xmpp:mam:2'><x xmlns='jabber:x:data' type='form'>
      <field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field>
      <field var='with' type='jid-single'/><field var='start' type='text-single'/><field var='end' type='text-single'/>
      <field var='before-id' type='text-single'/><field var='after-id' type='text-single'/>
      <field var='ids' type='list-multi'><validate xmlns='http://jabber.org/protocol/xdata-validate' datatype='xs:string'>
        <open/></validate></field>
      <field var='include-groupchat' type='boolean'/><field var='${FULLTEXT}' type='text-single'/></x></query></iq>`);
  });

  test('§4.1.4: rooms’ messages may be asked for or not; they are in the rooms’ archives', async (t) => {
    const { juliet } = await letterbox(t);
    for (const wish of ['true', 'false', '1', '0']) {
      assert.equal(await gets(juliet, query(field('include-groupchat', wish))), 'a b c d e');
    }
    await juliet.isRefused(query(field('include-groupchat', 'perhaps')), 'bad-request');
  });

  test('a spoofed delay changes neither when a message came nor what is found by time', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes(`${JULIET}/balcony`);
    const romeo = await scene.comes(`${ROMEO}/street`);
    for (const from of ['', " from='example.test'", ` from='${JULIET}'`]) {
      await romeo.sends(
        `<message to='${JULIET}' type='chat'><body>old</body><delay xmlns='urn:xmpp:delay'${from} stamp='2001-01-01T00:00:00Z'/></message>`,
      );
    }
    await juliet.all();
    assert.deepEqual((await readsArchive(juliet, { end: '2020-01-01T00:00:00Z' })).bodies, []);
    const { found } = await readsArchive(juliet, { [FULLTEXT]: 'old', start: '2020-01-01T00:00:00Z' });
    assert.equal(found.length, 3);
    for (const one of found) assert.ok(Math.abs(one.time - Date.now()) < 10_000);
  });
});

describe('XEP-0431: full text search', () => {
  async function letters(t: TestContext) {
    const scene = await openScene(t);
    await archived(scene, ROMEO, JULIET, [
      { body: 'Wherefore art thou' },
      { body: 'the lark, the herald of the morn' },
      { body: 'it was the nightingale' },
    ]);
    await archived(scene, 'nurse@example.test', JULIET, [{ body: 'the lark again' }]);
    await archived(scene, ROMEO, 'nurse@example.test', [{ body: 'a lark between us' }]);
    return { scene, juliet: await scene.comes(`${JULIET}/balcony`) };
  }
  const search = async (who: Actor, text: string, more: Record<string, string> = {}, set = '') =>
    (await readsArchive(who, { [FULLTEXT]: text, ...more }, set)).bodies;

  test('one’s own archive, whole or in part, page by page', async (t) => {
    const { juliet } = await letters(t);
    assert.deepEqual(await search(juliet, 'LARK'), ['the lark, the herald of the morn', 'the lark again']);
    assert.deepEqual(await search(juliet, 'nightin'), ['it was the nightingale']);
    assert.deepEqual(await search(juliet, 'lark', { with: ROMEO }), ['the lark, the herald of the morn']);
    const page = await readsArchive(juliet, { [FULLTEXT]: 'the' }, '<max>2</max><before/>');
    assert.deepEqual(
      [page.bodies, page.complete, page.count],
      [['it was the nightingale', 'the lark again'], false, undefined],
    );
    const next = await readsArchive(juliet, { [FULLTEXT]: 'the' }, `<max>2</max><before>${page.first}</before>`);
    assert.deepEqual([next.bodies, next.complete], [['the lark, the herald of the morn'], true]);
  });

  test('somebody else’s archive is not searched, whatever is asked for', async (t) => {
    const { scene, juliet } = await letters(t);
    assert.deepEqual(await search(juliet, 'between'), []);
    const owner = (await scene.account('nurse@example.test')).id;
    for (const text of [`@${owner}`, `lark OR "@${owner}"`, `lark" OR "@${owner}" OR "`, 'us* OR a']) {
      for (const body of await search(juliet, text)) assert.notEqual(body, 'a lark between us');
    }
    await juliet.isRefused(
      query(field(FULLTEXT, 'lark')).replace('<iq', "<iq to='nurse@example.test'"),
      'service-unavailable',
    );
    await juliet.receivesNothing();
  });

  test('FTS syntax is only text; an empty text is no wish, one without words finds nothing', async (t) => {
    const { juliet } = await letters(t);
    for (const text of [
      '"',
      '" OR "',
      'lark AND (',
      'keys:',
      '*',
      '^',
      '-',
      "'); DROP TABLE message; --",
      'NEAR(',
      ':-)',
    ]) {
      assert.deepEqual(await search(juliet, text), [], text);
    }
    assert.equal((await search(juliet, '')).length, 4);
  });

  test('monster queries are refused', async (t) => {
    const { juliet } = await letters(t);
    for (const text of ['a '.repeat(17), 'a'.repeat(1_001), '"'.repeat(2_000), '.a'.repeat(400)]) {
      await juliet.isRefused(query(field(FULLTEXT, text)), 'policy-violation');
    }
  });

  test('a flood of searches is refused, and ordinary pages are not', async (t) => {
    const { juliet } = await letters(t);
    for (let n = 0; n < 60; n++) await search(juliet, 'lark');
    const refused = await juliet.isRefused(query(field(FULLTEXT, 'lark')), 'resource-constraint');
    assert.equal(find(refused, 'error')?.attrs.type, 'wait');
    assert.equal((await readsArchive(juliet)).bodies.length, 4);
  });

  test('who is gone meanwhile is searched no more for', async (t) => {
    const { scene, juliet } = await letters(t);
    const asked = juliet.sends(query(field(FULLTEXT, 'lark')).replace('<iq', "<iq id='x'"));
    juliet.leaves();
    await asked;
    await scene.settle();
  });
});

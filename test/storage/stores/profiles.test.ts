import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type DirectoryQuery, directoryStatement } from '../../../server/storage/stores/directory.ts';
import { house } from './support.ts';

const NAMES = { given: '', family: '', nick: '', email: '' };
const ANY: DirectoryQuery = { ...NAMES, domain: 'office.test', words: '', written: false, after: '', limit: 50 };
const card = (xml: string, audience: 'all' | 'contacts' = 'all') => ({ xml, audience });
const png = (hash: string) => ({ type: 'image/png', data: Buffer.from(hash), hash });

describe('profiles', () => {
  it('hold a card and a photo, each put in place of the one before', async (t) => {
    const { profiles, person, afresh } = await house(t);
    const { id } = await person('juliet');
    assert.equal(await profiles.card(id), undefined);
    await profiles.setBoth(id, card('<a/>'), NAMES, png('11'));
    await profiles.setCard(id, card('<b/>', 'contacts'), NAMES);
    await profiles.setPhoto(id, png('22'), 'contacts');
    for (const store of [profiles, afresh().profiles]) {
      assert.deepEqual(await store.card(id), card('<b/>', 'contacts'));
      assert.equal((await store.photo(id))?.type, 'image/png');
      assert.equal(Buffer.from((await store.photo(id))!.data).toString(), '22');
      assert.deepEqual(await store.mark(id), { hash: '22', audience: 'contacts' });
    }
    assert.ok(!(profiles.mark(id) instanceof Promise), 'what presence needs is at hand');
  });

  it('tell a photo that was taken away from one that never was', async (t) => {
    const { profiles, person } = await house(t);
    const { id } = await person('juliet');
    await profiles.setBoth(id, card('<a/>'), NAMES, undefined);
    assert.equal(await profiles.mark(id), undefined);
    await profiles.setPhoto(id, png('11'), 'all');
    await profiles.setPhoto(id, undefined, 'all');
    assert.equal((await profiles.mark(id))?.hash, '');
    assert.equal(await profiles.photo(id), undefined);
  });
});

describe('the directory', () => {
  async function office(t: Parameters<typeof house>[0]) {
    const all = await house(t);
    const { accounts, profiles, person, directory } = all;
    for (const [local, name] of [
      ['juliet', 'Juliet Capulet'],
      ['romeo', 'Romeo Montague'],
      ['nurse', ''],
      ['a_b', '100% Ann_Bee'],
      ['axb', 'O\'Brien "Axe" \\ 名前'],
    ] as const) {
      await accounts.setName(await person(local), name);
    }
    await person('stranger', 'elsewhere.test');
    const nurse = (await accounts.find('office.test', 'nurse'))!;
    const names = { given: 'Angelica', family: 'Straße', nick: 'Ängel', email: 'care@verona.test' };
    await profiles.setCard(nurse.id, card('<a/>'), names);
    const find = async (query: Partial<DirectoryQuery>): Promise<string> =>
      (await directory.search({ ...ANY, ...query })).map(({ local }) => local).join(' ');
    return { ...all, find, nurse, names };
  }

  it('finds people by every part of what is known of them, in any case', async (t) => {
    const { find } = await office(t);
    assert.equal(await find({}), 'a_b axb juliet nurse romeo');
    assert.equal(await find({ words: 'CAPU' }), 'juliet');
    assert.equal(await find({ words: 'mont rom' }), 'romeo');
    assert.equal(await find({ words: 'mont jul' }), '');
    assert.equal(await find({ words: 'ängel' }), 'nurse');
    assert.equal(await find({ words: 'verona nurse@office' }), 'nurse');
    assert.equal(await find({ given: 'angel', family: 'straße' }), 'nurse');
    assert.equal(await find({ given: 'juliet' }), 'juliet');
    assert.equal(await find({ nick: 'ÄNG' }), 'nurse');
    assert.equal(await find({ email: 'juliet@office.test' }), 'juliet');
    assert.equal(await find({ words: '名' }), 'axb');
    assert.equal(await find({ after: 'juliet', limit: 1 }), 'nurse');
  });

  it('attack: what means something to the store is text like any other', async (t) => {
    const { find } = await office(t);
    assert.equal(await find({ words: '%' }), 'a_b');
    assert.equal(await find({ words: '_' }), 'a_b');
    assert.equal(await find({ given: 'n_b' }), 'a_b');
    assert.equal(await find({ nick: 'a_b' }), 'a_b');
    assert.equal(await find({ words: "'" }), 'axb');
    assert.equal(await find({ words: '"axe"' }), 'axb');
    assert.equal(await find({ words: '\\' }), 'axb');
    assert.equal(await find({ words: '!' }), '');
    assert.equal(await find({ words: '*' }), '');
    assert.equal(await find({ words: "'; DROP TABLE account; --" }), '');
    assert.equal(await find({ email: "' OR '1'='1" }), '');
  });

  it('hides disabled accounts, other domains, and what only contacts may see', async (t) => {
    const { accounts, profiles, find, nurse, names, directory } = await office(t);
    await accounts.setStatus((await accounts.find('office.test', 'romeo'))!, 'disabled');
    assert.equal(await find({ words: 'romeo' }), '');
    assert.equal(await find({ words: 'stranger' }), '');
    assert.equal(await find({ written: true }), 'nurse');
    await profiles.setCard(nurse.id, card('<a/>', 'contacts'), names);
    assert.equal(await find({ words: 'angelica' }), '');
    assert.equal(await find({ written: true }), '');
    const [listed] = await directory.search({ ...ANY, words: 'nurse' });
    assert.deepEqual(listed, { local: 'nurse', name: '', ...NAMES });
  });

  it('reads the people of one domain by their index, and stops when it has enough', async (t) => {
    const { db } = await house(t);
    const statement = directoryStatement({ ...ANY, words: 'x' });
    const plan = await db.all<{ detail: string }>({ ...statement, text: `EXPLAIN QUERY PLAN ${statement.text}` });
    const steps = plan.map(({ detail }) => detail).join('\n');
    assert.match(steps, /SEARCH a USING INDEX \S+ \(domain=\? AND local>\?\)/);
    assert.match(steps, /SEARCH p USING INTEGER PRIMARY KEY/);
    assert.doesNotMatch(steps, /SCAN|TEMP B-TREE/);
  });
});

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { RuleWish } from '../../server/commands/archive-rules.ts';
import type { CommandError } from '../../server/commands/command-error.ts';
import { firstIdAt } from '../../server/storage/archive-id.ts';
import { openScene, type Scene } from '../support/scene.ts';

const by = { name: 'olga', door: 'panel' } as const;
const DAY = 86_400_000;
const DOMAIN = 'example.test';

/** A message from so many days ago in the archives of some owners. */
function old(scene: Scene, days: number, text: string, ...owners: number[]): void {
  const id = firstIdAt(Date.now() - days * DAY) + serial++;
  const entries = owners.map((owner) => ({ owner, peer: 'x@o' }));
  scene.stores.archives.append(id, `<message><body>${text}</body></message>`, entries);
}
let serial = 0;

const left = async (scene: Scene, owner: number): Promise<string> => {
  const { rows } = await scene.stores.archives.page(owner, { limit: 100, fromEnd: false });
  return rows.map(({ stanza }) => /<body>(.*)<\/body>/.exec(stanza)![1]).join(' ');
};

const refused = (code: string, field?: string) => (error: CommandError) => {
  assert.deepEqual([error.code, error.field], [code, field], error.message);
  return true;
};

async function office(t: TestContext) {
  const scene = await openScene(t, { domains: [DOMAIN, 'other.test'] });
  const [juliet, romeo, stranger] = await Promise.all(
    [`juliet@${DOMAIN}`, `romeo@${DOMAIN}`, 'nurse@other.test'].map((jid) => scene.account(jid)),
  );
  const { rules } = scene.commands.archive;
  const decide = async (wish: RuleWish) => rules.set(by, { ...wish, ...(await rules.effect(wish)) });
  return { scene, rules, decide, juliet: juliet!.id, romeo: romeo!.id, stranger: stranger!.id };
}

describe('how long messages are kept', () => {
  test('for ever where nobody has decided anything, and the rule says so', async (t) => {
    const { scene, rules, juliet } = await office(t);
    old(scene, 4_000, 'ancient', juliet);
    await scene.settle();
    assert.deepEqual(await rules.applies(DOMAIN, { person: 'juliet' }), {
      days: 0,
      silent: false,
      by: 'standard',
      name: '',
      domainSilent: false,
    });
    assert.equal(await left(scene, juliet), 'ancient');
  });

  test('what would go is told first, and then goes, of this domain alone', async (t) => {
    const { scene, rules, decide, juliet, romeo, stranger } = await office(t);
    old(scene, 40, 'a', juliet, romeo);
    old(scene, 31, 'b', juliet, stranger);
    old(scene, 29, 'c', juliet);
    const wish = { domain: DOMAIN, kind: 'domain', rule: { days: 30, silent: false } } as const;
    const { messages, archives, more } = await rules.effect(wish);
    assert.deepEqual({ messages, archives, more }, { messages: 3, archives: 2, more: false });
    assert.equal(await left(scene, juliet), 'a b c', 'nothing has gone by asking');
    await decide(wish);
    await scene.settle();
    assert.equal(await left(scene, juliet), 'c');
    assert.equal(await left(scene, romeo), '');
    assert.equal(await left(scene, stranger), 'b', 'another domain has rules of its own');
    const [entry] = (await scene.commands.audit.page(undefined, 1)).rows;
    assert.deepEqual(
      [entry?.action, entry?.subject, entry?.detail],
      ['archive.rule', DOMAIN, { kept: 30, messages: 3 }],
    );
  });

  test('nothing is changed when more would go than was told, or when that was long ago', async (t) => {
    const { scene, rules, juliet } = await office(t);
    const wish = { domain: DOMAIN, kind: 'domain', rule: { days: 30, silent: false } } as const;
    const told = await rules.effect(wish);
    old(scene, 40, 'a', juliet);
    await assert.rejects(rules.set(by, { ...wish, ...told }), refused('not-confirmed'));
    const early = { at: told.at - 3_600_000, messages: 5 };
    await assert.rejects(rules.set(by, { ...wish, ...early }), refused('not-confirmed'));
    await assert.rejects(rules.set(by, { ...wish, at: told.at + DAY, messages: 5 }), refused('not-confirmed'));
    assert.equal(await left(scene, juliet), 'a');
    assert.deepEqual((await rules.list(DOMAIN)).rules, []);
  });

  test('days that are none, and places that are not there, are refused', async (t) => {
    const { rules } = await office(t);
    const wish = { domain: DOMAIN, kind: 'domain', rule: { days: 1.5, silent: false } } as const;
    await assert.rejects(rules.effect(wish), refused('invalid', 'days'));
    await assert.rejects(rules.effect({ ...wish, rule: { days: -1, silent: false } }), refused('invalid', 'days'));
    const sound = { ...wish, rule: { days: 1, silent: false } };
    await assert.rejects(rules.effect({ ...sound, domain: 'gone.test' }), refused('domain-not-found'));
    await assert.rejects(rules.effect({ ...sound, kind: 'room', name: 'x' }), refused('room-not-found', 'name'));
    await assert.rejects(rules.effect({ ...sound, kind: 'department', name: 'x' }), refused('invalid', 'name'));
    await assert.rejects(rules.effect({ ...wish, rule: null, remove: true }), refused('invalid', 'remove'));
  });

  test('who is in several departments has the rule that keeps longest, and a domain that keeps nothing is above all', async (t) => {
    const { scene, rules, decide, juliet, romeo } = await office(t);
    const { departments } = scene.stores;
    const [sales, law] = [await departments.create(DOMAIN, 'Sales', ''), await departments.create(DOMAIN, 'Law', '')];
    const person = (id: number, local: string) => ({ id, domain: DOMAIN, local, name: '' });
    await departments.setFor(person(juliet, 'juliet'), [sales.id, law.id]);
    await departments.setFor(person(romeo, 'romeo'), [sales.id]);
    old(scene, 50, 'a', juliet, romeo);
    await decide({ domain: DOMAIN, kind: 'department', name: 'Sales', rule: { days: 0, silent: true }, remove: true });
    await decide({ domain: DOMAIN, kind: 'department', name: 'Law', rule: { days: 60, silent: false } });
    await decide({ domain: DOMAIN, kind: 'domain', rule: { days: 10, silent: false } });
    await scene.settle();
    const says = async (person: string) => Object.values(await rules.applies(DOMAIN, { person })).join(' ');
    assert.equal(await says('juliet'), '60 false department Law false');
    assert.equal(await says('romeo'), '0 true department Sales false');
    assert.deepEqual(
      [await left(scene, juliet), await left(scene, romeo)],
      ['', ''],
      'it went before there was another rule',
    );
    const [j, r] = [await scene.comes(`juliet@${DOMAIN}/a`), await scene.comes(`romeo@${DOMAIN}/b`)];
    await j.sends(`<message to='romeo@${DOMAIN}' type='chat' id='1'><body>hello</body></message>`);
    await r.sends(`<message to='juliet@${DOMAIN}' type='chat' id='2'><body>you</body></message>`);
    await scene.settle();
    assert.deepEqual([await left(scene, juliet), await left(scene, romeo)], ['hello you', '']);
    await decide({ domain: DOMAIN, kind: 'domain', rule: { days: 10, silent: true } });
    assert.equal(await says('juliet'), '60 true department Law true');
    await departments.remove(law);
    await departments.remove(sales);
    assert.deepEqual(
      (await rules.list(DOMAIN)).rules.map(({ kind }) => kind),
      ['domain'],
    );
  });

  test('what was kept goes when that is wished, and what comes later stays', async (t) => {
    const { scene, rules, decide, juliet } = await office(t);
    old(scene, 1, 'a', juliet);
    await decide({ domain: DOMAIN, kind: 'domain', rule: { days: 0, silent: false }, remove: true });
    await scene.settle();
    assert.equal(await left(scene, juliet), '');
    old(scene, -1, 'b', juliet);
    await decide({ domain: DOMAIN, kind: 'domain', rule: { days: 365, silent: false } });
    await scene.settle();
    assert.equal(await left(scene, juliet), 'b');
    assert.deepEqual((await rules.list(DOMAIN)).rules, [{ kind: 'domain', name: DOMAIN, days: 365, silent: false }]);
  });

  test('a domain that comes back inherits nothing', async (t) => {
    const { scene, rules, decide } = await office(t);
    await decide({ domain: 'other.test', kind: 'domain', rule: { days: 7, silent: true } });
    await rules.forget('other.test');
    assert.deepEqual((await rules.list('other.test')).rules, []);
    await scene.stores.archiveRules.load();
    assert.deepEqual(scene.stores.archiveRules.of('other.test'), []);
  });
});

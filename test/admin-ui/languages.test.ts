import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import { pluralForms, retell, speak } from '../../admin-ui/src/language.ts';
import { formsOf, gapsOf, type Said, saidInPanel } from './sentences.ts';
import { saidByServer } from './server-sentences.ts';

const DIRECTORY = join(import.meta.dirname, '../../admin-ui/src/languages');

const SERVER = join(import.meta.dirname, '../../server');
const sources = globSync('**/*.ts', { cwd: SERVER }).map((file) => readFileSync(join(SERVER, file), 'utf8'));

/** Whether the server says it in a way that is not looked for: a file of sentences, or one that is put together. */
function isInServer(sentence: string): boolean {
  const longest = sentence.split(/\{\d+\}|\d+/).sort((one, other) => other.length - one.length)[0]!;
  return longest.length > 10 && sources.some((source) => source.includes(longest));
}

suite('the languages of the panel', () => {
  let said: Said;
  let known: ReadonlySet<string>;

  before(() => {
    said = saidInPanel();
    known = new Set([...said.sentences.keys(), ...saidByServer()]);
  });

  test('everything that people read or hear goes through the language', () => {
    assert.ok(said.sentences.size > 900, `${said.sentences.size} sentences were found`);
    assert.deepEqual(said.bare, []);
  });

  test('no sentence has a sign that means something in a sentence', () => {
    const wrong = [...said.sentences.keys()].filter((one) => /[@{}|]/.test(one.replaceAll(/\{\w+\}| \| /g, '')));
    assert.deepEqual(wrong, []);
  });

  for (const file of globSync('*.json', { cwd: DIRECTORY })) {
    const code = file.slice(0, -5);
    const sentences = JSON.parse(readFileSync(join(DIRECTORY, file), 'utf8')) as Record<string, string>;

    test(`${file} has every sentence, and none that is not said`, () => {
      assert.deepEqual(
        [...known].filter((one) => sentences[one] === undefined),
        [],
        'lacking',
      );
      assert.deepEqual(
        Object.keys(sentences).filter((one) => !known.has(one) && !isInServer(one)),
        [],
        'unused',
      );
    });

    test(`${file} fills the same gaps, in as many forms as its language has for numbers`, () => {
      const forms = pluralForms(code).length;
      const wrong = Object.entries(sentences).filter(
        ([english, own]) =>
          own.trim() === '' ||
          gapsOf(english) !== gapsOf(own) ||
          formsOf(own) !== (formsOf(english) === 1 ? 1 : forms) ||
          (said.sentences.has(english) && /[@{}|]/.test(own.replaceAll(/\{\w+\}| \| /g, ''))),
      );
      assert.deepEqual(wrong, []);
    });

    test(`${file} is in the order of its keys, so that two changes of it meet where they clash only`, () => {
      assert.deepEqual(Object.keys(sentences), Object.keys(sentences).toSorted());
    });
  }
});

suite('what the server says, told in another language', () => {
  before(() =>
    speak('xx', { 'None.': 'Keine.', '{0} is there.': 'Da ist {0}.', '{0} is there since {1}.': 'Seit {1}: {0}' }),
  );

  test('a sentence that is known, one with gaps, the longest that fits', () => {
    assert.equal(retell('None.'), 'Keine.');
    assert.equal(retell('Juliet is there.'), 'Da ist Juliet.');
    assert.equal(retell('Juliet is there since May.'), 'Seit May: Juliet');
  });

  test('what nobody knows, what belongs to every object and what is very long stay as they are', () => {
    for (const text of ['', 'constructor', 'Nobody.', `${'x'.repeat(100_000)} is there.`])
      assert.equal(retell(text), text);
  });

  test('what somebody else called a thing is a name, though it looks like a sentence or a gap', () => {
    assert.equal(retell('{0} is there.'), 'Da ist {0}.');
    assert.equal(retell('$& is there.'), 'Da ist $&.');
  });
});

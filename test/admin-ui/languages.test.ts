import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import { pluralForms, retell, speak, t } from '../../admin-ui/src/language.ts';
import { formsOf, gapsOf, type Said, saidInPanel } from './sentences.ts';
import { saidByServer } from './server-sentences.ts';

const DIRECTORY = join(import.meta.dirname, '../../admin-ui/src/languages');

const SERVER = join(import.meta.dirname, '../../server');
const sources = globSync('**/*.ts', { cwd: SERVER }).map((file) => readFileSync(join(SERVER, file), 'utf8'));

/** Whether the server says it in a way that is not looked for: a file of sentences, or one that is put together. */
function isInServer(sentence: string): boolean {
  const parts = sentence
    .split(/\{\d+\}|\d+|[()]/)
    .map((part) => part.trim())
    .filter((part) => part.length > 10);
  return parts.some((part) => sources.some((source) => source.includes(part)));
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
          formsOf(own) !== (formsOf(english) === 1 ? 1 : forms + formsOf(english) - 2) ||
          (said.sentences.has(english) && /[@{}|]/.test(own.replaceAll(/\{\w+\}| \| /g, ''))),
      );
      assert.deepEqual(wrong, []);
    });

    test(`${file} is in the order of its keys, so that two changes of it meet where they clash only`, () => {
      assert.deepEqual(Object.keys(sentences), Object.keys(sentences).toSorted());
    });
  }
});

test('the German calls the server a server, as an office does, and no house', () => {
  const german = JSON.parse(readFileSync(join(DIRECTORY, 'de.json'), 'utf8')) as Record<string, string>;
  assert.deepEqual(
    Object.values(german).filter((one) => /\bHaus(?:es)?\b/.test(one)),
    [],
  );
});

suite('a sentence with a number', () => {
  for (const [code, none, one, two] of [
    ['en', 'None at all', 'One file', '2 files'],
    ['fr', 'None at all', 'One file', '2 files'],
  ] as const) {
    test(`has a form for one, for more, and before them one for none if it is written, in ${code}`, () => {
      speak(code, {});
      const say = (n: number): string => t('None at all | One file | {n} files', n);
      assert.deepEqual([say(0), say(1), say(2)], [none, one, two]);
      assert.equal(t('One file | {n} files', 1_000), `${new Intl.NumberFormat(code).format(1_000)} files`);
    });
  }

  test('has as many forms as its language', () => {
    speak('pl', { '{n} file | {n} files': '{n} plik | {n} pliki | {n} plików | {n} pliku' });
    assert.deepEqual(
      [1, 3, 5, 22].map((n) => t('{n} file | {n} files', n)),
      ['1 plik', '3 pliki', '5 plików', '22 pliki'],
    );
  });
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

  test('figures are written as the language writes them; ports, versions and addresses stay', () => {
    speak('de', { '{0} of {1} are free.': '{0} von {1} frei.' });
    const say = (one: string, other: string): string => retell(`${one} of ${other} are free.`);
    assert.equal(say('71.9 GB', '1,270 MB'), '71,9 GB von 1.270 MB frei.');
    assert.equal(say('5.1', '31222'), '5,1 von 31222 frei.');
    assert.equal(say('0.1.0', '192.0.2.1'), '0.1.0 von 192.0.2.1 frei.');
    const several = say('192.0.2.1, 192.0.2.2 and fd00::2', 'Romeo and Juliet');
    assert.equal(several, '192.0.2.1, 192.0.2.2 und fd00::2 von Romeo and Juliet frei.');
    speak('xx', { 'None.': 'Keine.', '{0} is there.': 'Da ist {0}.', '{0} is there since {1}.': 'Seit {1}: {0}' });
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

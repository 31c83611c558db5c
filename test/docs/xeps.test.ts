import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { TITLES } from './xep-titles.ts';
import { entries, PAGE, page } from './xeps-page.ts';

test('the page of what is spoken says what the files say', () => {
  const written = readFileSync(fileURLToPath(new URL(`../../${PAGE}`, import.meta.url)), 'utf8');
  assert.equal(written, page(), `${PAGE} is stale: npm run docs`);
});

test('every XEP that a file claims has a name, one version and a test that names it', () => {
  const all = entries();
  assert.ok(all.length > 30, `${all.length} XEPs`);
  const unnamed = all.filter(({ number }) => TITLES[number] === undefined);
  const torn = all.filter(({ versions }) => versions.size > 1);
  const untested = all.filter(({ tests }) => tests.length === 0);
  const numbers = (list: typeof all): number[] => list.map(({ number }) => number);
  assert.deepEqual(
    { unnamed: numbers(unnamed), torn: numbers(torn), untested: numbers(untested) },
    {
      unnamed: [],
      torn: [],
      untested: [],
    },
  );
});

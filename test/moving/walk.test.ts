import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { checkName, included } from '../../server/moving/files.ts';
import { Halted, PieError, type Visitor, walk } from '../../server/moving/walk.ts';

const PIE = "xmlns='urn:xmpp:pie:0' xmlns:xi='http://www.w3.org/2001/XInclude'";
const main = (inside: string) => `<server-data ${PIE}>${inside}</server-data>`;
const include = (href: string, more = '') => `<xi:include href='${href}' ${more}/>`;
const NEVER = new AbortController().signal;

/** Reads files of these names; who is in them. */
async function people(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  signal = NEVER,
  part = () => {},
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'hallway-walk-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const kept = new Map<string, string>();
  for (const [at, [name, text]] of Object.entries(files).entries()) {
    kept.set(name, join(folder, String(at)));
    await writeFile(kept.get(name)!, text);
  }
  const found: string[] = [];
  let host = '';
  const visitor: Visitor = {
    host: (jid) => {
      host = jid;
      return jid !== 'strange.test';
    },
    passed: () => void found.push('passed'),
    user: ({ name }) => void found.push(`${name}@${host}`),
    part,
    left: (what) => void found.push(what),
    userEnd: () => undefined,
    read: () => undefined,
  };
  await walk(kept, visitor, signal);
  return found;
}

test('XEP-0227 §4.1: files are read where they are included, in the folders that they are in', async (t) => {
  const found = await people(t, {
    'export/capulet.com/juliet.xml': `<user ${PIE} name='juliet'>${include('more/vcard.xml')}</user>`,
    'export/capulet.com/more/vcard.xml': "<vCard xmlns='vcard-temp'/>",
    'export/capulet.com/a ü.xml': `<user ${PIE} name='nurse'/>`,
    'export/capulet.com.xml': `<host ${PIE} jid='capulet.com'>${include('capulet.com/juliet.xml')}${include('capulet.com/a%20%C3%BC.xml')}</host>`,
    'export/notes.xml': '<notes/>',
    'export/main.xml': main(`${include('capulet.com.xml')}<host jid='strange.test'><user name='x'/></host>`),
  });
  assert.deepEqual(found, [
    'juliet@capulet.com',
    'nurse@capulet.com',
    'passed',
    'the file export/notes.xml, which is none of these',
  ]);
});

test('files of whole domains are read by themselves as well; several that say all of it, too', async (t) => {
  const one = `<host ${PIE} jid='a.test'><user name='anna'/></host>`;
  assert.deepEqual(await people(t, { 'a.xml': one }), ['anna@a.test']);
  const other = main("<host jid='b.test'><user name='ben'/></host>");
  assert.deepEqual(await people(t, { 'a.xml': one, 'b.xml': other }), ['ben@b.test', 'anna@a.test']);
});

test('XInclude leads nowhere else than to what was given', () => {
  const files = new Map([
    ['sub/main.xml', '/x'],
    ['top.xml', '/y'],
    ['sub/a b.xml', '/z'],
  ]);
  const to = (href: string, more = {}) => included(files, 'sub/main.xml', { href, ...more });
  assert.equal(to('../top.xml'), 'top.xml');
  assert.equal(to('./a%20b.xml'), 'sub/a b.xml');
  for (const href of [
    '../../etc/passwd',
    '/etc/passwd',
    'file:///etc/passwd',
    'http://evil.test/x.xml',
    '..\\top.xml',
    '%2e%2e/%2e%2e/etc/passwd',
    '',
    'main.xml#x',
    'other.xml',
    '../..',
    'C:/x',
  ]) {
    assert.throws(() => to(href), PieError, href);
  }
  assert.throws(() => to('../top.xml', { parse: 'text' }), PieError);
  assert.throws(() => to('../top.xml', { xpointer: '/1' }), PieError);
  for (const name of ['../x.xml', '/x.xml', 'a/../../x', 'a\\b', 'a\0b', '.', 'a/', 'x'.repeat(501)])
    assert.equal(checkName(name), undefined, name);
  assert.equal(checkName('a/./b/../c.xml'), 'a/c.xml');
});

test('files that include themselves, each other, or one again and again have an end', async (t) => {
  const host = (inside: string) => `<host ${PIE} jid='a.test'>${inside}</host>`;
  for (const files of [
    { 'a.xml': main(include('a.xml')) },
    { 'a.xml': main(include('b.xml')), 'b.xml': host(include('b.xml')) },
    { 'a.xml': main(include('b.xml').repeat(1_000)), 'b.xml': host("<user name='u'/>") },
    { 'a.xml': main(include('b.xml')), 'b.xml': host(include('u.xml').repeat(2)), 'u.xml': `<user ${PIE} name='u'/>` },
  ]) {
    await assert.rejects(people(t, files), /included twice/);
  }
});

test('what is wrong is told with the file it is in', async (t) => {
  for (const [files, why] of [
    [{ 'a.xml': main(include('b.xml')), 'b.xml': '<html/>' }, /Error: b\.xml: It is not what servers write/],
    [{ 'a.xml': main('<host>') }, /Error: a\.xml: /],
    [{ 'a.xml': main(include('b.xml')) }, /Error: a\.xml: It includes “b\.xml”, which was not given/],
    [{ 'a.xml': main(include('../b.xml')) }, /Error: a\.xml: .*not in the folder/],
    [{ 'anna.xml': `<user ${PIE} name='anna'/>` }, /Error: anna\.xml: It is of one person/],
    [
      { 'a.xml': `<!DOCTYPE a SYSTEM 'file:///etc/passwd'>${main('')}` },
      /Error: a\.xml: It has comments, a document type/,
    ],
  ] as const) {
    await assert.rejects(people(t, files), why);
  }
});

test('who waits no longer ends the reading', async (t) => {
  const halt = new AbortController();
  const many = "<vCard xmlns='vcard-temp'/>".repeat(50);
  let parts = 0;
  const read = people(
    t,
    { 'a.xml': main(`<host jid='a.test'><user name='u'>${many}</user></host>`) },
    halt.signal,
    () => {
      if (++parts === 3) halt.abort();
    },
  );
  await assert.rejects(read, Halted);
  assert.equal(parts, 3);
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Actor } from '../../server/commands/actor.ts';
import type { ExportWish } from '../../server/commands/archive-exports.ts';
import type { CommandError } from '../../server/commands/command-error.ts';
import { rightsOf } from '../../server/commands/rights.ts';
import { archived } from '../support/archive.ts';
import { makes, say } from '../support/rooms.ts';
import { openScene, type Scene } from '../support/scene.ts';

const run = promisify(execFile);
const by = { name: 'alma', door: 'panel' } as const;
const DOMAIN = 'example.test';
const [J, R] = ['juliet@example.test', 'romeo@example.test'] as const;
const reason = 'complaint 12';
const EVIL = '&lt;script&gt;alert(1)&lt;/script&gt; "\u202e';
const LINK = 'javascript:alert(2) &lt;a href="javascript:alert(3)"&gt;';

const refused = (code: string, field?: string) => (error: CommandError) => {
  assert.deepEqual([error.code, error.field], [code, field], error.message);
  return true;
};

async function office(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'hallway-export-'));
  t.after(() => rm(folder, { recursive: true }));
  const exportFolder = join(folder, 'exports');
  const scene = await openScene(t, { domains: [DOMAIN, 'other.test'], exportFolder });
  const { exports } = scene.commands.archive;
  const finished = async (id: number) => {
    for (;;) {
      const found = (await exports.list(DOMAIN)).exports.find((one) => one.id === id)!;
      if (found.state !== 'running') return found;
      await pause(20);
    }
  };
  const make = async (wish: Partial<ExportWish> = {}) => {
    const { id } = await exports.start(by, { domain: DOMAIN, kind: 'domain', reason, ...wish });
    return finished(id);
  };
  const unpack = async (id: number) => {
    const { path, name } = exports.follow(await exports.link(by, id));
    const into = join(folder, `unpacked-${id}`);
    await mkdir(into);
    await run('tar', ['-xf', path, '-C', into]);
    return { path, root: join(into, name.replace('.tar', '')), into };
  };
  return { scene, exports, exportFolder, make, unpack, finished };
}

async function all(root: string): Promise<string> {
  const names = await readdir(join(root, 'archives'));
  return (await Promise.all(names.map((name) => readFile(join(root, 'archives', name), 'utf8')))).join('\n');
}

async function talk(scene: Scene): Promise<void> {
  await archived(scene, J, R, [{ body: 'first' }, { body: EVIL }, { body: LINK }]);
  await archived(scene, 'nurse@other.test', 'spy@other.test', [{ body: 'of others' }]);
  const juliet = await scene.comes(`${J}/a`);
  await makes(juliet, '<b>Juliet</b>'.replaceAll('<', '&lt;').replaceAll('>', '&gt;'));
  await juliet.sends(say('roomtalk'));
  await scene.settle();
}

describe('an export of archives', () => {
  test('is one file of JSON and HTML with a sum of each, which sha256sum checks', async (t) => {
    const { scene, make, unpack } = await office(t);
    await talk(scene);
    const made = await make();
    assert.equal(made.state, 'done', made.error);
    const { path, root, into } = await unpack(made.id);
    const bytes = await readFile(path);
    assert.equal(createHash('sha256').update(bytes).digest('hex'), made.sha256);
    assert.equal(bytes.length, made.bytes);
    const { stdout } = await run('sha256sum', ['-c', 'SHA256SUMS'], { cwd: root });
    assert.deepEqual(
      stdout
        .trim()
        .split('\n')
        .filter((line) => !line.endsWith(': OK')),
      [],
    );
    assert.deepEqual(await readdir(into), [`hallway-export-${made.id}`]);
    const manifest = JSON.parse(await readFile(join(root, 'manifest.json'), 'utf8'));
    assert.deepEqual([manifest.domain, manifest.reason, manifest.by], [DOMAIN, reason, 'alma']);
    const sums = await readFile(join(root, 'SHA256SUMS'), 'utf8');
    for (const { file, sha256 } of manifest.files) assert.ok(sums.includes(`${sha256}  ${file}\n`), file);
    const listed = sums
      .trim()
      .split('\n')
      .map((line) => line.slice(66))
      .sort();
    const there = (await readdir(join(root, 'archives'))).map((name) => `archives/${name}`);
    assert.deepEqual(
      listed,
      [...there, 'VERIFY.txt', 'index.html', 'manifest.json'].sort(),
      'nothing is in it without a sum',
    );
    await writeFile(join(root, 'index.html'), 'other');
    await assert.rejects(run('sha256sum', ['-c', 'SHA256SUMS'], { cwd: root }), 'a change shows');
  });

  test('has what was said as text, whatever it is, and nothing of another domain', async (t) => {
    const { scene, make, unpack } = await office(t);
    await talk(scene);
    const { root } = await unpack((await make()).id);
    const text = await all(root);
    assert.match(text, /first/);
    assert.match(text, /roomtalk/);
    assert.doesNotMatch(text, /of others/);
    const names = (await readdir(join(root, 'archives'))).map((name) => join('archives', name));
    for (const name of ['index.html', ...names]) {
      if (!name.endsWith('.html')) continue;
      const page = await readFile(join(root, name), 'utf8');
      assert.doesNotMatch(page, /<script|<img|<b>|[\u202a-\u202e\u2066-\u2069]|src=|https?:/i);
      for (const [, to = ''] of page.matchAll(/<a\b[^>]*?href="([^"]*)"/g)) assert.ok(names.includes(to), to);
      for (const [tag] of page.matchAll(/<\w[^>]*>/g)) assert.doesNotMatch(tag, /\son\w+=|javascript:/i);
      assert.match(page, /default-src 'none'/);
    }
    assert.match(
      await readFile(join(root, 'archives', '0001-juliet.html'), 'utf8'),
      /&lt;a href=&quot;javascript:alert/,
    );
    assert.match(text, /&lt;b&gt;Juliet&lt;\/b&gt;/, 'nor is a nickname markup');
    const json = JSON.parse(await readFile(join(root, 'archives', '0001-juliet.json'), 'utf8'));
    assert.equal(json.archive, J);
    assert.equal(json.messages[1].text, '<script>alert(1)</script> "\u202e');
  });

  test('of one person, of one room, of some days', async (t) => {
    const { scene, make, unpack } = await office(t);
    await talk(scene);
    const person = await make({ kind: 'person', name: 'romeo' });
    assert.deepEqual([person.subject, person.messages], [R, 3]);
    const room = await make({ kind: 'room', name: 'garden' });
    assert.match(await all((await unpack(room.id)).root), /roomtalk/);
    assert.equal((await make({ until: 1_000 })).messages, 0);
    assert.equal((await make({ kind: 'person', name: 'romeo', since: 1_000 })).messages, 3);
  });

  test('path tricks: names of rooms and people are only letters in names of files', async (t) => {
    const { scene, make, unpack } = await office(t);
    await scene.stores.accounts.create({ domain: DOMAIN, local: '..', credentials: [] });
    await archived(scene, `..@${DOMAIN}`, `con\\2faux|$(id)@${DOMAIN}`, [{ body: 'x' }]);
    const { root } = await unpack((await make()).id);
    for (const name of await readdir(join(root, 'archives'))) assert.match(name, /^\d{4}(-[a-z0-9_-]+)?\.(json|html)$/);
  });

  test('one at a time, with a reason, of what is there; all of it is written down', async (t) => {
    const { scene, exports, make, finished } = await office(t);
    await talk(scene);
    await assert.rejects(make({ reason: 'x' }), refused('invalid', 'reason'));
    await assert.rejects(make({ kind: 'person', name: 'nurse@other.test' }), refused('account-not-found', 'name'));
    await assert.rejects(make({ since: 2, until: 1 }), refused('invalid', 'until'));
    const { id } = await exports.start(by, { domain: DOMAIN, kind: 'domain', reason });
    await assert.rejects(make(), refused('too-many'));
    await assert.rejects(exports.link(by, id), refused('export-not-found'));
    await finished(id);
    const token = await exports.link(by, id);
    const { name } = exports.follow(token);
    assert.equal(name, `hallway-export-${id}.tar`);
    assert.throws(() => exports.follow(token), refused('link-unknown'), 'a link is good once');
    await exports.remove(by, id);
    await assert.rejects(exports.link(by, id), refused('export-not-found'));
    const { rows } = await scene.commands.audit.page(undefined, 3);
    assert.deepEqual(
      rows.map(({ action }) => action),
      ['archive.export-remove', 'archive.export-fetch', 'archive.export'],
    );
    assert.equal((rows[2]!.detail as { reason: string }).reason, reason);
  });

  test('attack: an auditor deletes what another one has carried out: only who made it and owners may', async (t) => {
    const { scene, exports, make } = await office(t);
    await talk(scene);
    const auditor: Actor = { name: 'otto', door: 'panel', rights: rightsOf('auditor') };
    const { id } = await make();
    await assert.rejects(exports.remove(auditor, id), refused('not-your-role'));
    assert.equal((await exports.list(DOMAIN)).exports[0]?.state, 'done');
    const mine = await exports.start(auditor, { domain: DOMAIN, kind: 'domain', reason });
    await exports.remove(auditor, mine.id);
    await exports.remove({ name: 'olga', door: 'panel', rights: rightsOf('owner') }, id);
    assert.equal((await exports.list(DOMAIN)).exports.find((one) => one.id === id)?.state, 'swept');
  });

  test('can be stopped, and leaves nothing then', async (t) => {
    const { scene, exports, exportFolder, finished } = await office(t);
    await talk(scene);
    const { id } = await exports.start(by, { domain: DOMAIN, kind: 'domain', reason });
    await exports.remove(by, id);
    assert.equal((await finished(id)).state, 'cancelled');
    assert.deepEqual(await readdir(exportFolder), []);
  });

  test('a crash in the middle: the next start says so, and takes the rest away', async (t) => {
    const { scene, exports, exportFolder, make } = await office(t);
    await talk(scene);
    const whole = await make();
    const row = {
      domain: DOMAIN,
      kind: 'domain',
      subject: DOMAIN,
      since: null,
      until: null,
      actor: 'alma',
      reason,
    } as const;
    const id = await scene.stores.archiveExports.add({ ...row, createdAt: 1, file: 'export-0.tar' });
    await mkdir(join(exportFolder, `unfinished-${id}`, 'x'), { recursive: true });
    await writeFile(join(exportFolder, 'export-0.tar'), 'half');
    await exports.open();
    const states = (await exports.list(DOMAIN)).exports.map(({ state }) => state);
    assert.deepEqual(states, ['failed', 'done']);
    assert.equal((await readdir(exportFolder)).length, 1);
    assert.equal(exports.follow(await exports.link(by, whole.id)).name, `hallway-export-${whole.id}.tar`);
    await exports.forget(DOMAIN);
    assert.deepEqual([await readdir(exportFolder), (await exports.list(DOMAIN)).exports], [[], []]);
  });
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { FileFolder, type WriteOptions, WrongLength } from '../../server/storage/file-folder.ts';
import { temporary } from './support.ts';

const never = new AbortController().signal;
const of = (text: string): Readable => Readable.from([Buffer.from(text)]);
const write = (folder: FileFolder, text: string, more: Partial<WriteOptions> = {}) =>
  folder.write(of(text), { signal: never, bytes: text.length, ...more });

async function everything(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((one) => one.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1));
}

describe('a folder of files', () => {
  test('has a file as a whole, readable by nobody else', async (t) => {
    const root = join(await temporary(t), 'deep', 'uploads');
    const folder = new FileFolder(root);
    await folder.open();
    const { file, bytes } = await write(folder, 'content');
    assert.equal(bytes, 7);
    assert.equal(await readFile(folder.path(file), 'utf8'), 'content');
    assert.equal((await stat(folder.path(file))).mode & 0o777, 0o600);
    assert.equal((await stat(root)).mode & 0o777, 0o700);
    assert.deepEqual(await everything(root), [file]);
    await folder.remove(file);
    await folder.remove(file);
    assert.deepEqual(await everything(root), []);
    assert.ok((await folder.free()) > 0);
  });

  test('has nothing of what was cut short, too short, too long, refused in the end, or given up', async (t) => {
    const root = await temporary(t);
    const folder = new FileFolder(root);
    await folder.open();
    const broken = new Readable({ read: () => undefined });
    broken.push('abc');
    setImmediate(() => broken.destroy(new Error('cut')));
    await assert.rejects(folder.write(broken, { signal: never, bytes: 5 }), /cut/);
    await assert.rejects(write(folder, 'abc', { bytes: 5 }), WrongLength);
    await assert.rejects(write(folder, 'abcdef', { bytes: 5 }), WrongLength);
    await assert.rejects(write(folder, 'abc', { finish: () => Promise.reject(new Error('no')) }), /no/);
    const stalled = new Readable({ read: () => undefined });
    const controller = new AbortController();
    const given = folder.write(stalled, { signal: controller.signal, bytes: 5 });
    setImmediate(() => controller.abort(new Error('too slow')));
    await assert.rejects(given, /too slow/);
    assert.equal(stalled.destroyed, false, 'who sent it can still be told');
    await assert.rejects(write(folder, 'abc', { signal: AbortSignal.abort(new Error('over')) }), /over/);
    assert.deepEqual(await everything(root), []);
  });

  test('knows how much of what is under way has been written', async (t) => {
    const folder = new FileFolder(await temporary(t));
    await folder.open();
    const slow = new Readable({ read: () => undefined });
    slow.push(Buffer.alloc(200_000));
    const writing = folder.write(slow, { signal: never, bytes: 200_500 });
    for (let i = 0; i < 500 && folder.begun === 0; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.ok(folder.begun > 100_000, `${folder.begun}`); // the rest waits to be written with what follows
    slow.push(Buffer.alloc(500));
    slow.push(null);
    await writing;
    assert.equal(folder.begun, 0);
    const failing = new Readable({ read: () => undefined });
    setImmediate(() => failing.destroy(new Error('cut')));
    await assert.rejects(folder.write(failing, { signal: never, bytes: 1 }));
    assert.equal(folder.begun, 0);
  });

  test('what is changed in the end counts as it is then', async (t) => {
    const folder = new FileFolder(await temporary(t));
    await folder.open();
    const { file, bytes } = await write(folder, 'long', { finish: (path) => writeFile(path, 'no') });
    assert.equal(bytes, 2);
    assert.equal(await readFile(folder.path(file), 'utf8'), 'no');
  });

  test('a crash: what was unfinished goes at the next start, what is whole stays', async (t) => {
    const root = await temporary(t);
    const folder = new FileFolder(root);
    await folder.open();
    const { file } = await write(folder, 'whole');
    await writeFile(join(root, 'unfinished', 'x'), 'half');
    await writeFile(join(root, 'unfinished', 'x.clean'), 'half');
    await new FileFolder(root).open();
    assert.deepEqual(await everything(root), [file]);
  });

  test('lists its files and nothing else, and takes away old ones only', async (t) => {
    const root = await temporary(t);
    const folder = new FileFolder(root);
    await folder.open();
    const { file } = await write(folder, 'one');
    await writeFile(join(root, 'notes.txt'), '');
    await mkdir(join(root, 'zz'), { recursive: true });
    await writeFile(join(root, file.slice(0, 2), 'other'), '');
    const listed: string[] = [];
    for await (const some of folder.names()) listed.push(...some);
    assert.deepEqual(listed, [file]);
    const now = Date.now();
    await folder.removeOlder(file, now - 60_000);
    assert.equal((await everything(root)).includes(file), true);
    await utimes(folder.path(file), 0, 0);
    await folder.removeOlder(file, now);
    await folder.removeOlder(file, now);
    assert.equal((await everything(root)).includes(file), false);
  });

  test('knows no path but those that it gave', () => {
    const folder = new FileFolder('/nonexistent');
    for (const name of [
      '../../etc/passwd',
      '',
      'ab/../..',
      `ab/${'a'.repeat(30)}/..`,
      `AB/${'a'.repeat(30)}`,
      `ab/${'a'.repeat(30)}\n`,
      `ab${'a'.repeat(31)}`,
    ])
      assert.throws(() => folder.path(name), RangeError, name);
  });

  test('bytes are on disk before the name, the name before anybody is told', { skip: noStrace() }, async (t) => {
    const root = await temporary(t);
    const program = join(root, 'write.mjs');
    const module = join(import.meta.dirname, '../../server/storage/file-folder.ts');
    await writeFile(
      program,
      `import { FileFolder } from ${JSON.stringify(module)};
       import { Readable } from 'node:stream';
       const folder = new FileFolder(${JSON.stringify(join(root, 'uploads'))});
       await folder.open();
       await folder.write(Readable.from([Buffer.from('xyzzy')]), { signal: new AbortController().signal, bytes: 5 });
       process.stdout.write('told');`,
    );
    const traced = spawnSync(
      'strace',
      [
        '-f',
        '-y',
        '-s',
        '8',
        '-e',
        'trace=write,pwrite64,writev,pwritev,fsync,fdatasync,rename',
        process.execPath,
        program,
      ],
      { encoding: 'utf8' },
    );
    const seen = traced.stderr
      .split('\n')
      .map((line) => {
        if (/write.*unfinished.*"xyzzy"/.test(line)) return 'bytes';
        if (/fsync\(.*\/unfinished\/[0-9a-f]+>/.test(line)) return 'bytes on disk';
        if (/rename\(.*unfinished/.test(line)) return 'name';
        if (/fsync\(.*\/uploads\/[0-9a-f]{2}>/.test(line)) return 'name on disk';
        if (/fsync\(.*\/uploads>/.test(line)) return 'folder on disk';
        return /write\(1<.*"told"/.test(line) ? 'told' : '';
      })
      .filter((word) => word !== '');
    assert.deepEqual(seen, [
      'folder on disk',
      'bytes',
      'bytes on disk',
      'folder on disk',
      'name',
      'name on disk',
      'told',
    ]);
  });

  test('a disk that is full leaves nothing of the file', { skip: noMount() }, async (t) => {
    const root = join(await temporary(t), 'disk');
    await mkdir(root);
    assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', root]).status, 0);
    try {
      const folder = new FileFolder(root);
      await folder.open();
      const before = await folder.free();
      await assert.rejects(write(folder, 'x'.repeat(400_000)), { code: 'ENOSPC' });
      assert.deepEqual(await everything(root), []);
      assert.equal(await folder.free(), before);
      await write(folder, 'x'.repeat(1_000));
    } finally {
      spawnSync('umount', [root]);
    }
  });

  test('a link in the place of the folder for what is unfinished is not followed when it is emptied', async (t) => {
    const root = await temporary(t);
    const elsewhere = join(root, 'elsewhere');
    await mkdir(elsewhere);
    await writeFile(join(elsewhere, 'precious'), '');
    await mkdir(join(root, 'uploads'));
    await symlink(elsewhere, join(root, 'uploads', 'unfinished'));
    await new FileFolder(join(root, 'uploads')).open();
    assert.deepEqual(await readdir(elsewhere), ['precious']);
    await rm(elsewhere, { recursive: true });
  });
});

function noStrace(): string | false {
  return spawnSync('strace', ['true']).status === 0 ? false : 'strace cannot be used here';
}

/** Whether this process may mount a small disk. */
function noMount(): string | false {
  const probe = spawnSync('sh', [
    '-c',
    'd=$(mktemp -d) && mount -t tmpfs none "$d" && umount "$d"; s=$?; rmdir "$d"; exit $s',
  ]);
  return probe.status === 0 ? false : 'no file system can be mounted here';
}

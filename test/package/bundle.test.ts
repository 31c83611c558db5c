import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bundleServer, entryFile } from '../../debian/build/bundle.ts';
import { VERBS } from '../../server/cli/run.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** A project of few files, in a folder of its own that goes away. */
async function project(files: Readonly<Record<string, string>>) {
  const root = await mkdtemp(join(tmpdir(), 'hallway-bundle-'));
  for (const [name, text] of Object.entries({ 'server/cli/main.ts': '', ...files })) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return { root, out: join(root, 'out/server'), [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}

describe('the bundle', () => {
  it('makes a thread, and what that starts, an entry of its own, which is found where it runs', async () => {
    await using one = await project({
      'package.json': '{"type":"module","version":"1.2.3"}',
      'server/main.ts': `import { start } from './deep/er/start.ts'; await start();`,
      'server/deep/er/start.ts': `import { Worker } from 'node:worker_threads';
        import { once } from 'node:events';
        export async function start(): Promise<void> {
          console.log((await once(new Worker(new URL('../thread.ts', import.meta.url)), 'message'))[0]);
        }`,
      'server/deep/thread.ts': `import { readFileSync } from 'node:fs';
        import { parentPort } from 'node:worker_threads';
        export const other = new URL('./other.ts', import.meta.url);
        const text: string = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
        parentPort!.postMessage(JSON.parse(text).version);`,
      'server/deep/other.ts': 'export {};',
    });
    const { entries } = await bundleServer(one.root, one.out);
    assert.deepEqual(entries, [
      'server-cli-main.js',
      'server-deep-other.js',
      'server-deep-thread.js',
      'server-main.js',
    ]);
    await writeFile(join(one.root, 'out/package.json'), '{"type":"module","version":"4.5.6"}');
    const { stdout, stderr } = spawnSync(process.execPath, [join(one.out, 'server-main.js')], { encoding: 'utf8' });
    assert.equal(stdout, '4.5.6\n', stderr);
  });

  for (const [what, line] of [
    ['a file that would not be in the package', `new URL('./words.txt', import.meta.url)`],
    ['a thread that is not there', `new URL('./gone.ts', import.meta.url)`],
    ['a place that is made at run time', `new URL(\`./\${1 + 1}.ts\`, import.meta.url)`],
    ['the folder of a source', 'import.meta.dirname'],
  ] as const) {
    it(`is not made of a source that names ${what}`, async () => {
      await using one = await project({
        'server/main.ts': `import './odd.ts';`,
        'server/odd.ts': `console.log(${line});`,
        'server/words.txt': '',
      });
      await assert.rejects(bundleServer(one.root, one.out), /server\/odd\.ts/);
    });
  }
});

describe('the bundle of the server', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hallway-server-'));
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  });
  after(() => rm(folder, { recursive: true }));

  it('has the server, hallwayctl, and every thread and program that these start', async () => {
    const { entries, packages } = await bundleServer(ROOT, join(folder, 'server'));
    const started = globSync(['server/**/*.ts', 'provisioning/**/*.ts'], { cwd: ROOT }).flatMap((file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(/new URL\('(\.[^']+\.ts)'/g)].map(([, name]) =>
        entryFile(posix.join(dirname(file), name!)),
      ),
    );
    assert.ok(started.includes('server-storage-sqlite-worker.js') && started.includes('server-restore.js'));
    assert.deepEqual(entries, [...new Set(['server-main.js', 'server-cli-main.js', ...started])].sort());
    const there = await readdir(join(folder, 'server'));
    for (const name of entries) assert.ok(there.includes(name), name);
    assert.ok([...packages].some((one) => one.endsWith('/node_modules/fastify')));
    assert.ok(![...packages].some((one) => one.endsWith('/node_modules/better-sqlite3')));
  });

  it('is the same, byte by byte, when it is made once more', async () => {
    await bundleServer(ROOT, join(folder, 'again'));
    const names = await readdir(join(folder, 'server'));
    assert.deepEqual(await readdir(join(folder, 'again')), names);
    for (const name of names) {
      const [one, other] = await Promise.all(
        ['server', 'again'].map((place) => readFile(join(folder, place, name), 'utf8')),
      );
      assert.equal(one, other, name);
      assert.ok(!one!.includes(ROOT), `${name} says where it was made`);
    }
  });

  it('runs: hallwayctl knows all its verbs', async () => {
    const ctl = join(folder, 'server', entryFile('server/cli/main.ts'));
    const { stdout, stderr } = spawnSync(process.execPath, [ctl, '--help'], { encoding: 'utf8' });
    for (const { words } of VERBS) assert.match(stdout, new RegExp(`^  ${words}\\b`, 'm'), stderr);
  });
});

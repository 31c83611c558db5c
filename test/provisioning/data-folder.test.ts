import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { prepareDataFolder, STORE_FILE } from '../../provisioning/data-folder.ts';
import { ConfigError } from '../../server/config/config-error.ts';

const root = mkdtempSync(join(tmpdir(), 'hallway-data-'));
after(() => rmSync(root, { recursive: true }));
let folders = 0;

function folder(...files: string[]): string {
  const path = join(root, String(++folders));
  mkdirSync(path, { mode: 0o700 });
  for (const name of files) writeFileSync(join(path, name), 'x');
  return path;
}

function refused(path: string, why: RegExp): void {
  assert.throws(
    () => prepareDataFolder(path),
    (error) => error instanceof ConfigError && error.file === path && why.test(error.message),
  );
}

const mode = (path: string) => statSync(path).mode & 0o777;

describe('the data folder', () => {
  it('is made, with what leads to it, for us alone', () => {
    const path = join(root, 'deep', 'data');
    assert.equal(prepareDataFolder(path), join(path, STORE_FILE));
    assert.equal(mode(path), 0o700);
    assert.deepEqual(readdirSync(path), []);
    assert.equal(prepareDataFolder(path), join(path, STORE_FILE));
  });

  it('may be there: empty, a fresh file system, or ours', () => {
    for (const files of [[], ['lost+found'], [STORE_FILE, 'hallwayctl.sock'], [`${STORE_FILE}-wal`]]) {
      const path = folder(...files);
      assert.equal(prepareDataFolder(path), join(path, STORE_FILE));
      assert.deepEqual(readdirSync(path), files);
    }
  });

  it('is closed to others if it is ours', () => {
    const path = folder();
    chmodSync(path, 0o775);
    prepareDataFolder(path);
    assert.equal(mode(path), 0o700);
  });

  it('is refused when it is somebody else’s, and left as it was', () => {
    const path = folder('letters.txt');
    chmodSync(path, 0o755);
    refused(path, /has other things in it \("letters\.txt"\) and no hallway\.db; it was left as it is/);
    assert.equal(mode(path), 0o755);
    assert.equal(existsSync(join(path, STORE_FILE)), false);
  });

  it('is refused when it is a file, or below one', () => {
    const path = folder('file');
    refused(join(path, 'file'), /is a file/);
    refused(join(path, 'file', 'data'), /a part of its path is a file/);
  });

  it('is refused where nothing can be made', () => {
    refused('/proc/hallway', /cannot be made/);
    symlinkSync(join(root, 'nowhere'), join(root, 'dangling'));
    refused(join(root, 'dangling', 'data'), /a part of its path leads nowhere/);
  });

  it('is refused when we may not write to it', { skip: process.getuid?.() === 0 && 'root may write anywhere' }, () => {
    const path = folder();
    chmodSync(path, 0o500);
    refused(path, /cannot be used: we have no permission/);
  });
});

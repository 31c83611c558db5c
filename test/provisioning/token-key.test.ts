import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { TOKEN_KEY_FILE, tokenKey } from '../../provisioning/token-key.ts';

function folder(t: { after(done: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'token-key-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

describe('the key that tokens are made with', () => {
  it('is made once, for us alone to read, and stays (SECURITY 78)', (t) => {
    const path = folder(t);
    const key = tokenKey(path);
    assert.equal(key.length, 32);
    assert.deepEqual(tokenKey(path), key);
    assert.deepEqual(readdirSync(path), [TOKEN_KEY_FILE]);
    assert.equal(statSync(join(path, TOKEN_KEY_FILE)).mode & 0o777, 0o600);
    assert.notDeepEqual(tokenKey(folder(t)), key);
  });

  it('that is damaged is not replaced silently', (t) => {
    const path = folder(t);
    writeFileSync(join(path, TOKEN_KEY_FILE), 'short');
    assert.throws(() => tokenKey(path), /not a key of 32 bytes/);
    assert.equal(readFileSync(join(path, TOKEN_KEY_FILE), 'utf8'), 'short');
    assert.throws(() => tokenKey(join(path, 'nowhere')), /cannot be used: ENOENT/);
  });
});

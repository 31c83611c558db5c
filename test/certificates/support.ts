import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { openDatabase } from '../../server/storage/sqlite.ts';
import { Certificates } from '../../server/storage/stores/certificates.ts';
import { createLog } from '../../server/util/log.ts';

export const folder = mkdtempSync(join(tmpdir(), 'hallway-certificates-'));
after(() => rmSync(folder, { recursive: true }));

export const log = createLog({ level: 'silent' });
let files = 0;

/** A file of this text, for programs that read files. */
export function file(text: string): string {
  const name = join(folder, `${++files}.pem`);
  writeFileSync(name, text);
  return name;
}

/** Runs openssl; gives its exit code and all it printed. */
export function openssl(...args: string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve, reject) => {
    execFile('openssl', args, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error);
      else resolve({ code: error === null ? 0 : Number(error.code), text: stdout + stderr });
    });
  });
}

/** An empty store of certificates, closed after the tests of the file. */
export async function emptyStore(): Promise<Certificates> {
  const db = await openDatabase({ file: ':memory:', log });
  after(() => db.close());
  return new Certificates(db);
}

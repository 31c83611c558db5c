import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROGRAM = join(import.meta.dirname, '../../provisioning/repository/main.ts');
const RUN_MS = 5 * 60_000;

export interface Content {
  readonly name?: string;
  readonly version: string;
  readonly architecture?: string;
  /** More fields, each a line. */
  readonly fields?: readonly string[];
  /** How many bytes are in it, that nothing makes fewer. */
  readonly bytes?: number;
}

export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Whoever ships the package: a folder to work in, with a keyring in it, and `npm run repository`. */
export class Shipping implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'hallway-shipping-'));
  readonly keyring = join(this.folder, 'key');
  /** The fingerprint of the key. */
  readonly key: string;

  constructor() {
    this.key = this.does('new-key', this.keyring).split('\n')[0]!;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** A small package, in a folder of its own. Each has other bytes than the one before. */
  deb({ name = 'hallway', version, architecture = 'amd64', fields = [], bytes = 100 }: Content): string {
    const root = mkdtempSync(this.path('deb-'));
    mkdirSync(join(root, 'content/DEBIAN'), { recursive: true });
    const control = [
      ...[`Package: ${name}`, `Version: ${version}`, `Architecture: ${architecture}`],
      ...['Maintainer: Juliet <juliet@example.test>', 'Description: a trial', ...fields, ''],
    ];
    writeFileSync(join(root, 'content/DEBIAN/control'), control.join('\n'));
    writeFileSync(join(root, 'content/bytes'), randomBytes(bytes));
    const file = join(root, `${name}_${version}_${architecture}.deb`);
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '-b', join(root, 'content'), file]);
    return file;
  }

  environment(): NodeJS.ProcessEnv {
    return { ...process.env, GNUPGHOME: this.keyring, INIT_CWD: this.folder };
  }

  run(...words: readonly string[]): Said {
    const options = { env: this.environment(), timeout: RUN_MS, encoding: 'utf8' } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...words], options);
    return { code: status, stdout, stderr };
  }

  /** The same, where it must succeed. Gives what it wrote. */
  does(...words: readonly string[]): string {
    const { code, stdout, stderr } = this.run(...words);
    if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  [Symbol.dispose](): void {
    spawnSync('gpgconf', ['--homedir', this.keyring, '--kill', 'all']);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

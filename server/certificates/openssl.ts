import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pemOf } from './pem.ts';
import type { TrustAnchors } from './trust-anchors.ts';

/** One fault that openssl found, by its number (X509_V_ERR_…); `depth` counts from the leaf. */
export interface Finding {
  readonly code: number;
  readonly depth: number;
  readonly text: string;
}

/** Why there is no verdict. */
export class NotChecked extends Error {
  readonly why: 'missing' | 'too-many' | 'too-slow' | 'failed';

  constructor(why: 'missing' | 'too-many' | 'too-slow' | 'failed', options?: ErrorOptions) {
    super(why, options);
    this.name = 'NotChecked';
    this.why = why;
  }
}

export interface OpensslOptions {
  readonly anchors: TrustAnchors;
  /** Its name or path. */
  readonly program?: string;
  readonly timeoutMs?: number;
  readonly atOnce?: number;
  readonly waiting?: number;
}

/** What it prints for a fault. Names of certificates stand in lines of their own, which begin with what they are. */
const FAULT = /^error (\d+) at (\d+) depth lookup: ?(.*)$/gm;
const MAX_FINDINGS = 20;
const MAX_TEXT = 200;
/** Nothing of our own environment, as it could name other authorities or another configuration. */
const ENVIRONMENT = { PATH: '/usr/bin:/usr/local/bin:/bin', LC_ALL: 'C', OPENSSL_CONF: '/dev/null' };

/**
 * Asks `openssl verify` whether a chain leads to an authority, as the certificate of a server, whichever side of a connection
 * shows it. Few at once, as each of them is a process.
 */
export class Openssl implements AsyncDisposable {
  readonly #options: Required<OpensslOptions>;
  readonly #ending = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  readonly #waiting: (() => void)[] = [];
  #busy = 0;
  #folder: string | undefined;
  #opening: Promise<string> | undefined;
  #files = 0;

  constructor(options: OpensslOptions) {
    this.#options = { program: 'openssl', timeoutMs: 5_000, atOnce: 4, waiting: 100, ...options };
  }

  /**
   * What is wrong with a chain, the leaf first; nothing: it is good. With `authority` (PEM), only that counts: an authority,
   * be it one that another one signed, or the leaf itself. Throws NotChecked.
   */
  async verify(chain: readonly Uint8Array[], authority?: string): Promise<readonly Finding[]> {
    await this.#turn();
    const asked = this.#ask(chain, authority);
    this.#running.add(asked);
    try {
      return await asked;
    } catch (error) {
      throw error instanceof NotChecked ? error : new NotChecked('failed', { cause: error });
    } finally {
      this.#running.delete(asked);
      // A turn is handed on: else somebody new could take it before whoever has waited.
      const next = this.#waiting.shift();
      if (next === undefined) this.#busy -= 1;
      else next();
    }
  }

  /** Ends what is under way and removes every file. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    for (const go of this.#waiting.splice(0)) go();
    await Promise.allSettled(this.#running);
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }

  async #turn(): Promise<void> {
    if (this.#busy < this.#options.atOnce) this.#busy += 1;
    else if (this.#waiting.length >= this.#options.waiting) throw new NotChecked('too-many');
    else await new Promise<void>((go) => this.#waiting.push(go));
    if (this.#ending.signal.aborted) throw new NotChecked('failed');
  }

  async #ask(chain: readonly Uint8Array[], authority: string | undefined): Promise<readonly Finding[]> {
    const folder = await this.#ownFolder();
    const name = join(folder, `${++this.#files}`);
    const [sent, pinned] = [`${name}.chain.pem`, `${name}.authority.pem`];
    try {
      await writeFile(sent, chain.map(pemOf).join(''), { mode: 0o600 });
      if (authority !== undefined) await writeFile(pinned, authority, { mode: 0o600 });
      const trusted =
        authority === undefined
          ? ['-CAfile', await this.#options.anchors.file(folder)]
          : ['-trusted', pinned, '-partial_chain'];
      return await this.#run([
        'verify',
        ...['-purpose', 'sslserver', '-auth_level', '2', '-nameopt', 'RFC2253'],
        ...['-no-CAfile', '-no-CApath', '-no-CAstore', ...trusted],
        ...['-untrusted', sent, sent],
      ]);
    } finally {
      await Promise.all([sent, pinned].map((file) => rm(file, { force: true })));
    }
  }

  #run(args: readonly string[]): Promise<readonly Finding[]> {
    const { program, timeoutMs: timeout } = this.#options;
    const options = {
      env: ENVIRONMENT,
      cwd: '/',
      timeout,
      killSignal: 'SIGKILL',
      maxBuffer: 65_536,
      encoding: 'utf8',
    } as const;
    return new Promise((resolve, reject) => {
      execFile(program, args, { ...options, signal: this.#ending.signal }, (error, out, err) => {
        const text = `${err}\n${out}`;
        const findings = [...text.matchAll(FAULT)].slice(0, MAX_FINDINGS).map(([, code, depth, words]) => ({
          code: Number(code),
          depth: Number(depth),
          text: words!.slice(0, MAX_TEXT),
        }));
        // Both must say so: its exit code, and that it named no fault.
        if (error === null && findings.length === 0 && /: OK$/m.test(out)) resolve([]);
        else if (error?.code === 'ENOENT') reject(new NotChecked('missing'));
        else if (error?.killed === true) reject(new NotChecked('too-slow'));
        else if (findings.length > 0) resolve(findings);
        else
          reject(
            new NotChecked('failed', {
              cause: new Error((text.trim() || error?.message || 'no answer').slice(0, MAX_TEXT)),
            }),
          );
      });
    });
  }

  /** For us alone; made anew when it is gone, as /tmp is swept. */
  #ownFolder(): Promise<string> {
    this.#opening ??= this.#openFolder().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #openFolder(): Promise<string> {
    const there = this.#folder !== undefined && (await stat(this.#folder).catch(() => undefined)) !== undefined;
    if (!there) this.#folder = await mkdtemp(join(tmpdir(), 'hallway-chains-'));
    return this.#folder!;
  }
}

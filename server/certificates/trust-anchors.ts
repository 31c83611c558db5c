import { X509Certificate } from 'node:crypto';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';
import type { Logger } from '../util/log.ts';
import { hasConstraints } from './name-reach.ts';
import { pemBlocks } from './pem.ts';

/** Where systems keep the authorities that they trust, those of their administrators included: Debian and many, Fedora. */
const SYSTEM = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt'];

/**
 * The authorities that everybody trusts, in one file for openssl: those that Node brings along (and NODE_EXTRA_CA_CERTS), and
 * those of the system, for what an administrator has added there counts, too. The file is made anew when the system's has
 * changed, or when ours is gone, as /tmp is swept.
 */
export class TrustAnchors {
  readonly #log: Logger;
  readonly #files: readonly string[];
  readonly #bundled: () => readonly string[];
  #written: { readonly path: string; readonly stamp: string } | undefined;
  #writing: Promise<string> | undefined;
  #constrained: ReadonlySet<string> = new Set();

  constructor(log: Logger, files: readonly string[] = SYSTEM, bundled = () => getCACertificates('default')) {
    this.#log = log;
    this.#files = files;
    this.#bundled = bundled;
  }

  /** The subjects of those that may speak for some names only; known once the file is there. */
  get constrained(): ReadonlySet<string> {
    return this.#constrained;
  }

  /** Where the file is, in a folder that is there. */
  file(folder: string): Promise<string> {
    this.#writing ??= this.#current(folder).finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #current(folder: string): Promise<string> {
    const path = join(folder, 'anchors.pem');
    const stamps = await Promise.all(this.#files.map((file) => stampOf(file)));
    const stamp = stamps.join();
    const written = this.#written;
    if (written?.path === path && written.stamp === stamp && (await stampOf(path)) !== '') return path;
    const texts = await Promise.all(this.#files.map((file) => readFile(file, 'latin1').catch(() => '')));
    const anchors = new Map(this.#bundled().map((pem) => [contentOf(pem), pem]));
    for (const pem of texts.flatMap(pemBlocks)) {
      // openssl reads all of the file or nothing.
      if (!anchors.has(contentOf(pem)) && isCertificate(pem)) anchors.set(contentOf(pem), pem);
    }
    if (anchors.size === 0) this.#log.warn('no authority is known: certificates of other servers cannot be trusted');
    await writeFile(`${path}.new`, [...anchors.values(), ''].join('\n'), { mode: 0o600 });
    await rename(`${path}.new`, path);
    const limited = [...anchors].filter(([content]) => hasConstraints(Buffer.from(content, 'base64')));
    this.#constrained = new Set(limited.map(([, pem]) => new X509Certificate(pem).subject));
    this.#written = { path, stamp };
    return path;
  }
}

async function stampOf(file: string): Promise<string> {
  try {
    const { mtimeMs, size } = await stat(file);
    return `${mtimeMs} ${size}`;
  } catch {
    return '';
  }
}

function contentOf(pem: string): string {
  return pem.replace(/-----[A-Z ]+-----|\s/g, '');
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

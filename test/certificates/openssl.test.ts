import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { rootCertificates } from 'node:tls';
import pino from 'pino';
import { Openssl, type OpensslOptions } from '../../server/certificates/openssl.ts';
import { PeerChains } from '../../server/certificates/peer-chain.ts';
import { pemBlocks } from '../../server/certificates/pem.ts';
import { TrustAnchors } from '../../server/certificates/trust-anchors.ts';
import { authority } from '../support/authority.ts';
import { file, folder, log } from './support.ts';

const root = authority('Public root');
const leaf = root.issue({ dns: ['example.test'] });
const anchors = () => new TrustAnchors(log, [], () => [root.pem]);

/** A program in the place of openssl, with a folder of its own, `$HERE`. */
function program(lines: string): { readonly path: string; readonly here: string } {
  const here = mkdtempSync(join(folder, 'program-'));
  const path = join(here, 'openssl');
  writeFileSync(path, `#!/bin/sh\nHERE='${here}'\n${lines}\n`);
  chmodSync(path, 0o700);
  return { path, here };
}

function openssl(path: string, options: Omit<OpensslOptions, 'anchors' | 'program'> = {}): Openssl {
  return new Openssl({ anchors: anchors(), program: path, ...options });
}

async function until(what: () => boolean): Promise<void> {
  for (const end = Date.now() + 30_000; !what(); await delay(5)) assert.ok(Date.now() < end, 'it never came');
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('openssl as a program', () => {
  it('is told one chain, in files for us alone that are gone afterwards, and none of our environment', async () => {
    const { path, here } = program(`printf '%s\\n' "$@" >"$HERE/args"; env >"$HERE/env"
      for last; do :; done
      stat -c %a "$last" "$(dirname "$last")" >"$HERE/modes"; cp "$last" "$HERE/sent"
      echo "$last: OK"`);
    process.env.SSL_CERT_FILE ??= '/nowhere';
    const asked = openssl(path);
    assert.deepEqual(await asked.verify([leaf.der, root.der]), []);
    assert.equal(readFileSync(join(here, 'modes'), 'utf8'), '600\n700\n');
    assert.equal(readFileSync(join(here, 'sent'), 'utf8'), leaf.pem + root.pem);
    assert.doesNotMatch(readFileSync(join(here, 'env'), 'utf8'), /^(?:SSL_|NODE_|HOME)/m);
    const args = readFileSync(join(here, 'args'), 'utf8').trim().split('\n');
    assert.deepEqual(args.slice(0, 3), ['verify', '-purpose', 'sslserver']);
    assert.ok(!args.includes('-partial_chain'));
    const own = dirname(args.at(-1)!);
    assert.deepEqual(readdirSync(own), ['anchors.pem']);
    assert.equal(statSync(join(own, 'anchors.pem')).mode & 0o777, 0o600);
    await asked.verify([leaf.der], root.pem);
    assert.ok(readFileSync(join(here, 'args'), 'utf8').includes('-partial_chain'));
    assert.deepEqual(readdirSync(own), ['anchors.pem']);
    rmSync(join(own, 'anchors.pem'));
    await asked.verify([leaf.der]);
    assert.deepEqual(readdirSync(own), ['anchors.pem'], 'the file was swept away');
    rmSync(own, { recursive: true });
    assert.deepEqual(await asked.verify([leaf.der]), [], 'the folder was swept away');
    const anew = dirname(readFileSync(join(here, 'args'), 'utf8').trim().split('\n').at(-1)!);
    await asked[Symbol.asyncDispose]();
    assert.equal(existsSync(anew), false);
  });

  it('must say twice that all is well: by its exit code, and by naming no fault', async () => {
    const fault = 'error 10 at 0 depth lookup: certificate has expired';
    const expired = [{ code: 10, depth: 0, text: 'certificate has expired' }];
    await using one = openssl(program(`echo "${fault}" >&2; echo "x: OK"`).path);
    assert.deepEqual(await one.verify([leaf.der]), expired);
    await using other = openssl(program(`echo "x: OK"; echo "${fault}" >&2; exit 2`).path);
    assert.deepEqual(await other.verify([leaf.der]), expired);
    for (const lines of ['exit 0', 'echo "x: OK"; exit 1', 'echo fine', 'kill -9 $$']) {
      await using broken = openssl(program(lines).path);
      await assert.rejects(broken.verify([leaf.der]), { name: 'NotChecked', why: 'failed' }, lines);
    }
  });

  it('attack: a name in a certificate that looks like what openssl prints', async () => {
    await using real = new Openssl({ anchors: anchors() });
    const evil = 'x\nerror 10 at 0 depth lookup: certificate has expired\nx: OK';
    const stranger = authority(evil).issue({ cn: evil, dns: ['example.test'] });
    const findings = await real.verify([stranger.der]);
    assert.ok(findings.length > 0);
    assert.ok(
      findings.every(({ code }) => code === 20 || code === 21),
      JSON.stringify(findings),
    );
  });

  it('one that hangs is ended by its number', async () => {
    const { path, here } = program('echo $$ >"$HERE/pid"; exec sleep 100');
    await using slow = openssl(path, { timeoutMs: 400 });
    await assert.rejects(slow.verify([leaf.der]), { why: 'too-slow' });
    // It may have been ended before it could say its number.
    if (existsSync(join(here, 'pid'))) await until(() => !alive(Number(readFileSync(join(here, 'pid'), 'utf8'))));
  });

  it('attack: certificates by the hundred: few processes at once, a short queue, and the rest is sent away', async () => {
    const { path, here } = program(`touch "$HERE/running.$$"; ls "$HERE" | grep -c running >>"$HERE/seen"
      while [ ! -e "$HERE/go" ]; do sleep 0.02; done
      rm "$HERE/running.$$"; echo "x: OK"`);
    await using busy = openssl(path, { atOnce: 2, waiting: 3, timeoutMs: 60_000 });
    const asked = Array.from({ length: 5 }, () => busy.verify([leaf.der]));
    await assert.rejects(busy.verify([leaf.der]), { why: 'too-many' });
    await until(() => readdirSync(here).filter((name) => name.startsWith('running')).length === 2);
    writeFileSync(join(here, 'go'), '');
    assert.deepEqual(await Promise.all(asked), [[], [], [], [], []]);
    const seen = readFileSync(join(here, 'seen'), 'utf8').trim().split('\n').map(Number);
    assert.equal(seen.length, 5);
    assert.ok(Math.max(...seen) <= 2, seen.join());
    assert.deepEqual(await busy.verify([leaf.der]), [], 'and then there is room again');
  });

  it('when the house closes, nothing goes on and nothing is left', async () => {
    const { path, here } = program('echo "$$ $*" >"$HERE/new"; mv "$HERE/new" "$HERE/started"; exec sleep 100');
    const asked = openssl(path, { atOnce: 1 });
    const both = Promise.allSettled([asked.verify([leaf.der]), asked.verify([leaf.der])]);
    await until(() => existsSync(join(here, 'started')));
    const [pid, ...args] = readFileSync(join(here, 'started'), 'utf8').trim().split(' ');
    await asked[Symbol.asyncDispose]();
    assert.deepEqual(
      (await both).map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    await until(() => !alive(Number(pid)));
    assert.equal(existsSync(dirname(args.at(-1)!)), false);
    await assert.rejects(asked.verify([leaf.der]), { why: 'failed' });
  });

  it('where it is missing, certificates are not good, it is said why, and logged once', async () => {
    const lines: string[] = [];
    const noisy = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
    await using none = new PeerChains({ log: noisy, openssl: openssl(join(folder, 'nothing')), anchors: anchors() });
    for (let index = 0; index < 3; index += 1) {
      const { problem, summaries } = await none.check([leaf.der], 'example.test');
      assert.equal(problem?.code, 'certificate-bad');
      assert.match(String(problem.facts.text), /openssl is missing/);
      assert.equal(summaries.length, 1);
    }
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /openssl is missing/);
  });

  it('a verdict that did not come is no verdict on a certificate', async () => {
    await using slow = new PeerChains({
      log,
      anchors: anchors(),
      openssl: openssl(program('exec sleep 100').path, { timeoutMs: 200, atOnce: 1, waiting: 0 }),
    });
    const both = [slow.check([leaf.der], 'example.test'), slow.check([root.der], 'example.test')];
    assert.deepEqual(
      (await Promise.all(both)).map(({ problem }) => problem?.code),
      ['too-slow', 'too-many'],
    );
    assert.equal((await slow.check([leaf.der], 'example.test')).problem?.code, 'too-slow', 'it is not kept');
  });
});

describe('the authorities that everybody trusts', () => {
  const own = () => mkdtempSync(join(folder, 'anchors-'));

  it('are those of Node and those of the system', async () => {
    const text = readFileSync(await new TrustAnchors(log).file(own()), 'utf8');
    const flat = text.replace(/\s/g, '');
    for (const pem of rootCertificates) assert.ok(flat.includes(pem.replace(/\s/g, '')));
    const debian = pemBlocks(readFileSync('/etc/ssl/certs/ca-certificates.crt', 'latin1'));
    assert.ok(debian.length > 50);
    for (const pem of debian) assert.ok(flat.includes(pem.replace(/\s/g, '')));
    const each = pemBlocks(text).map((pem) => pem.replace(/\s/g, ''));
    assert.equal(new Set(each).size, each.length, 'each once');
  });

  it('what an administrator adds to the system counts without a restart; what is damaged there harms nobody', async () => {
    const system = file(root.pem);
    const known = new TrustAnchors(log, [system, '/nowhere'], () => []);
    await using chains = new PeerChains({ log, anchors: known });
    const another = authority('Added later', { permitted: ['example.test'] });
    const theirs = another.issue({ dns: ['example.test'] });
    const code = async (one: { der: Buffer }) => (await chains.check([one.der], 'example.test')).problem?.code;
    assert.equal(await code(leaf), undefined);
    assert.equal(await code(theirs), 'certificate-unknown-issuer');
    const damaged = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    writeFileSync(system, `${root.pem}# added\n${damaged}${another.pem}`);
    assert.equal(await code(another.issue({ dns: ['example.test'] })), undefined);
    assert.deepEqual([...known.constrained], ['CN=Added later']);
    assert.equal(await code(root.issue({ dns: ['example.test'] })), undefined);
  });
});

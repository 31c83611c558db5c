import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { ConfigError } from '../../server/config/config-error.ts';
import { type LoadOptions, loadSettings } from '../../server/config/load.ts';
import type { Settings } from '../../server/config/settings.ts';

const root = mkdtempSync(join(tmpdir(), 'hallway-config-'));
after(() => rmSync(root, { recursive: true }));
let folders = 0;

function load(toml: string | Uint8Array | undefined, options: Partial<LoadOptions> = {}): Settings {
  const cwd = join(root, String(++folders));
  mkdirSync(cwd);
  if (toml !== undefined) writeFileSync(join(cwd, 'hallway.toml'), toml);
  return loadSettings({ cwd, systemName: 'chat', installed: join(root, 'etc.toml'), ...options });
}

function refusal(toml: string | Uint8Array | undefined, options?: Partial<LoadOptions>): ConfigError {
  try {
    load(toml, options);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error;
  }
  assert.fail('the file was taken');
}

describe('the boot file', () => {
  it('may be missing: a checkout runs on defaults', () => {
    const settings = load(undefined);
    assert.equal(settings.file, undefined);
    assert.equal(settings.data, join(root, String(folders), 'data'));
    assert.equal(settings.domain, 'chat.local');
    assert.equal(settings.hostname, 'chat.local');
    assert.deepEqual(settings.listen.c2s, [{ host: '::', port: 5222, text: '[::]:5222' }]);
    assert.deepEqual(settings.listen.component, [{ host: '127.0.0.1', port: 5347, text: '127.0.0.1:5347' }]);
    assert.deepEqual(settings.listen.http, [], 'nothing is to be had without encryption unless somebody wishes it');
    assert.deepEqual(settings.dns.servers, []);
    assert.equal(settings.log.level, 'info');
    assert.equal(settings.limits.stanza_bytes, 262_144);
    assert.equal(settings.limits.stanza_bytes_before_login, 10_000);
    assert.equal(settings.scram.iterations, 10_000);
  });

  it('says everything the design page shows', () => {
    const settings = load(`
data = "/srv/hallway"
domain = "Example.TEST"            # first domain
hostname = "chat.example.test"
[listen]
c2s = ["[::1]:5222", "127.0.0.1:0", "127.0.0.1:0"]
c2s_tls = []
s2s = []
s2s_tls = []
https = [
  "[::]:5281",   # all
]
http = ["0.0.0.0:80", "[::1]:8080"]
[dns]
servers = ["192.0.2.53:53"]
[log]
level = "debug"
[limits]
depth = 100
[scram]
iterations = 4_096
`);
    assert.equal(settings.data, '/srv/hallway');
    assert.equal(settings.domain, 'example.test');
    assert.equal(settings.hostname, 'chat.example.test');
    assert.deepEqual(
      settings.listen.c2s.map(({ host, port }) => `${host} ${port}`),
      ['::1 5222', '127.0.0.1 0', '127.0.0.1 0'],
    );
    assert.deepEqual(settings.listen.c2s_tls, []);
    assert.equal(settings.listen.proxy[0]?.port, 7777);
    assert.deepEqual(
      settings.listen.http.map(({ host, port }) => `${host} ${port}`),
      ['0.0.0.0 80', '::1 8080'],
    );
    assert.equal(settings.dns.servers[0]?.host, '192.0.2.53');
    assert.equal(settings.log.level, 'debug');
    assert.equal(settings.limits.depth, 100);
    assert.equal(settings.limits.children, 4_096);
    assert.equal(settings.scram.iterations, 4_096);
  });

  it('gives settings that cannot be changed', () => {
    const settings = load('[listen]\nc2s = ["127.0.0.1:0"]');
    for (const part of [settings, settings.listen, settings.listen.c2s, settings.listen.c2s[0], settings.limits]) {
      assert.ok(Object.isFrozen(part));
    }
  });

  it('has a data folder that starts from the file, and --data one that starts from the current folder', () => {
    mkdirSync(join(root, 'elsewhere'));
    writeFileSync(join(root, 'elsewhere/my.toml'), 'data = "store"');
    assert.equal(load(undefined, { config: '../elsewhere/my.toml' }).data, join(root, 'elsewhere/store'));
    const settings = load(undefined, { config: join(root, 'elsewhere/my.toml'), data: 'there' });
    assert.equal(settings.data, join(root, String(folders), 'there'));
    assert.equal(settings.file, join(root, 'elsewhere/my.toml'));
  });

  it('has the folder of scripts beside it, or says where that is; without one it is in the data folder', () => {
    const folder = join(root, 'elsewhere');
    assert.equal(load(undefined, { config: join(folder, 'my.toml') }).hooks, join(folder, 'hooks'));
    writeFileSync(join(folder, 'other.toml'), 'hooks = "/usr/lib/hallway/hooks"');
    assert.equal(load(undefined, { config: join(folder, 'other.toml') }).hooks, '/usr/lib/hallway/hooks');
    const { data, hooks } = load(undefined, { data: 'there' });
    assert.equal(hooks, join(data, 'hooks'));
  });

  it('is the one in the current folder before the installed one', () => {
    const installed = join(root, 'installed.toml');
    writeFileSync(installed, 'domain = "installed.test"');
    assert.equal(load('domain = "here.test"', { installed }).domain, 'here.test');
    const settings = load(undefined, { installed });
    assert.equal(settings.domain, 'installed.test');
    assert.equal(settings.data, '/var/lib/hallway');
  });

  for (const [systemName, domain] of [
    ['chat', 'chat.local'],
    ['Chat.Example.TEST', 'chat.example.test'],
    ['localhost', 'hallway.local'],
    ['localhost.localdomain', 'hallway.local'],
    ['(none)', 'hallway.local'],
    ['', 'hallway.local'],
    ['my_box', 'hallway.local'],
    ['192.0.2.1', 'hallway.local'],
  ] as const) {
    it(`makes ${domain} of a machine named "${systemName}"`, () => {
      assert.equal(load(undefined, { systemName }).domain, domain);
    });
  }
});

describe('a wrong boot file', () => {
  const cases: readonly [
    title: string,
    toml: string | Uint8Array,
    line: number,
    key: string | undefined,
    text: RegExp,
  ][] = [
    [
      'a misspelt key',
      '\n\n[listen]\nc2ss = []',
      4,
      '[listen] c2ss',
      /^hallway\.toml:4: \[listen\] c2ss: unknown key; did you mean c2s\?$/,
    ],
    ['a dash for an underscore', '[listen]\nc2s-tls = []', 2, '[listen] c2s-tls', /did you mean c2s_tls\?/],
    ['a misspelt section', '# listne\n[listne]\nc2s = []', 2, 'listne', /unknown key; did you mean listen\?/],
    ['a key in the wrong section', 'level = "info"', 1, 'level', /belongs in the section \[log\]/],
    ['a key below the sections', '[log]\ndata = "x"', 2, '[log] data', /belongs above all sections/],
    ['a key nobody knows', 'a = 1\nzebra = 1', 1, 'a', /unknown key$/],
    ['a dotted key', 'data = "x"\nlisten.c2ss = []', 2, '[listen] c2ss', /unknown key/],
    ['an inline section', 'data = "x"\nlisten = { c2ss = [] }', 2, '[listen] c2ss', /unknown key/],
    [
      'a key named in text before',
      '[listen]\nhttps = ["""\nc2ss = 1\n"""]\nc2ss = []',
      5,
      '[listen] c2ss',
      /unknown key/,
    ],
    ['a section that is a value', 'listen = 5222', 1, 'listen', /must be a section/],
    ['a section given many times over', '[[log]]\nlevel = "info"', 1, 'log', /must be a section/],
    ['a section that is a date', 'log = 2026-01-01', 1, 'log', /must be a section/],
    ['a prototype', '[listen]\n__proto__ = 1', 2, undefined, /is not TOML/],
    [
      'plain HTTP at the port of the panel',
      '[listen]\nhttp = ["[::]:5281"]',
      2,
      '[listen] http',
      /clashes with "\[::\]:5281"/,
    ],
    ['plain HTTP by a port alone', '[listen]\nhttp = 80', 2, '[listen] http', /must be a list like/],
    ['an address alone', '[listen]\nc2s = "[::]:5222"', 2, '[listen] c2s', /must be a list like/],
    [
      'a port as a number',
      '[listen]\nc2s = [5222]',
      2,
      '[listen] c2s',
      /must be "address:port" in quotes, not the number 5222/,
    ],
    ['IPv6 without brackets', '[listen]\nc2s = [":::5222"]', 2, '[listen] c2s', /":::5222" is not "address:port"/],
    ['IPv4 in brackets', '[listen]\nc2s = ["[127.0.0.1]:5222"]', 2, '[listen] c2s', /is not "address:port"/],
    ['an address without port', '[listen]\nc2s = ["127.0.0.1"]', 2, '[listen] c2s', /is not "address:port"/],
    ['a name for an address', '[listen]\nc2s = ["chat.example:5222"]', 2, '[listen] c2s', /is not "address:port"/],
    ['the second of a list', '[listen]\nc2s = [\n"[::]:5222",\n"[::]:70000"]', 4, '[listen] c2s', /port over 65535/],
    ['a resolver without port', '[dns]\nservers = ["192.0.2.1"]', 2, '[dns] servers', /is not "address:port"/],
    [
      'one port twice',
      '[listen]\nc2s = ["[::]:5222"]\ns2s = ["[::]:5222"]',
      3,
      '[listen] s2s',
      /clashes with "\[::\]:5222" of \[listen\] c2s$/,
    ],
    [
      'one port twice in a list',
      '[listen]\nc2s = ["[::1]:1", "[::1]:1"]',
      2,
      '[listen] c2s',
      /clashes with .* of the same list/,
    ],
    ['a port below the wildcard', '[listen]\nc2s = ["[::]:9"]\ns2s = ["127.0.0.1:9"]', 3, '[listen] s2s', /clashes/],
    [
      'the port of a default',
      '[listen]\nc2s = ["[::]:5269"]',
      2,
      '[listen] c2s',
      /clashes .* of \[listen\] s2s \(its default\)/,
    ],
    ['an unknown level', '[log]\nlevel = "loud"', 2, '[log] level', /must be one of fatal, .*, not "loud"/],
    ['a level as a number', '[log]\nlevel = 3', 2, '[log] level', /must be one of .*, not the number 3/],
    [
      'too small a number',
      '[limits]\nstanza_bytes = 1',
      2,
      '[limits] stanza_bytes',
      /1 is out of range, must be 10000 to 16777216/,
    ],
    ['too large a number', '[limits]\ndepth = 4611686018427387904', 2, '[limits] depth', /out of range/],
    ['a fraction', '[limits]\ndepth = 10.5', 2, '[limits] depth', /whole number, not 10.5/],
    ['a whole number as fraction', '[limits]\ndepth = 10.0', 2, '[limits] depth', /whole number/],
    ['a number as text', '[limits]\ndepth = "10"', 2, '[limits] depth', /whole number, not text/],
    ['few iterations', '[scram]\niterations = 1', 2, '[scram] iterations', /4096 to/],
    ['a domain that is none', 'domain = "exa mple"', 1, 'domain', /"exa mple" is not a domain name/],
    ['a domain that is an address', '\ndomain = "192.0.2.1"', 2, 'domain', /is not a domain name/],
    ['a domain that is a list', 'domain = ["a.test"]', 1, 'domain', /must be text in quotes, not a list/],
    ['an empty folder name', 'data = ""', 1, 'data', /must not be empty/],
    ['a folder with a null', 'data = "a\\u0000"', 1, 'data', /control characters/],
    ['what is not TOML', 'data = "x"\nlisten = [', 2, undefined, /^hallway\.toml:2: is not TOML: /],
    ['a key twice', 'data = "x"\ndata = "y"', 2, undefined, /is not TOML/],
    ['lists within lists', `data = "x"\nc = ${'['.repeat(5000)}`, 2, undefined, /is not TOML/],
    ['what is not UTF-8', Buffer.from('data = "x"\n# caf\xe9\n', 'latin1'), 2, undefined, /is not UTF-8/],
  ];
  for (const [title, toml, line, key, text] of cases) {
    it(`names line and key: ${title}`, () => {
      const error = refusal(toml);
      assert.match(error.message, text);
      assert.deepEqual({ file: error.file, line: error.line, key: error.key }, { file: 'hallway.toml', line, key });
    });
  }

  it('is named when it is too large', () => {
    assert.match(refusal(`#${'x'.repeat(1_048_576)}`).message, /^hallway\.toml: is larger than 1 MB/);
  });

  it('is named when it is not there or not a file', () => {
    assert.match(refusal(undefined, { config: 'my.toml' }).message, /^my\.toml: is not there$/);
    assert.match(refusal(undefined, { config: '.' }).message, /^\.: is not a file$/);
  });

  it('costs little, however long and repetitive', () => {
    const begun = performance.now();
    assert.equal(refusal(`${'# zebra\n'.repeat(120_000)}zebra = 1`).key, 'zebra');
    assert.ok(performance.now() - begun < 5_000);
  });
});

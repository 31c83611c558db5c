import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Which room may import which, beside itself (docs/decisions/0006-import-rules.md). Packages have a table of their own, below.
 * Two lines are wider than the plan this house was built from:
 *  - c2s sees the types of storage, as whoever has logged in is an account;
 *  - http sees util, for the log and the addresses of clients.
 * Where what exists needs less than the plan allows, the line is what exists.
 */
const MAY: Readonly<Record<string, readonly string[]>> = {
  util: [],
  xmpp: ['util'],
  config: ['util', 'xmpp'],
  storage: ['util', 'xmpp'],
  certificates: ['util', 'storage'],
  stream: ['util', 'xmpp'],
  host: ['util', 'xmpp', 'storage'],
  pubsub: ['util', 'xmpp', 'storage', 'host'],
  archive: ['util', 'xmpp', 'storage', 'host', 'stream'],
  moving: ['util', 'xmpp', 'storage', 'stream'],
  modules: ['util', 'xmpp', 'storage', 'host', 'pubsub', 'archive'],
  components: ['util', 'xmpp', 'storage', 'host', 'pubsub', 'archive'],
  c2s: ['util', 'xmpp', 'stream', 'host', 'certificates', 'storage (types)'],
  s2s: ['util', 'xmpp', 'stream', 'host', 'certificates', 'storage (types)'],
  provisioning: ['util', 'xmpp', 'config', 'storage', 'certificates'],
  commands: ['util', 'xmpp', 'storage', 'certificates', 'provisioning', 'host', 's2s', 'archive', 'moving'],
  'components/external': ['util', 'xmpp', 'storage', 'stream', 'host'],
  'http/contract': [],
  http: ['util', 'commands', 'http/contract'],
  cli: ['http/contract (types)'],
  'admin-ui': ['http/contract (types)'],
  hall: ['*'],
};

/** Single files that may reach further than their room. */
const EXCEPTIONS: Readonly<Record<string, { readonly to: readonly string[]; readonly why: string }>> = {
  'server/modules/ad-hoc.ts': { to: ['commands'], why: 'XEP-0133 is a door to the commands' },
  'server/modules/ad-hoc-commands.ts': { to: ['commands'], why: 'the other half of ad-hoc.ts' },
  'server/modules/ad-hoc-house.ts': { to: ['commands'], why: 'the third part of ad-hoc.ts' },
  'server/modules/index.ts': { to: ['commands (types)'], why: 'hands the commands on to ad-hoc.ts' },
};

/** Who may touch `process`, beside main.ts. */
const PROCESS: Readonly<Record<string, string>> = {
  'server/main.ts': 'it is the process',
  'server/restore.ts': 'a program of its own',
  'server/rollback.ts': 'another one',
  'server/commands/overview.ts': 'reads how much memory is in use, changes nothing',
  'server/commands/meter.ts': 'reads how much of the machine is used, changes nothing',
  'provisioning/data-folder.ts': 'asks which user it is, to say whose a folder must be',
  'provisioning/become-owner.ts': 'gives root’s rights up, for restore.ts and rollback.ts',
  'server/util/program.ts': 'ends what it has started',
  'server/cli/hallwayctl.js': 'a process of its own',
  'server/cli/main.ts': 'the same',
  'provisioning/repository/main.ts': 'a program for whoever ships the package',
  'provisioning/repository/program.ts': 'hands its environment on',
  'admin-ui/build-if-stale.ts': 'runs before the server does, as a program of its own',
  'admin-ui/vite.config.ts': 'runs in the build',
};

/** Packages that one room has to itself, or a few. Everything else in package.json may be used where it is needed. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'node-forge': ['certificates'],
  'acme-client': ['certificates'],
  'better-sqlite3': ['storage'],
  '@xmpp/xml': ['xmpp'],
  'smol-toml': ['config', 'cli'], // hallwayctl only looks for the data folder in the boot file
  fastify: ['http', 'c2s', 'components'], // the latter two: the types of a plugin that the hall mounts
  ws: ['c2s'],
  '@fastify/static': ['http'],
  'content-disposition': ['components'],
  '@fastify/cookie': ['http'],
  typebox: ['http', 'http/contract'],
  '@simplewebauthn/server': ['commands'],
  vue: ['admin-ui'],
  'vue-router': ['admin-ui'],
  'reka-ui': ['admin-ui'],
  '@simplewebauthn/browser': ['admin-ui'],
};

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typesOnly: boolean;
}

const files = globSync(['server/**/*.{ts,js}', 'provisioning/**/*.ts', 'admin-ui/**/*.{ts,vue,js}'], {
  cwd: ROOT,
  exclude: (name) => /(^|\/)(node_modules|dist|public)$/.test(name),
})
  .map((name) => name.replaceAll('\\', '/'))
  .sort();

const texts = new Map(files.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]));

/** The code without its comments, as far as these rules need to tell them apart. */
function code(file: string): string {
  return texts
    .get(file)!
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|[\s;{}(,])\/\/.*$/gm, '$1');
}

function roomOf(path: string): string {
  const [first, second, third] = path.split('/');
  if (first === 'provisioning' || first === 'admin-ui') return first;
  if (first !== 'server') return 'outside';
  if (second === 'components' && third === 'external') return 'components/external';
  if (second === 'http' && third === 'contract') return 'http/contract';
  return path.split('/').length === 2 ? 'hall' : second!;
}

/** All that a file names in import and export declarations and in import(). */
function importsOf(file: string): Import[] {
  const found: Import[] = [];
  const text = code(file);
  const declarations = /\b(?:import|export)\s+(type\s+)?(?:([\w*{}\s,$]+?)\s+from\s+)?(['"])([^'"\n]+)\3/g;
  for (const [, type, names = '', , target] of text.matchAll(declarations)) {
    const list =
      /^\{([^}]*)\}$/
        .exec(names.trim())?.[1]
        ?.split(',')
        .filter((name) => name.trim() !== '') ?? [];
    const inline = list.length > 0 && list.every((name) => /^\s*type\s/.test(name));
    found.push({ file, target: target!, typesOnly: type !== undefined || inline });
  }
  for (const [, , target] of text.matchAll(/\bimport\s*\(\s*(['"])([^'"]+)\1\s*\)/g)) {
    found.push({ file, target: target!, typesOnly: false });
  }
  return found;
}

const imports = files.flatMap(importsOf);

/** Where an import leads, as a path in the project; undefined for packages. */
function pathOf({ file, target }: Import): string | undefined {
  if (!target.startsWith('.')) return undefined;
  return relative(ROOT, resolve(ROOT, dirname(file), target.replace(/\?.*$/, ''))).replaceAll('\\', '/');
}

function packageOf(target: string): string | undefined {
  if (target.startsWith('.') || target.startsWith('node:') || target.startsWith('virtual:')) return undefined;
  return target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');
}

test('the rules see the files and their imports', () => {
  assert.ok(files.length > 150, `${files.length} files`);
  assert.ok(imports.length > 500, `${imports.length} imports`);
  const host = importsOf('server/host/host.ts');
  assert.ok(host.some((one) => pathOf(one) === 'server/xmpp/stanza.ts' && !one.typesOnly));
  assert.ok(host.some((one) => pathOf(one) === 'server/host/house.ts' && one.typesOnly));
  for (const file of [...Object.keys(EXCEPTIONS), ...Object.keys(PROCESS)])
    assert.ok(texts.has(file), `${file} is gone`);
});

test('every room has a line in the table', () => {
  const rooms = new Set(files.map(roomOf));
  assert.deepEqual([...rooms].filter((room) => MAY[room] === undefined).sort(), []);
});

for (const room of Object.keys(MAY)) {
  test(`${room} imports only ${['itself', ...MAY[room]!].join(', ')}`, () => {
    const broken: string[] = [];
    for (const one of imports) {
      const path = pathOf(one);
      if (roomOf(one.file) !== room || path === undefined) continue;
      const to = roomOf(path);
      const allowed = [...MAY[room]!, ...(EXCEPTIONS[one.file]?.to ?? [])];
      const asTypes = one.typesOnly && allowed.includes(`${to} (types)`);
      if (to !== room && !allowed.includes(to) && !allowed.includes('*') && !asTypes) {
        broken.push(`${one.file} imports ${path}`);
      }
    }
    assert.deepEqual(broken, []);
  });
}

test('the panel and hallwayctl share no code with the server, only the types of the contract', () => {
  const shared = imports.filter((one) => {
    const path = pathOf(one);
    return path !== undefined && ['cli', 'admin-ui'].includes(roomOf(one.file)) && roomOf(path) === 'http/contract';
  });
  assert.ok(shared.length > 0);
  assert.deepEqual(
    shared.filter((one) => !one.typesOnly),
    [],
  );
});

test('the contract needs nothing but TypeBox', () => {
  const packages = imports.filter((one) => roomOf(one.file) === 'http/contract' && pathOf(one) === undefined);
  assert.deepEqual([...new Set(packages.map((one) => packageOf(one.target) ?? one.target))], ['typebox']);
});

test('modules never import modules: they meet in a stage, an event or a store', () => {
  const broken = imports
    .filter((one) => roomOf(one.file) === 'modules' && one.file !== 'server/modules/index.ts')
    .map((one) => `${one.file} → ${pathOf(one) ?? ''}`)
    .filter((arrow) => arrow.includes('→ server/modules/'));
  // One module in three files.
  assert.deepEqual(broken, [
    'server/modules/ad-hoc-house.ts → server/modules/ad-hoc-commands.ts',
    'server/modules/ad-hoc.ts → server/modules/ad-hoc-commands.ts',
    'server/modules/ad-hoc.ts → server/modules/ad-hoc-house.ts',
  ]);
});

test('every module is in the list', () => {
  const listed = importsOf('server/modules/index.ts').map(pathOf);
  const there = files.filter(
    (file) => roomOf(file) === 'modules' && !/\/(index|ad-hoc-commands|ad-hoc-house)\.ts$/.test(file),
  );
  assert.deepEqual(
    there.filter((file) => !listed.includes(file)),
    [],
  );
});

for (const [name, rooms] of Object.entries(PACKAGES)) {
  test(`only ${rooms.join(' and ')} import ${name}`, () => {
    const users = imports.filter((one) => packageOf(one.target) === name);
    assert.ok(users.length > 0, `nobody uses ${name}`);
    assert.deepEqual(
      users.filter((one) => !rooms.includes(roomOf(one.file))).map((one) => one.file),
      [],
    );
  });
}

test('every package that is imported is in package.json, and what the server needs is no development dependency', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
  };
  const broken: string[] = [];
  for (const one of imports) {
    const name = packageOf(one.target);
    if (name === undefined || name in dependencies) continue;
    const built = roomOf(one.file) === 'admin-ui';
    if (!(name in devDependencies) || (!built && !one.typesOnly)) broken.push(`${one.file} imports ${name}`);
  }
  assert.deepEqual(broken, []);
});

test('which engine stores things is known in storage/ and config/ only, and in server.ts, which names the file', () => {
  const broken = files.filter(
    (file) =>
      !['storage', 'config'].includes(roomOf(file)) &&
      file !== 'server/server.ts' &&
      /sqlite|postgres/i.test(texts.get(file)!),
  );
  assert.deepEqual(broken, []);
});

test('only stream/ reads raw XML', () => {
  const parsers = /\b(?:saxes|ltx|DOMParser|node-expat|fast-xml-parser|sax)\b|@xmpp\/xml\/lib\/parse/;
  const named = files.filter(
    (file) => /\.(?:ts|js)$/.test(file) && roomOf(file) !== 'stream' && parsers.test(code(file)),
  );
  assert.deepEqual(named, []);
  const users = imports.filter((one) => /server\/stream\/(?:tokenizer|tag|scope|utf8)\.ts$/.test(pathOf(one) ?? ''));
  assert.deepEqual([...new Set(users.map((one) => posix.dirname(one.file)))], ['server/stream']);
});

test('only main.ts touches the process', () => {
  const touching = files.filter((file) => {
    const text = code(file);
    const named = importsOf(file).some((one) => one.target === 'node:process' || one.target === 'process');
    return named || /(?<![\w.$'"`-])process\.(?!\w+['"`])/.test(text) || /\bglobalThis\.process\b/.test(text);
  });
  assert.deepEqual(
    touching.filter((file) => !(file in PROCESS)),
    [],
  );
});

test('nothing that should be hard to guess comes from Math.random', () => {
  const all = globSync('test/**/*.ts', { cwd: ROOT }).filter((file) => !file.endsWith('rooms.test.ts'));
  const users = [...files, ...all].filter((file) =>
    /Math\s*\.\s*random/.test(texts.get(file) ?? readFileSync(join(ROOT, file), 'utf8')),
  );
  assert.deepEqual(users, []);
});

test('SECURITY 63: nothing in the panel turns text into markup, or runs it', () => {
  const ways =
    /\bv-html\b|\b(?:inner|outer)HTML\b|\binsertAdjacentHTML\b|\bsrcdoc\b|\bdocument\s*\.\s*write|\bDOMParser\b|\bcreateContextualFragment\b|\bsetHTMLUnsafe\b|\beval\s*\(|\bnew\s+Function\b|\bset(?:Timeout|Interval)\s*\(\s*['"`]|javascript:/;
  assert.ok(ways.test('<p v-html="x">') && ways.test('a.innerHTML = x') && ways.test('setTimeout("x")'));
  const users = files.filter((file) => file.startsWith('admin-ui/src/') && ways.test(code(file)));
  assert.deepEqual(users, []);
});

test('no file is longer than 400 lines, no component longer than 250', () => {
  const tests = globSync('test/**/*.ts', { cwd: ROOT });
  const long = [...files, ...tests].filter((file) => {
    const lines = (texts.get(file) ?? readFileSync(join(ROOT, file), 'utf8')).split('\n').length - 1;
    return lines > (file.endsWith('.vue') ? 250 : 400);
  });
  assert.deepEqual(long, []);
});

test('no import takes a detour: relative paths end in their extension and stay inside the project', () => {
  const broken = imports.filter((one) => {
    const path = pathOf(one);
    return path !== undefined && (path.startsWith('..') || !/\.(?:ts|js|vue|css)$/.test(path));
  });
  assert.deepEqual(broken, []);
});

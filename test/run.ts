import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { globSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { finished } from 'node:stream/promises';
import { type EventData, run } from 'node:test';
import { spec } from 'node:test/reporters';
import { installPackages } from './support/install.ts';

/**
 * `npm test`: what the acceptance tests need, lint, types, the panel, every test/**\/*.test.ts, and the package on one whole system.
 * With words, as `npm test -- test/stream`, only the tests in those folders and files.
 */
const ROOT = join(import.meta.dirname, '..');
/** A file of tests that takes longer hangs. */
const FILE_MS = 5 * 60_000;
const CHECK_MS = 5 * 60_000;
const PLAY_MS = 15 * 60_000;

const LONG = /^test\/(browser|interop|kill|storage)\//;
const SUMMARY = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/;

/** The events that are counted here; there are others. */
type TestEvent =
  | { readonly type: 'test:pass'; readonly data: EventData.TestPass }
  | { readonly type: 'test:fail'; readonly data: EventData.TestFail }
  | { readonly type: 'test:diagnostic'; readonly data: EventData.TestDiagnostic }
  | { readonly type: 'test:summary'; readonly data: EventData.TestSummary };

const bin = (name: string): string => join(ROOT, 'node_modules/.bin', name);
const CHECKS: readonly (readonly [name: string, program: string, ...args: string[]])[] = [
  ['lint', bin('biome'), 'check', '.'],
  ['types of the server and the tests', bin('tsc')],
  ['types of the panel', bin('vue-tsc'), '-p', 'admin-ui'],
  ['the panel is built', process.execPath, '--import', './admin-ui/build-if-stale.ts', '--eval', ''],
];

const passed: string[] = [];
const failed: string[] = [];
const skipped: string[] = [];

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1_000).toFixed(1)} s`;
}

function check([name, program, ...args]: (typeof CHECKS)[number]): void {
  const start = performance.now();
  const env = { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}` };
  const { status, error } = spawnSync(program, args, { cwd: ROOT, env, stdio: 'inherit', timeout: CHECK_MS });
  if (error !== undefined) say(error.message);
  say(`${status === 0 ? '✔' : '✖'} ${name} (${seconds(start)})`);
  (status === 0 ? passed : failed).push(name);
}

function testFiles(words: readonly string[]): string[] {
  const all = globSync('test/**/*.test.ts', { cwd: ROOT }).sort();
  if (words.length === 0) return all;
  return words.flatMap((word) => {
    const path = relative(ROOT, word);
    const stat = statSync(join(ROOT, path), { throwIfNoEntry: false });
    const found = all.filter((file) =>
      stat?.isFile() ? file === path : file.startsWith(`${path.replace(/\/$/, '')}/`),
    );
    if (found.length === 0) failed.push(`there is no test in ${word}`);
    return found;
  });
}

function count(event: TestEvent, place: string): void {
  if (event.type === 'test:pass') {
    const { name, skip, todo, details } = event.data;
    const title = `${place}: ${name}`;
    // A suite that is skipped reports none of its tests.
    if (skip !== undefined) skipped.push(typeof skip === 'string' ? `${title} – ${skip}` : title);
    else if (todo !== undefined) skipped.push(`${title} – to do`);
    else if (details.type !== 'suite') passed.push(title);
  } else if (event.type === 'test:fail') {
    const { name, details } = event.data;
    const cause = (details.error as { failureType?: string }).failureType;
    // A suite fails with its tests, which are counted already; a file stands for itself when it breaks off.
    if (details.type === 'suite' && cause === 'subtestsFailed') return;
    if (cause === 'testAborted') failed.push(`${place}: not done after ${FILE_MS / 60_000} minutes`);
    else failed.push(name.endsWith(place) ? place : `${place}: ${name}`);
  }
}

/** Runs one file in a process of its own and prints its report in one piece. */
async function testFile(file: string): Promise<void> {
  const start = performance.now();
  const events = run({ files: [join(ROOT, file)], cwd: ROOT, signal: AbortSignal.timeout(FILE_MS) });
  const reporter = new spec();
  let report = '';
  reporter.setEncoding('utf8').on('data', (text: string) => {
    report += text;
  });
  const reported = finished(reporter);
  for await (const event of events as AsyncIterable<TestEvent>) {
    count(event, file);
    // One summary at the end of all is enough.
    const { type, data } = event;
    if (type !== 'test:summary' && !(type === 'test:diagnostic' && SUMMARY.test(data.message))) reporter.write(event);
  }
  reporter.end();
  await reported;
  say(`\n${file} (${seconds(start)})\n${report.trimEnd()}`);
}

/** A few files at a time, those that take longest first. */
async function test(files: readonly string[]): Promise<void> {
  const queue = [...files].sort((a, b) => Number(LONG.test(b)) - Number(LONG.test(a)));
  const lane = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) await testFile(file);
  };
  await Promise.all(Array.from({ length: Math.min(Math.max(availableParallelism(), 2), 4) }, lane));
}

/** The package on one whole system, when nothing else runs, as it measures. */
async function playPackage(): Promise<void> {
  const place = 'test/package/whole.ts';
  const program = [place, '--release', 'bookworm', '--only', 'life'];
  const child = spawn(process.execPath, program, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], timeout: PLAY_MS });
  say(`\n${place}`);
  for await (const line of createInterface({ input: child.stdout })) {
    say(line);
    const [, sign, name] = /^([✔✖﹣]) (.*)$/.exec(line) ?? [];
    if (sign !== undefined) ({ '✔': passed, '✖': failed, '﹣': skipped })[sign]!.push(`${place}: ${name}`);
  }
  const code = child.exitCode ?? ((await once(child, 'exit')) as [number | null])[0];
  if (code !== 0) failed.push(`${place}: it ended with ${code ?? `a signal after ${PLAY_MS / 60_000} minutes`}`);
  skipped.push(
    'the package on Debian 13, for arm64, under lintian and piuparts, from a repository – `npm run test:package` plays them',
  );
}

const words = process.argv.slice(2);
installPackages(say);
if (words.length === 0) for (const one of CHECKS) check(one);
const files = testFiles(words);
if (files.length > 0) await test(files);
else if (failed.length === 0) failed.push('there are no tests');
if (words.length === 0) await playPackage();

if (skipped.length > 0) say(`\nSkipped:\n${skipped.map((title) => `  ${title}`).join('\n')}`);
if (failed.length > 0) say(`\nFailed:\n${failed.map((title) => `  ${title}`).join('\n')}`);
say(`\n${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`);
process.exitCode = failed.length > 0 ? 1 : 0;

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { run } from '../../server/cli/run.ts';
import { events } from '../../server/cli/verbs/log.ts';
import { CommandError } from '../../server/commands/command-error.ts';
import { type LogBurst, LogCommands } from '../../server/commands/log.ts';
import { createSocketDoor, type Door } from '../../server/http/door.ts';
import { LogTail } from '../../server/util/log-tail.ts';
import { claim, openApp, openHouse, type TestHouse } from './support.ts';

/** What is written, and a promise of when it holds something. */
class Text extends Writable {
  text = '';
  readonly #waiting = new Map<string, () => void>();

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    for (const [part, found] of this.#waiting) if (this.text.includes(part)) found();
    done();
  }

  until(part: string): Promise<void> {
    if (this.text.includes(part)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.set(part, resolve));
  }
}

let folder: string;
let house: TestHouse;
let door: Door;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hallway-log-'));
  house = await openHouse();
  door = await createSocketDoor({ commands: house.commands, log: house.log });
  await door.listenLocal(join(folder, 'hallwayctl.sock'));
});
after(async () => {
  await door.close();
  await house.close();
  await rm(folder, { recursive: true });
});

function ctl(...words: string[]) {
  const [stdout, stderr] = [new Text(), new Text()];
  const stdin = new PassThrough();
  stdin.end();
  const exit = run(['--data', folder, ...words], { stdin, stdout, stderr, cwd: folder, caller: 'tester' });
  return { exit, stdout, stderr };
}

describe('the log, for those who look', () => {
  test('is read by level and text, and taken along as text', async () => {
    const { ask, close } = await openApp(house);
    const cookie = await claim(house, ask);
    house.log.warn({ nick: '<img src=x>' }, 'a careful word');
    house.log.info('a normal word');
    const found = await ask('GET /api/log?level=warn&text=CAREFUL', { cookie });
    const { entries, logged } = found.json as unknown as { entries: { text: string }[]; logged: string };
    assert.deepEqual([entries.map(({ text }) => text), logged], [['a careful word nick="<img src=x>"'], 'trace']);
    const text = await ask('GET /api/log/text?level=warn', { cookie });
    assert.match(text.text, /^\d{4}-\d\d-\d\dT[\d:.]+Z warn {2}a careful word nick="<img src=x>"\n$/);
    assert.equal(text.headers['content-type'], 'text/plain; charset=utf-8');
    assert.match(String(text.headers['content-disposition']), /^attachment; filename="hallway-[\dT-]+\.log"$/);
    assert.equal((await ask('GET /api/log?level=loud', { cookie })).status, 400);
    assert.equal((await ask('GET /api/log?limit=9999', { cookie })).status, 400);
    await close();
  });

  test('is followed by hallwayctl: what was, what comes, and nothing twice', { timeout: 20_000 }, async () => {
    house.log.info('before the look');
    const { stdout, exit } = ctl('log', '--follow', '--level', 'info');
    await stdout.until('before the look');
    house.log.info({ note: '\u001b[31m' }, 'while looking');
    house.log.debug('too small');
    await stdout.until('while looking');
    house.log.error('and later');
    await stdout.until('and later');
    assert.equal(stdout.text.split('before the look').length, 2);
    assert.equal(stdout.text.split('while looking').length, 2);
    assert.doesNotMatch(stdout.text, /too small/);
    assert.ok(!stdout.text.includes('\u001b'));
    await door.close();
    assert.equal(await exit, 0, 'ends with the server');
    door = await createSocketDoor({ commands: house.commands, log: house.log });
    await door.listenLocal(join(folder, 'hallwayctl.sock'));
    const once = ctl('log', '--search', 'and later');
    assert.equal(await once.exit, 0);
    assert.match(once.stdout.text, /^\S+ \S+ error and later\n$/);
    assert.equal(await ctl('log', '--level', 'loud').exit, 2);
  });

  test('comes in bursts that have an end, and what did not fit is counted', async () => {
    const tail = new LogTail();
    const log = new LogCommands(tail, () => 'info');
    const burst = Promise.withResolvers<LogBurst>();
    const stop = log.follow({}, burst.resolve);
    for (let n = 0; n < 1_000; n++) tail.push(n, 'info', 'x');
    const { entries, leftOut } = await burst.promise;
    assert.deepEqual([entries.length, leftOut], [200, 800]);
    stop();
    const stops = Array.from({ length: 64 }, () => log.follow({}, () => undefined));
    assert.throws(
      () => log.follow({}, () => undefined),
      (error) => error instanceof CommandError && error.code === 'too-many',
    );
    for (const one of stops) one();
    log.follow({}, () => undefined)();
  });

  test('server-sent events are taken apart wherever they are cut', () => {
    const stream = 'retry: 3000\n\nevent: log\ndata: {"a":"\\n\\n"}\n\n:\n\nevent: bye\ndata: {}\n\n';
    for (let cut = 0; cut < stream.length; cut++) {
      const found: string[] = [];
      const take = events((name, data) => void found.push(`${name} ${data}`));
      take(stream.slice(0, cut));
      take(stream.slice(cut));
      assert.deepEqual(found, ['log {"a":"\\n\\n"}', 'bye {}']);
    }
  });
});

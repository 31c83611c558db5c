import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLog } from '../../server/util/log.ts';
import { LogTail } from '../../server/util/log-tail.ts';

describe('the tail of the log', () => {
  it('has the newest entries, is read by level and text, and from a place on', () => {
    const tail = new LogTail(10);
    for (let n = 1; n <= 25; n++) tail.push(n, n % 2 ? 'info' : 'warn', `entry ${n}`);
    const ids = (wish: Parameters<LogTail['read']>[0], limit = 99) => tail.read(wish, limit).map(({ id }) => id);
    assert.deepEqual(ids({}), [16, 17, 18, 19, 20, 21, 22, 23, 24, 25]);
    assert.deepEqual(ids({ level: 'warn' }), [16, 18, 20, 22, 24]);
    assert.deepEqual(ids({ level: 'error' }), []);
    assert.deepEqual(ids({ text: 'ENTRY 2' }), [20, 21, 22, 23, 24, 25]);
    assert.deepEqual(ids({ after: 23 }), [24, 25]);
    assert.deepEqual(ids({ after: 99 }), []);
    assert.deepEqual(ids({}, 2), [24, 25], 'the newest of them');
  });

  it('is bounded in characters, too, and so is each entry', () => {
    const tail = new LogTail(1_000, 10_000);
    for (let n = 0; n < 500; n++) tail.push(n, 'info', 'x'.repeat(1_000));
    assert.equal(tail.read({}, 1_000).length, 10);
    tail.push(0, 'info', 'y'.repeat(100_000));
    assert.equal(tail.read({}, 1_000).at(-1)?.text.length, 8_001);
    const small = new LogTail(3, 10);
    for (const text of ['a', 'bb', 'ccc', 'dddd', 'eeeee', 'ffffff']) small.push(0, 'info', text);
    assert.deepEqual(
      small.read({}, 9).map(({ text }) => text),
      ['ffffff'],
    );
    small.push(0, 'info', 'g');
    assert.equal(small.read({}, 9).length, 2);
  });

  it('SECURITY 67: has what the log has, without what must not be seen, and ATTACK: no text makes a line of its own', () => {
    const tail = new LogTail();
    const written: string[] = [];
    const log = createLog({ level: 'trace', tail, write: (lines) => void written.push(lines) });
    log.info({ password: 'canary', token: 'canary', nick: 'a\nfatal forged \u001b[31m\u2028b' }, 'joined');
    log.error({ err: new Error('lost\nerror forged') }, 'gone');
    log.fatal('the end');
    log.level = 'warn';
    log.info('not any more');
    const entries = tail.read({}, 9);
    assert.deepEqual(
      entries.map(({ level }) => level),
      ['info', 'error', 'error'],
    );
    for (const { text } of entries) assert.doesNotMatch(text.replaceAll('\n', ''), /canary|\p{Cc}|\p{Zl}/u);
    assert.equal(entries[0]?.text.split('\n').length, 1);
    const [first, ...stack] = entries[1]!.text.split('\n');
    assert.match(first!, /^gone err="lost/);
    assert.ok(
      stack.every((line) => line.startsWith('    ')),
      'what follows is indented',
    );
    assert.equal(written.length, 3);
  });
});

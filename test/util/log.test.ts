import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLog } from '../../server/util/log.ts';
import { formatLine } from '../../server/util/log-line.ts';

function written(level = 'trace') {
  const lines: string[] = [];
  return { lines, log: createLog({ level, write: (line) => lines.push(line) }) };
}

describe('the log', () => {
  it('is a line of text: time, level, text, values', () => {
    const { lines, log } = written();
    log.info({ domain: 'example.test', count: 3, note: 'two words' }, 'hello there');
    assert.match(
      lines.join(''),
      /^\d{4}-\d\d-\d\dT[\d:.]+Z info {2}hello there domain=example\.test count=3 note="two words"\n$/,
    );
  });

  it('has the priority of journald in front of each line, and no time', () => {
    const line = (level: number) => formatLine(JSON.stringify({ level, time: 0, msg: 'x' }), true);
    assert.deepEqual([10, 20, 30, 40, 50, 60].map(line), ['<7>x\n', '<7>x\n', '<6>x\n', '<4>x\n', '<3>x\n', '<3>x\n']);
    const failure = { level: 50, time: 0, msg: 'lost', err: { message: 'why', stack: 'Error: why\n  at a\n  at b' } };
    assert.equal(formatLine(JSON.stringify(failure), true), '<3>lost err=why\n<3>    at a\n<3>    at b\n');
  });

  it('says nothing below its level', () => {
    const { lines, log } = written('warn');
    log.info('no');
    log.warn('yes');
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', / warn {2}yes$/m);
  });

  it('shows an error with its stack, but a mere warning without', () => {
    const { lines, log } = written();
    log.error({ err: new Error('the disk is gone') }, 'not stored');
    log.warn({ err: new Error('a little thing') }, 'careful');
    assert.match(lines[0] ?? '', /not stored err="the disk is gone"\n {4}at .*log\.test\.ts/);
    log.warn({ err: 'only text' }, 'odd');
    assert.match(lines[2] ?? '', /odd err="only text"\n$/);
    assert.match(lines[1] ?? '', /careful err="a little thing"\n$/);
  });

  for (const name of [
    'password',
    'Password',
    'secret',
    'token',
    'key',
    'apiToken',
    'admin_password',
    'keyPem',
    'cookie',
  ]) {
    it(`never shows a ${name}, at any depth`, () => {
      const { lines, log } = written();
      log.info({ [name]: 'canary' }, 'x');
      log.child({ [name]: 'canary' }).info({ a: { b: [{ [name]: ['canary', { c: 'canary' }] }] } }, 'x');
      assert.equal(lines.length, 2);
      assert.doesNotMatch(lines.join(''), /canary/);
      assert.match(lines.join(''), /\[redacted\]/);
    });
  }

  it('cannot be forged: no control characters, no second line', () => {
    const { lines, log } = written();
    log.info({ 'a\nb': 'x\n<3>forged', nick: '\x1b[31mred\u202e\u2028' }, 'text\r\nforged \x9b');
    assert.equal(lines.length, 1);
    const line = (lines[0] ?? '').slice(0, -1);
    assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });

  it('cuts values that are too long', () => {
    const { lines, log } = written();
    log.info({ stanza: 'x'.repeat(1_000_000) }, 'large');
    assert.ok((lines[0] ?? '').length < 3_000);
  });
});

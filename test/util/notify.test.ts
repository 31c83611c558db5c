import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createLog } from '../../server/util/log.ts';
import { Notifier, type NotifierOptions, type Send, tellWhy } from '../../server/util/notify.ts';

const log = createLog({ level: 'silent' });

function notifier(t: TestContext, options: Partial<NotifierOptions> = {}) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const sent: Parameters<Send>[0][] = [];
  const one = new Notifier({
    socket: '/run/systemd/notify',
    watchdogMicroseconds: '30000000',
    pid: 7,
    check: async () => undefined,
    log,
    send: async (message) => void sent.push(message),
    ...options,
  });
  const pass = async (ms: number): Promise<void> => {
    t.mock.timers.tick(ms);
    await new Promise(setImmediate);
  };
  return { one, sent, pass };
}

describe('systemd', () => {
  it('is told ready, alive three times in a period, and stopping', async (t) => {
    const { one, sent, pass } = notifier(t);
    await one.ready('serving');
    await pass(9_999);
    assert.deepEqual(sent, [{ ready: true, status: 'serving' }]);
    await pass(1);
    await pass(10_000);
    await one.stopping();
    assert.deepEqual(sent.slice(1), [
      { status: 'serving\nWATCHDOG=1' },
      { status: 'serving\nWATCHDOG=1' },
      { status: 'closing\nSTOPPING=1' },
    ]);
    await one[Symbol.asyncDispose]();
    await pass(60_000);
    assert.equal(sent.length, 4);
  });

  it('is told nothing when there is none', async (t) => {
    const { one, sent, pass } = notifier(t, { socket: undefined });
    await one.ready('serving');
    await pass(60_000);
    await one.stopping();
    assert.deepEqual(sent, []);
  });

  for (const [title, options] of [
    ['has no watchdog', { watchdogMicroseconds: undefined }],
    ['has a watchdog of nonsense', { watchdogMicroseconds: 'soon' }],
    ['watches another process', { watchdogPid: '8' }],
  ] as const) {
    it(`is not fed when it ${title}`, async (t) => {
      const { one, sent, pass } = notifier(t, options);
      await one.ready('serving');
      await pass(60_000);
      assert.equal(sent.length, 1);
    });
  }

  it('is not fed while the self-check fails, throws or hangs, and is told what is wrong', async (t) => {
    const checks = [
      async () => 'The store\nWATCHDOG=1',
      () => Promise.reject(new Error('no')),
      async () => undefined,
      () => new Promise<undefined>(() => {}),
    ];
    const { one, sent, pass } = notifier(t, { check: () => (checks.shift() ?? (async () => undefined))() });
    await one.ready('serving');
    const fed: number[] = [];
    for (let round = 0; round < 6; round++) {
      await pass(10_000);
      fed.push(sent.filter(({ status }) => status.includes('\nWATCHDOG=1')).length);
    }
    assert.deepEqual(fed, [0, 0, 1, 1, 1, 1]);
    assert.equal(sent[1]?.status, 'The store WATCHDOG=1; it is started anew if that does not change');
  });

  it('is told in one line why the house does not open', async () => {
    const sent: Parameters<Send>[0][] = [];
    const send: Send = async (message) => void sent.push(message);
    await tellWhy('/run/systemd/notify', 'hallway.toml:3: no such key\nREADY=1\0\r\n    at line 7', send);
    await tellWhy(undefined, 'nobody hears it', send);
    assert.deepEqual(sent, [{ status: 'hallway.toml:3: no such key READY=1 at line 7' }]);
    await tellWhy('/run/systemd/notify', 'cannot be sent', () => Promise.reject('Failed to connect'));
  });

  it('is told one after the other, so that what was said last stands there', async () => {
    const heard: string[] = [];
    const slow = Promise.withResolvers<void>();
    const send: Send = async ({ status }) => {
      if (status === 'opening') await slow.promise;
      heard.push(status);
    };
    const first = tellWhy('/run/systemd/notify', 'opening', send);
    const second = tellWhy('/run/systemd/notify', 'the disk is full', send);
    slow.resolve();
    await Promise.all([first, second]);
    assert.deepEqual(heard, ['opening', 'the disk is full']);
  });

  it('does not stop the house when it cannot be told', async (t) => {
    const { one } = notifier(t, { send: () => Promise.reject('Failed to connect') });
    await one.ready('serving');
    await one.stopping();
  });
});

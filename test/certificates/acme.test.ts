import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { backOff, renewalTime } from '../../server/certificates/acme/acme.ts';
import { checkHook, runHook } from '../../server/certificates/acme/hook.ts';
import { orderCertificate } from '../../server/certificates/acme/order.ts';
import { AcmeProblem } from '../../server/certificates/acme/problem.ts';
import { asking, directoryOrigin, termsOf } from '../../server/certificates/acme/transport.ts';
import { makeRequest } from '../../server/certificates/request.ts';
import { authority, DAY_MS } from '../support/authority.ts';
import { folder } from './support.ts';

const root = authority('Who vouches for an authority');
const own = root.issue({ dns: ['localhost'], ip: [Uint8Array.of(127, 0, 0, 1)] });

type Answer = (request: IncomingMessage, response: ServerResponse, base: string) => void;

/** An authority that answers as it is told. Gives what came of an order for example.test, and what the solver was asked for. */
async function order(answer: Answer, ms = 10_000): Promise<{ problem: string; shown: string[] }> {
  const server = createServer({ key: own.keyPem, cert: own.chainPem }, (request, response) => {
    request.resume();
    answer(request, response, base);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const shown: string[] = [];
  try {
    const { keyPem, requestPem } = await makeRequest(['example.test'], 'ec');
    const signal = AbortSignal.timeout(ms);
    const show = async (name: string, token: string) => void shown.push(`${name} ${token}`);
    const solver = { kind: 'http-01', show, hide: async () => undefined } as const;
    await asking({ directory: `${base}/dir`, authority: root.pem, signal }, async (make) => {
      const client = make({ accountKey: keyPem });
      await client.createAccount({ termsOfServiceAgreed: true });
      return orderCertificate(client, { names: ['example.test'], requestPem, solver, signal });
    });
    assert.fail('a certificate came');
  } catch (error) {
    assert.ok(error instanceof AcmeProblem, String(error));
    return { problem: error.message, shown };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** One that is right up to its authorization, which `challenge` makes. */
const upTo =
  (authorization: unknown): Answer =>
  ({ url = '' }, response, base) => {
    response.setHeader('replay-nonce', 'AAAA');
    response.setHeader('content-type', 'application/json');
    const say = (status: number, body: unknown, location = `${base}/here`) =>
      response.writeHead(status, { location }).end(JSON.stringify(body));
    const at = (path: string) => `${base}${path}`;
    if (url === '/dir') say(200, { newNonce: at('/nonce'), newAccount: at('/account'), newOrder: at('/order') });
    else if (url === '/order') say(201, { status: 'pending', authorizations: [at('/authz')], finalize: at('/fin') });
    else if (url === '/authz') say(200, authorization);
    else say(201, {});
  };
const pending = (name: string, token: string) => ({
  status: 'pending',
  identifier: { type: 'dns', value: name },
  challenges: [{ type: 'http-01', url: 'https://127.0.0.1/x', token, status: 'pending' }],
});

describe('an authority that is asked by ACME', () => {
  const GOOD = 'a'.repeat(43);
  for (const [what, answer, words] of [
    ['answers nonsense', (_, response) => response.end('<h1>hello'), /does not speak ACME|Unable to locate/],
    [
      'answers a number',
      (_, response) => response.setHeader('content-type', 'application/json').end('7'),
      /does not speak ACME|Unable to locate/,
    ],
    [
      'answers more than anybody reads',
      (_, response) => response.end(Buffer.alloc(1_000_000, 0x20)),
      /does not speak ACME/,
    ],
    [
      'leads to another host',
      (_, response) => response.end('{"newNonce":"https://127.0.0.2/n","newAccount":"https://127.0.0.2/a"}'),
      /leads to another host, 127\.0\.0\.2/,
    ],
    [
      'leads to HTTP',
      (_, response) => response.end('{"newNonce":"http://127.0.0.1/n","newAccount":"http://127.0.0.1/a"}'),
      /leads to another host/,
    ],
    [
      'redirects',
      (_, response) => response.writeHead(302, { location: 'https://127.0.0.2/' }).end(),
      /does not speak ACME|Unable|says/,
    ],
    [
      'breaks down',
      (_, response) => response.writeHead(500).end('{"detail":"out of order\\u0007"}'),
      /500|out of order/,
    ],
    ['speaks of a name that nobody ordered', upTo(pending('victim.test', GOOD)), /does not speak ACME/],
    [
      'gives a token that leads out of its folder',
      upTo(pending('example.test', '../../../../etc/passwd-of-the-house')),
      /does not speak ACME/,
    ],
    ['gives a token that anybody could guess', upTo(pending('example.test', 'a')), /does not speak ACME/],
    [
      'refuses',
      upTo({
        ...pending('example.test', GOOD),
        status: 'invalid',
        challenges: [{ type: 'http-01', error: { detail: 'no\nway' } }],
      }),
      /does not believe that example\.test is ours: “no way”/,
    ],
    ['offers another proof', upTo({ ...pending('example.test', GOOD), challenges: [] }), /does not offer http-01/],
  ] as [string, Answer, RegExp][]) {
    it(`attack: one that ${what} gets nothing done, and it is told plainly`, async () => {
      const { problem, shown } = await order(answer);
      assert.match(problem, words);
      assert.deepEqual(shown, []);
    });
  }

  it('attack: one that never answers is not waited for', async () => {
    assert.match((await order(() => undefined, 500)).problem, /took too long/);
  });

  it('that does not answer, or whom nobody knows, is told as what it is', async () => {
    const signal = AbortSignal.timeout(20_000);
    const key = own.keyPem;
    const nobody = { directory: 'https://127.0.0.1:1/dir', authority: '', signal };
    await assert.rejects(termsOf(nobody, key), {
      message: 'The authority could not be asked: nobody answers at its address.',
    });
    const server = createServer({ key: own.keyPem, cert: own.chainPem }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const directory = `https://localhost:${(server.address() as AddressInfo).port}/dir`;
      await assert.rejects(termsOf({ ...nobody, directory }, key), /of somebody whom this machine does not know/);
    } finally {
      server.close();
    }
    const plain = createPlainServer().listen(0, '127.0.0.1');
    await once(plain, 'listening');
    try {
      const directory = `https://localhost:${(plain.address() as AddressInfo).port}/dir`;
      await assert.rejects(termsOf({ ...nobody, directory }, key), {
        message:
          'The authority could not be asked: no encrypted connection to it comes about. Does its address lead to a port for https?',
      });
    } finally {
      plain.close();
    }
  });

  it('is asked over HTTPS only', () => {
    for (const one of ['http://a.test/', 'file:///etc/passwd', 'a', 'https://u:p@a.test/']) {
      assert.throws(() => directoryOrigin(one), AcmeProblem, one);
    }
  });

  it('is asked again with a third of the life left, some earlier, and after failures ever more rarely', () => {
    const from = Date.now();
    for (let n = 0; n < 200; n += 1) {
      const at = (renewalTime(from, from + 90 * DAY_MS) - from) / DAY_MS;
      assert.ok(at > 56.9 && at <= 60, `${at}`);
    }
    const hours = [1, 2, 3, 4, 5, 6].map((failures) => Math.floor(backOff(failures) / 3_600_000 / 1.1));
    assert.ok(
      hours.every((one, n) => n === 0 || one >= hours[n - 1]!),
      hours.join(),
    );
    assert.ok(backOff(50) <= 26.5 * 3_600_000);
  });
});

describe('the script that makes records', () => {
  const hook = join(folder, 'hook');
  const script = (text: string, mode = 0o700) => {
    writeFileSync(hook, `#!/bin/sh\n${text}\n`);
    chmodSync(hook, mode);
  };
  after(() => chmodSync(hook, 0o700));

  it('attack: is refused where others could change it, or it is none', async () => {
    script('exit 0', 0o702);
    await assert.rejects(checkHook(folder, 'hook'), /can be changed by others/);
    script('exit 0', 0o600);
    await assert.rejects(checkHook(folder, 'hook'), /cannot be run/);
    script('exit 0');
    const open = join(folder, 'open');
    mkdirSync(open);
    writeFileSync(join(open, 'hook'), '#!/bin/sh\n', { mode: 0o700 });
    chmodSync(open, 0o777);
    symlinkSync(join(open, 'hook'), join(folder, 'link'));
    for (const [where, name] of [
      [open, 'hook'],
      [folder, 'link'],
    ] as const)
      await assert.rejects(checkHook(where, name), /can be changed by others/);
    await assert.rejects(checkHook(folder, 'open'), /is no file|can be changed/);
    await assert.rejects(checkHook(folder, 'nothing'), /There is no/);
    assert.equal(await checkHook(folder, 'hook'), hook);
  });

  it('attack: is one of its folder, and no other program of the machine is run in its place', async () => {
    script('exit 0');
    const up = join(folder, 'hooks');
    mkdirSync(up);
    for (const given of [
      '/bin/sh',
      '/usr/bin/env',
      '/proc/self/exe',
      '../hook',
      '..',
      '.',
      './hook',
      '-hook',
      'hook/',
      'hook\0',
      'a/hook',
      '',
      hook,
      `${up}/../hook`,
      `${up}//hook`,
      `${up}/`,
    ]) {
      await assert.rejects(checkHook(up, given), AcmeProblem, given);
      await assert.rejects(runHook(up, given, 'add', 'n', 'v'), /lies in .*hooks and is given by its name/, given);
    }
    assert.equal(await checkHook(folder, hook), hook, 'by its whole path, as it was given before');
  });

  it('attack: gets what it is told as it is, without a shell, and nothing of our environment', async () => {
    const seen = join(folder, 'seen');
    script(`printf '%s\\n' "$#" "$2" "$3" "\${HOME-none}" > ${seen}`);
    await runHook(folder, 'hook', 'add', '_acme-challenge.example.test', '$(touch /tmp/x); `id`');
    assert.deepEqual(readFileSync(seen, 'utf8').split('\n').slice(0, 4), [
      '3',
      '_acme-challenge.example.test',
      '$(touch /tmp/x); `id`',
      'none',
    ]);
  });

  it('attack: is ended when it does not end or says too much; what it says when it fails is told', async () => {
    script('echo "no such zone" >&2; exit 3');
    await assert.rejects(
      runHook(folder, 'hook', 'add', 'n', 'v'),
      /failed \(3\)\. It was called with “add n”\. It said: “no such zone”$/,
    );
    script('exec sleep 600');
    await assert.rejects(runHook(folder, 'hook', 'add', 'n', 'v', { timeout: 300 }), /took too long and was ended/);
    script('exec yes');
    await assert.rejects(runHook(folder, 'hook', 'add', 'n', 'v'), /more than 16 kB/);
  });

  it('attack: takes with it what it has started when it is ended, be it asked to stop or found to say too much', async () => {
    const pid = join(folder, 'pid');
    const sleeps = `sleep 600 &\necho $! > ${pid}.new; mv ${pid}.new ${pid}`;
    const gone = (number: number): boolean => {
      try {
        // What was killed and nobody has asked after yet is there still, and is dead.
        return /^State:\s+Z/m.test(readFileSync(`/proc/${number}/status`, 'utf8'));
      } catch {
        return true;
      }
    };
    const stop = new AbortController();
    for (const [then, end] of [
      ['wait', { signal: stop.signal }],
      ['yes', {}],
    ] as const) {
      rmSync(pid, { force: true });
      script(`${sleeps}\n${then}`);
      const run = runHook(folder, 'hook', 'add', 'n', 'v', end);
      if (then === 'wait') {
        while (!existsSync(pid)) await pause(10);
        stop.abort();
      }
      await assert.rejects(run, /was ended/);
      const sleeper = Number(readFileSync(pid, 'utf8'));
      for (let n = 0; n < 200 && !gone(sleeper); n++) await pause(10);
      const left = !gone(sleeper);
      if (left) process.kill(sleeper, 'SIGKILL');
      assert.equal(left, false);
    }
  });

  it('is waited for when another one does its work', async () => {
    const seen = join(folder, 'later');
    script(`(sleep 0.3; echo done > ${seen}) &`);
    await runHook(folder, 'hook', 'add', 'n', 'v');
    assert.equal(readFileSync(seen, 'utf8'), 'done\n');
  });
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type IncomingHttpHeaders, type IncomingMessage, request as plainly } from 'node:http';
import { request as securely } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { Appliance } from '../support/appliance.ts';
import { assertStrict } from '../support/strict-headers.ts';
import { ADMIN } from './support.ts';

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: unknown;
  readonly plain?: boolean;
}

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

describe('what every answer of the server says to a browser (SECURITY 63)', { timeout: 90_000 }, () => {
  let house: Appliance;
  let cookie = '';
  let httpPort = 0;

  before(async () => {
    house = await Appliance.start({ more: 'http = ["127.0.0.1:0"]' });
    httpPort = Number(/ http=\S*:(\d+)/.exec(house.log)?.[1]);
    const { headers } = await ask('/api/claim', { method: 'POST', body: { code: house.claimCode, ...ADMIN } });
    cookie = headers['set-cookie']![0]!.split(';')[0]!;
  });
  after(() => house?.[Symbol.asyncDispose]());

  /** What is streamed is read no further than its head. */
  async function ask(path: string, { method = 'GET', headers = {}, body, plain = false }: Sent = {}): Promise<Got> {
    const port = plain ? httpPort : house.ports.https;
    const sent = (plain ? plainly : securely)({
      ...{ host: '127.0.0.1', port, path, method, agent: false, rejectUnauthorized: false },
      servername: 'localhost',
      headers: {
        host: `localhost:${port}`,
        ...(method !== 'GET' && { origin: `https://localhost:${port}` }),
        ...(cookie !== '' && { cookie }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const streamed = /^text\/event-stream/.test(answer.headers['content-type'] ?? '');
    const got = { status: answer.statusCode ?? 0, headers: answer.headers, body: streamed ? '' : await text(answer) };
    if (streamed) sent.destroy();
    return got;
  }

  const cases: readonly (readonly [what: string, status: number | readonly number[], path: string, sent?: Sent])[] = [
    ['the API', 200, '/api/account'],
    ['the API to whoever is not signed in', 401, '/api/account', { headers: { cookie: '' } }],
    ['a refusal by the contract', 400, '/api/domains', { method: 'POST', body: { nonsense: 1 } }],
    ['a refusal by the command', 404, '/api/domains/nowhere.test/accounts'],
    ['a refusal by Origin', 403, '/api/sign-out', { method: 'POST', headers: { origin: 'https://evil.test' } }],
    ['two hosts in one request', 400, '/api/session', { headers: { host: ['localhost', 'evil.test'] } }],
    ['two hosts for a page', 400, '/', { headers: { host: ['localhost', 'localhost'] } }],
    ['two hosts at the plain door', 400, '/', { headers: { host: ['localhost', 'evil.test'] }, plain: true }],
    ['a refusal by Host', 421, '/api/session', { headers: { host: 'evil.test' } }],
    ['a body that is no JSON', [400, 415], '/api/domains', { method: 'POST', headers: { 'content-type': 'text/xml' } }],
    ['a body that is too large', 413, '/api/domains', { method: 'POST', body: 'x'.repeat(70_000) }],
    ['no such route', 404, '/api/nothing'],
    ['a path that cannot be read', [400, 404], '/api/%'],
    ['a method that there is not', 404, '/api/account', { method: 'DELETE' }],
    ['the streams of what happens', 200, '/api/events'],
    ['the log as it comes', 200, '/api/log/events'],
    ['a page', [200, 404], '/people'], // 404: the panel has not been built
    ['a file of the panel that is not there', 404, '/assets/none.js'],
    ['a way out of the panel', [400, 404], '/assets/..%2f..%2fpackage.json'],
    ['a file of the chat that is not there', 404, '/chat/none.js'],
    ['the page for devices', 200, '/trust'],
    ['the certificate for devices', 200, '/trust/hallway-authority.crt'],
    ['for whoever watches', 200, '/health'],
    ['figures that nobody may have', 404, '/metrics'],
    ['a file that nobody has uploaded', 404, `/file/${'A'.repeat(22)}/x.html`],
    ['an upload that nobody may make', [403, 404], `/upload/${'A'.repeat(22)}/x.html`, { method: 'PUT' }],
    ['an upload from a foreign page', 403, '/upload/x/y', { method: 'PUT', headers: { origin: 'https://evil.test' } }],
    ['the plain door sends on', 308, '/people', { plain: true }],
    ['the plain door: the page for devices', 200, '/trust', { plain: true }],
    ['the plain door: its styles', 200, '/trust/page.css', { plain: true }],
    ['the plain door: the certificate', 200, '/trust/hallway-authority.crt', { plain: true }],
    ['the plain door: nothing there', 404, '/.well-known/none', { plain: true }],
    ['the plain door: no such challenge', 404, '/.well-known/acme-challenge/x', { plain: true }],
    ['the plain door takes nothing', 405, '/api/sign-in', { plain: true, method: 'POST', body: ADMIN }],
  ];
  for (const [what, statuses, path, sent] of cases) {
    test(`${what}: ${sent?.method ?? 'GET'} ${path}`, async () => {
      const { status, headers, body } = await ask(path, sent);
      assert.ok([statuses].flat().includes(status), `${status} ${body}`);
      assertStrict(headers, what);
      assert.equal(headers['set-cookie'], undefined);
    });
  }

  test('a backup, which is fetched as a file', async () => {
    const made = await house.ctl(['backup', join(house.folder, 'copy.age')]);
    assert.equal(made.code, 0, made.stderr);
    const [name = ''] = readdirSync(join(house.data, 'backups')).filter((one) => one.endsWith('.age'));
    const { body } = await ask(`/api/backups/${name}/link`, { method: 'POST' });
    const { token } = JSON.parse(body) as { token: string };
    const { status, headers } = await ask(`/api/backup-files/${token}`);
    assert.equal(status, 200);
    assertStrict(headers, 'backup');
    assert.match(headers['content-disposition'] ?? '', /^attachment; filename="[\w.-]+\.age"$/);
    assert.equal(headers['content-type'], 'application/octet-stream');
  });
});

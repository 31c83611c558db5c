import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertStrict } from '../support/strict-headers.ts';
import { ADMIN, type Client, claim, openApp, openHouse, type TestHouse } from './support.ts';

describe('hostile requests', () => {
  let house: TestHouse;
  let ask: Client;
  let shut: () => Promise<void>;
  let cookie: string;
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hallway-http-'));
    await mkdir(join(folder, 'dist', 'assets'), { recursive: true });
    await writeFile(join(folder, 'secret.txt'), 'secret');
    await writeFile(join(folder, 'dist', 'index.html'), '<!doctype html><title>panel</title>');
    await writeFile(join(folder, 'dist', 'theme.js'), '// theme');
    await writeFile(join(folder, 'dist', 'assets', 'main-abc.js'), '// main');
    house = await openHouse();
    ({ ask, close: shut } = await openApp(house, 'panel', join(folder, 'dist')));
    cookie = await claim(house, ask);
  });
  after(async () => {
    await shut();
    await house.close();
    await rm(folder, { recursive: true });
  });

  const accounts = '/api/domains/example.test/accounts';

  for (const path of [
    '/api/session/../domains',
    '/api/session/..;/domains',
    '/api/session/%2e%2e/domains',
    '/api/session/%2E%2E%2Fdomains',
    '/api/session/%252e%252e/domains',
    '/api/session/%u002e%u002e/domains',
    '/api/session\\..\\domains',
    '/api/session%5c..%5cdomains',
    '//api/domains',
    '/api//domains',
    '/api/./domains',
    '/api/domains/',
    '/api/domains;x=1',
    '/api/domains%00',
    '/API/domains',
    '/api/domains%20',
    '/./api/domains',
    '/%61pi/domains',
    '/claim/../api/domains',
    '/assets/../api/domains',
  ]) {
    test(`GET ${path} opens nothing without a cookie`, async () => {
      const answer = await ask(`GET ${path}`);
      assert.ok([400, 401, 404].includes(answer.status), `${answer.status} ${answer.text}`);
      assert.ok(!answer.text.includes('example.test'));
      assert.ok(answer.json.error, answer.text);
    });
  }

  for (const path of [
    '/assets/..%2f..%2fsecret.txt',
    '/assets/%2e%2e/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/../../secret.txt',
    '/secret.txt',
    '/%2fetc%2fpasswd',
  ]) {
    test(`GET ${path} leaves the panel's folder by no way`, async () => {
      const answer = await ask(`GET ${path}`);
      assert.ok(!answer.text.includes('secret') && !answer.text.includes('root:'), answer.text);
    });
  }

  test('the panel: pages get index.html, files their own caching, all of it the strict headers', async () => {
    for (const page of ['/', '/people', '/people/example.test/anna', '/sign-in?next=/people']) {
      const answer = await ask(`GET ${page}`);
      assert.equal(answer.status, 200, page);
      assert.match(answer.text, /panel/);
      assert.equal(answer.headers['cache-control'], 'no-store');
    }
    assert.match(String((await ask('GET /assets/main-abc.js')).headers['cache-control']), /immutable/);
    assert.equal((await ask('GET /theme.js')).text, '// theme');
    assert.equal((await ask('GET /assets/gone.js')).status, 404);
    for (const path of ['/file/', '/upload/x/y/z', '/api']) assert.equal((await ask(`GET ${path}`)).status, 404, path);
    assert.equal((await ask('GET /files')).status, 200, 'this is a page');
    for (const path of ['/', '/api/session', '/api/nothing', '/assets/main-abc.js']) {
      const { headers } = await ask(`GET ${path}`);
      const policy = String(headers['content-security-policy']);
      assert.ok(policy.startsWith("default-src 'none'; script-src 'self';"), path);
      assert.ok(policy.includes("require-trusted-types-for 'script'") && !policy.includes('unsafe'));
      assertStrict(headers, path, path.startsWith('/assets') ? /immutable$/ : undefined);
    }
  });

  test('DNS rebinding: the API is not there for a name that is none of ours', async () => {
    const to = (host: string, cookie?: string) =>
      ask('POST /api/sign-in', {
        body: ADMIN,
        headers: { host },
        origin: `https://${host}`,
        from: '203.0.113.90',
        ...(cookie && { cookie }),
      });
    for (const host of [
      'evil.test',
      'evil.test:5281',
      'EVIL.TEST.',
      'example.test.evil.test',
      'notexample.test:5281',
      'example.test@evil.test',
      'evil.example.test',
      'conference.example.test',
      'evil.test/example.test',
      'evil.test#.example.test',
      '192.0.2.1.evil.test',
      '192.0.2.1:80:90',
      'xn--exampletest-.evil.test',
      '.',
    ]) {
      for (const path of ['/api/session', '/api/overview', '/%61pi/session']) {
        const { status, text } = await ask(`GET ${path}`, { cookie, headers: { host } });
        assert.ok([400, 401, 404, 421].includes(status), `${path} of ${host}: ${status} ${text}`);
        assert.ok(!text.includes('panel.example.test'), text);
      }
      const answer = await to(host);
      assert.equal(answer.json.error?.code, 'unknown-host', `${host}: ${answer.text}`);
      assert.equal(answer.cookie, undefined);
    }
    for (const host of [
      'chat.example.test:5281',
      'CHAT.Example.test',
      'example.test.',
      'panel.example.test',
      'localhost:5281',
      'intranet',
      'box.local:5281',
      '192.0.2.1',
      '192.0.2.1:5281',
      '[2001:db8::1]:5281',
      '[::1]',
    ]) {
      const { status, text } = await ask('GET /api/session', { headers: { host } });
      assert.equal(status, 200, `${host}: ${text}`);
    }
    const set = await ask('PUT /api/settings/web.names', { cookie, body: { value: ['evil.test'] } });
    assert.equal(set.status, 200, set.text);
    assert.equal((await ask('GET /api/session', { headers: { host: 'evil.test' } })).status, 200, 'what was allowed');
    assert.equal((await ask('GET /api/session', { headers: { host: 'page.evil.test' } })).status, 421, 'and not below');
    assert.equal((await ask('GET /health', { headers: { host: 'probe.evil.test' } })).status, 200, 'for who watches');
    assert.equal((await ask('GET /people', { headers: { host: 'evil.test' } })).status, 200, 'the page says why');
  });

  for (const type of [
    'text/plain',
    'text/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json\tgarbage',
    'application/jsonx',
    'application/json/evil',
    'APPLICATION/XML',
    ' ',
  ]) {
    test(`content type ${JSON.stringify(type)} is refused`, async () => {
      const answer = await ask(`POST /api/domains`, {
        cookie,
        body: '{"name":"new.test"}',
        headers: { 'content-type': type },
      });
      assert.ok([400, 415].includes(answer.status), `${answer.status} ${answer.text}`);
      assert.equal(house.house.get('new.test'), undefined);
    });
  }

  test('a content type that is JSON is still checked against the contract', async () => {
    for (const type of [
      'application/json',
      'application/json; charset=utf-8',
      'APPLICATION/JSON',
      'application/json;a=b',
      'application/json ;',
    ]) {
      const answer = await ask('POST /api/domains', {
        cookie,
        body: '{"name":7,"more":1}',
        headers: { 'content-type': type },
      });
      assert.ok([400, 415].includes(answer.status), `${type}: ${answer.status} ${answer.text}`);
    }
  });

  for (const body of [
    '{"local":"anna","generate":true,"__proto__":{"admin":true}}',
    '{"local":"anna","generate":true,"\\u005f_proto__":{"admin":true}}',
    '{"local":"anna","generate":true,"constructor":{"prototype":{"admin":true}}}',
    '{"local":"anna","generate":true,"extra":1}',
    '{"local":"anna","generate":"yes"}',
    '{"local":["anna"],"generate":true}',
    '{"local":{"toString":"x"},"generate":true}',
    '[]',
    'null',
    '"anna"',
    '{"local":"anna"',
    '',
  ]) {
    test(`body ${body} is refused and pollutes nothing`, async () => {
      const answer = await ask(`POST ${accounts}`, { cookie, body, headers: { 'content-type': 'application/json' } });
      assert.equal(answer.status, 400, answer.text);
      assert.equal(({} as { admin?: boolean }).admin, undefined);
      assert.equal(await house.stores.accounts.find('example.test', 'anna'), undefined);
    });
  }

  test('a query is checked: repeated, unknown, out of range', async () => {
    for (const query of [
      'limit=0',
      'limit=201',
      'limit=1e2',
      'limit=+5',
      'limit=5&limit=6',
      'nonsense=1',
      'status=all',
      '__proto__=1',
      'after=',
    ]) {
      const answer = await ask(`GET ${accounts}?${query}`, { cookie });
      assert.equal(answer.status, 400, `${query}: ${answer.text}`);
    }
    assert.equal((await ask(`GET ${accounts}?limit=5&search=%25_`, { cookie })).status, 200);
  });

  test('a body over 64 KB is refused', async () => {
    const answer = await ask(`POST ${accounts}`, { cookie, body: { local: 'x'.repeat(70_000) } });
    assert.equal(answer.status, 413);
  });

  test('text that would be a script elsewhere is text here', async () => {
    const name = `<img src=x onerror=alert(1)>"'\u2028</script>`.replace('\u2028', '');
    const made = await ask(`POST ${accounts}`, { cookie, body: { local: 'xss', name, generate: true } });
    assert.equal(made.status, 200, made.text);
    const { id } = (await house.stores.accounts.find('example.test', 'xss'))!;
    const said = { given: '<b>', family: '</b>', nick: '<img src=x onerror=alert(4)>', email: '"><script>' };
    await house.stores.profiles.setCard(id, { xml: '<vCard/>', audience: 'all' }, said);
    const session = house.house.connect('xss@example.test/<svg onload=alert(2)>');
    session.presence = { show: '', status: '<script>alert(3)</script>', priority: 1 };
    session.client = { ...session.client, address: '<b>' };
    for (const path of [accounts, `${accounts}/xss`, '/api/audit']) {
      const answer = await ask(`GET ${path}`, { cookie });
      assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
      assert.equal(answer.headers['x-content-type-options'], 'nosniff');
      if (path !== '/api/audit') assert.ok(answer.text.includes(JSON.stringify(name).slice(1, -1)), 'unchanged');
    }
    const { profile } = (await ask(`GET ${accounts}/xss`, { cookie })).json as unknown as { profile: object };
    assert.deepEqual(profile, { name: '<b> </b>', nick: said.nick, email: said.email });
    const resource = encodeURIComponent('<svg onload=alert(2)>');
    assert.equal((await ask(`DELETE ${accounts}/xss/sessions/${resource}`, { cookie })).status, 200);
    assert.equal(session.ended?.condition, 'policy-violation');
  });

  test('contact addresses: the named fields, some of each, no scripts', async () => {
    const path = 'PUT /api/domains/example.test/contacts';
    const put = async (body: unknown) => {
      const { status, json } = await ask(path, { cookie, body });
      return [status, json.error?.field];
    };
    const field = 'support-addresses';
    assert.deepEqual(await put({ [field]: ['javascript:alert(1)'] }), [422, field]);
    assert.deepEqual(await put({ [field]: Array(11).fill('xmpp:example.test') }), [400, field]);
    assert.deepEqual(await put({ [field]: [`https://example.test/${'x'.repeat(300)}`] }), [400, field]);
    assert.deepEqual(await put({ [field]: 'xmpp:example.test' }), [400, field]);
    assert.deepEqual(await put({ 'other-addresses': [] }), [400, 'other-addresses']);
    assert.deepEqual(await put(undefined), [400, undefined]);
    assert.deepEqual(await put({ [field]: ['xmpp:example.test'] }), [200, undefined]);
    const { json } = await ask('GET /api/domains/example.test/contacts', { cookie });
    assert.deepEqual((json as { contacts?: Record<string, string[]> }).contacts?.[field], ['xmpp:example.test']);
    assert.equal((await ask('PUT /api/domains/elsewhere.test/contacts', { cookie, body: {} })).status, 404);
  });

  test('names that no address can have are explained', async () => {
    for (const [local, message] of [
      ['anna maria', /cannot contain spaces/],
      ['anna@example.test', /before the @/],
      ['an/na', /cannot contain any of/],
      ['a\u0000b', /cannot have/],
      ['x'.repeat(1_023).concat('x'), /too long/],
    ] as const) {
      const answer = await ask(`POST ${accounts}`, { cookie, body: { local, generate: true } });
      assert.ok([400, 422].includes(answer.status), answer.text);
      assert.match(answer.json.error.message, message);
      assert.equal(answer.json.error.field, 'local');
    }
  });

  test('an error that nobody foresaw says nothing of the inside', async (t) => {
    t.mock.method(house.stores.accounts, 'page', () => Promise.reject(new Error('SELECT secret FROM inside')));
    const answer = await ask(`GET ${accounts}`, { cookie });
    assert.equal(answer.status, 500);
    assert.ok(!/SELECT|\.ts|at /.test(answer.text), answer.text);
    assertStrict(answer.headers, '500');
    assert.ok(
      house.logged.some((line) => line.includes('SELECT secret')),
      'the log says it',
    );
  });

  test('secrets are in no answer, no audit row and no log line', async () => {
    const canary = 'Canary-7f3a-password';
    const heard: string[] = [];
    const note = async (key: string, body?: unknown) => {
      const answer = await ask(key, { cookie, from: '203.0.113.77', ...(body !== undefined && { body }) });
      heard.push(answer.text, JSON.stringify(answer.headers));
      return answer;
    };
    assert.equal((await note(`POST ${accounts}`, { local: 'canary', password: canary })).status, 200);
    assert.equal((await note(`POST ${accounts}`, { local: 'canary', password: canary })).status, 409);
    await note(`POST ${accounts}`, { local: 'bad name', password: canary });
    await note(`POST ${accounts}`, { local: 'x', password: canary, more: canary });
    await note(`POST ${accounts}/canary/password`, { password: canary });
    await note('POST /api/sign-in', { name: canary, password: canary });
    await note('POST /api/sign-in', { name: 'olga', password: `${canary}x`, [canary.toLowerCase()]: 1 });
    await note('POST /api/admin/password', { old: ADMIN.password, new: `${canary}-admin` });
    await note('POST /api/admin/password', { old: `${canary}-admin`, new: ADMIN.password });
    const made = await ask(`POST ${accounts}`, { cookie, body: { local: 'made', generate: true } });
    const generated = String(made.json.password);
    assert.match(generated, /^(?:[a-z0-9]{4}-){3}[a-z0-9]{4}$/);
    heard.push(
      (await ask('GET /api/audit?limit=200', { cookie })).text,
      (await ask(`GET ${accounts}/made`, { cookie })).text,
      ...house.logged,
    );
    const { code } = await house.commands.admins.resetCode({ name: 'root', door: 'cli' });
    heard.push((await ask('GET /api/audit?limit=200', { cookie })).text);
    for (const secret of [canary, generated, code, ADMIN.password, cookie.slice(15)]) {
      const leaks = heard.filter((text) => text.includes(secret));
      assert.deepEqual(leaks, [], secret);
    }
    const keys = await house.stores.credentials.of((await house.stores.accounts.find('example.test', 'canary'))!.id);
    assert.deepEqual(keys.map((key) => key.mechanism).sort(), ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512']);
    assert.equal(new Set(keys.map((key) => Buffer.from(key.salt).toString('hex'))).size, 3);
  });
});

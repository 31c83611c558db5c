import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parseJid } from '../../server/xmpp/jid.ts';
import { Stanza } from '../../server/xmpp/stanza.ts';
import { stanza } from '../support/xml.ts';
import { type Client, claim, openApp, openHouse, type TestHouse } from './support.ts';

let house: TestHouse;
let app: { ask: Client; close: () => Promise<void> };
let cookie: string;

before(async () => {
  house = await openHouse();
  app = await openApp(house);
  cookie = await claim(house, app.ask);
});
after(async () => {
  await app.close();
  await house.close();
});

const ask: Client = (key, more = {}) => app.ask(key, { cookie, ...more });
/** The answers' own type says nothing of what is in them. */
const read = <T>(value: unknown): T => value as T;

const GENERAL = {
  default: 'ask',
  leastTls: 'TLSv1.2',
  proof: 'certificate',
  privateAddresses: false,
  outside: 'everyone',
} as const;

async function version(): Promise<string> {
  const { json } = await ask('GET /api/federation/policy');
  return read<string>(json.version);
}

describe('the policy over HTTP', () => {
  test('is read, decided and read again; who was slower is told', async () => {
    const first = await version();
    const set = await ask('PUT /api/federation/policy', { body: { ...GENERAL, version: first } });
    assert.deepEqual([set.status, set.json.default, set.json.people, set.json.rules], [200, 'ask', 0, []], set.text);
    const late = await ask('PUT /api/federation/policy', { body: { ...GENERAL, default: 'open', version: first } });
    assert.deepEqual([late.status, late.json.error.code], [409, 'policy-changed']);
    assert.equal((await ask('GET /api/federation/policy')).json.default, 'ask');
  });

  test('a rule for all below a domain is in the path, encoded or not', async () => {
    for (const pattern of ['*.capulet.test', '%2A.montague.test', '*.b%C3%BCcher.test']) {
      const answer = await ask(`PUT /api/federation/rules/${pattern}`, { body: { verdict: 'allow' } });
      assert.equal(answer.status, 200, answer.text);
    }
    const { json } = await ask('GET /api/federation/policy');
    assert.deepEqual(
      read<{ pattern: string; author: string }[]>(json.rules).map(({ pattern, author }) => `${pattern} ${author}`),
      ['*.bücher.test olga', '*.capulet.test olga', '*.montague.test olga'],
    );
    assert.equal((await ask('DELETE /api/federation/rules/*.capulet.test')).status, 200);
    assert.equal((await ask('DELETE /api/federation/rules/*.capulet.test')).json.error.code, 'rule-not-found');
  });

  test('whoever decides cannot say that somebody else did, nor anything else that is not asked for', async () => {
    for (const more of [
      { author: 'eve' },
      { at: 1 },
      { pattern: 'b.test' },
      { verdict: 'maybe' },
      { until: 'never' },
      { until: -1 },
      { reason: 'x'.repeat(501) },
    ]) {
      const answer = await ask('PUT /api/federation/rules/a.test', { body: { verdict: 'allow', ...more } });
      assert.equal(answer.status, 400, `${JSON.stringify(more)}: ${answer.text}`);
    }
    const crafted = '{"verdict":"allow","__proto__":{"author":"eve"}}';
    const headers = { 'content-type': 'application/json' };
    assert.equal((await ask('PUT /api/federation/rules/a.test', { body: crafted, headers })).status, 400);
  });

  test('what is no rule is refused with a sentence and the field at fault', async () => {
    const cases = [
      ['a_b', {}, 'pattern', /is no domain/],
      ['*', {}, 'pattern', /is no domain/],
      ['a.test', { address: 'x' }, 'address', /a name and a port/],
      ['a.test', { authority: 'x' }, 'authority', /BEGIN CERTIFICATE/],
      ['a.test', { reason: 'two\nlines' }, 'reason', /one line/],
      ['a.test', { until: 5 }, 'until', /ended already/],
    ] as const;
    for (const [pattern, more, field, words] of cases) {
      const { status, json } = await ask(`PUT /api/federation/rules/${pattern}`, {
        body: { verdict: 'deny', ...more },
      });
      assert.deepEqual([status, json.error.field], [422, field], pattern);
      assert.match(json.error.message, words);
    }
    const rules = [
      { pattern: 'ok.test', verdict: 'deny' },
      { pattern: 'not ok', verdict: 'deny' },
    ];
    const { json } = await ask('PUT /api/federation/policy', { body: { ...GENERAL, rules, version: await version() } });
    assert.equal(json.error.field, 'rules[1].pattern');
  });

  test('a key that was pasted along with a certificate is neither kept nor logged (SECURITY 67)', async () => {
    const key = ['-----BEGIN', 'PRIVATE KEY-----'].join(' ');
    const authority = `${key}\ncanary-of-a-secret\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----`;
    const answer = await ask('PUT /api/federation/rules/a.test', { body: { verdict: 'allow', authority } });
    assert.deepEqual([answer.status, answer.json.error.field], [422, 'authority']);
    assert.match(answer.json.error.message, /private key/);
    assert.doesNotMatch(house.logged.join() + answer.text, /canary-of-a-secret/);
  });
});

describe('people and other servers over HTTP', () => {
  test('people are chosen and listed', async () => {
    await house.stores.accounts.create({ domain: 'example.test', local: 'juliet', credentials: [] });
    const chosen = await ask('POST /api/federation/people', { body: { add: ['juliet@example.test'] } });
    assert.deepEqual([chosen.status, chosen.json], [200, { total: 1 }]);
    const { json } = await ask('GET /api/federation/people?limit=1&search=jul');
    assert.deepEqual(json, { outside: 'everyone', people: ['juliet@example.test'], total: 1, next: null });
    const nobody = await ask('POST /api/federation/people', {
      body: { add: ['juliet@example.test', 'x@example.test'] },
    });
    assert.deepEqual([nobody.status, nobody.json.error.code], [404, 'account-not-found']);
    const many = Array.from({ length: 201 }, (_, n) => `p${n}@example.test`);
    assert.equal((await ask('POST /api/federation/people', { body: { add: many } })).status, 400);
  });

  test('a server is listed, explained, called and left; every answer has the shape of the contract', async () => {
    const { records, running } = house.federation;
    records.add({
      domain: 'capulet.test',
      local: 'example.test',
      direction: 'out',
      at: 1_700_000_000_000,
      took: 3.5,
      outcome: 'failed',
      problem: { code: 'policy-theirs', facts: { text: '<img src=x onerror=alert(1)>' } },
      tries: [{ host: 'capulet.test', address: '192.0.2.7', port: 5269, transport: 'tls', took: 1.25 }],
    });
    const list = await ask('GET /api/federation/domains?search=capulet&limit=5&strangers=yes');
    assert.deepEqual([list.status, list.json.total], [200, 1], list.text);
    const why = await ask('GET /api/federation/domains/capulet.test');
    assert.equal(why.status, 200, why.text);
    const [attempt] = read<{ sentence: string; took: number }[]>(why.json.attempts);
    // Text, to be shown as text: what makes it markup is for nobody to believe (SECURITY 63).
    assert.match(attempt!.sentence, /“<img src=x onerror=alert\(1\)>”/);
    assert.equal(attempt!.took, 3.5);
    running.answer = { outcome: 'connected', tls: { protocol: 'TLSv1.3', cipher: 'TLS_X' } };
    const tried = await ask('POST /api/federation/domains/capulet.test/try', { body: { from: 'example.test' } });
    assert.deepEqual([tried.status, read<{ grade: string }>(tried.json.attempt).grade], [200, 'A'], tried.text);
    assert.deepEqual((await ask('POST /api/federation/domains/capulet.test/close')).json, { closed: 0 });
    for (const [key, field] of [
      ['GET /api/federation/domains/example.test', 'domain'],
      ['GET /api/federation/domains/192.0.2.1', 'domain'],
    ] as const) {
      const { status, json } = await ask(key);
      assert.deepEqual([status, json.error.field], [422, field]);
    }
  });

  test('the inbox says who wrote to whom, and never what', async () => {
    await ask('PUT /api/federation/policy', { body: { ...GENERAL, rules: [], version: await version() } });
    const [from, to] = ['nurse@new.test/tv', 'juliet@example.test'];
    const element = stanza(`<message from='${from}' to='${to}' id='1'><body>a secret</body></message>`);
    await house.federation.inbox.hold(new Stanza(element, parseJid(from), parseJid(to)), 'in');
    const list = await ask('GET /api/federation/inbox');
    const one = await ask('GET /api/federation/inbox/new.test');
    assert.deepEqual([list.json.total, read<unknown[]>(one.json.held).length], [1, 1]);
    assert.doesNotMatch(list.text + one.text, /secret/);
    const allowed = await ask('PUT /api/federation/rules/new.test', { body: { verdict: 'allow' } });
    assert.deepEqual([allowed.json.released, allowed.json.dropped], [1, 0]);
  });
});

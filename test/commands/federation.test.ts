import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { CommandError } from '../../server/commands/command-error.ts';
import type { Attempt } from '../../server/s2s/attempt.ts';
import { parseJid } from '../../server/xmpp/jid.ts';
import { Stanza } from '../../server/xmpp/stanza.ts';
import { openHouse, type TestHouse } from '../http/support.ts';
import { ruleFor } from '../support/elsewhere.ts';
import { link } from '../support/fake-federation.ts';
import { stanza } from '../support/xml.ts';

const by = { name: 'olga', door: 'panel' } as const;
const JULIET = 'juliet@example.test';

let house: TestHouse;
let { policy, inbox, domains }: TestHouse['commands']['federation'] = {} as never;

beforeEach(async () => {
  house = await openHouse();
  ({ policy, inbox, domains } = house.commands.federation);
  for (const local of ['juliet', 'romeo']) {
    await house.stores.accounts.create({ domain: 'example.test', local, credentials: [] });
  }
});
afterEach(() => house.close());

const refused = (code: string, field?: string) => (error: CommandError) => {
  assert.deepEqual([error.code, error.field], [code, field], error.message);
  return true;
};

async function audited(): Promise<string[]> {
  const { rows } = await house.commands.audit.page(undefined, 100);
  return rows.map(({ action, subject, detail }) => `${action} ${subject} ${JSON.stringify(detail)}`).reverse();
}

async function hold(id: string, domain: string, direction: 'in' | 'out' = 'in'): Promise<void> {
  const [theirs, ours] = [`nurse@${domain}/tv`, `${JULIET}/balcony`];
  const [from, to] = direction === 'in' ? [theirs, ours] : [ours, theirs];
  const element = stanza(`<message type='chat' id='${id}' from='${from}' to='${to}'><body>a secret</body></message>`);
  await house.federation.inbox.hold(new Stanza(element, parseJid(from), parseJid(to)), direction);
}

function note(domain: string, more: Partial<Attempt> = {}): void {
  house.federation.records.add({
    domain,
    local: 'example.test',
    direction: 'out',
    at: 1_700_000_000_000,
    took: 5,
    outcome: 'failed',
    problem: { code: 'refused', facts: { host: domain, port: 5269 } },
    srv: [{ name: `_xmpp-server._tcp.${domain}`, records: [] }],
    ...more,
  });
}

describe('the policy, as administrators decide it', () => {
  test('a rule is made, changed and taken away; each is in the audit log with its author', async () => {
    const until = Date.now() + 86_400_000;
    const made = await policy.put(by, ' Capulet.TEST ', {
      verdict: 'allow',
      reason: 'a partner',
      until,
      proof: 'dialback',
    });
    const { at, ...rest } = made.rule;
    assert.ok(Math.abs(at - Date.now()) < 10_000);
    assert.deepEqual(rest, {
      pattern: 'capulet.test',
      verdict: 'allow',
      until,
      expired: false,
      leastTls: null,
      proof: 'dialback',
      authority: null,
      address: null,
      reason: 'a partner',
      author: 'olga',
    });
    assert.equal(house.federation.book.judge('capulet.test').verdict, 'allow');
    await policy.put(by, 'capulet.test', { verdict: 'deny' });
    assert.deepEqual(
      policy.get().rules.map(({ pattern, verdict, until: end }) => [pattern, verdict, end]),
      [['capulet.test', 'deny', null]],
    );
    await policy.remove(by, 'capulet.test');
    await assert.rejects(policy.remove(by, 'capulet.test'), refused('rule-not-found'));
    assert.deepEqual(await audited(), [
      `federation.allow capulet.test {"reason":"a partner","until":"${new Date(until).toISOString()}","proof":"dialback"}`,
      'federation.deny capulet.test {"reason":""}',
      'federation.forget capulet.test {}',
    ]);
  });

  test('kept is what a rule says of the same verdict, and not an end that is over; else a rule is whole', async () => {
    const over = Date.now() + 50;
    const [first] = policy.get().rules;
    assert.equal(first, undefined);
    await policy.put(by, 'a.test', { verdict: 'allow', keep: true, address: 'a.test:5269', until: over, reason: 'x' });
    const said = async (wish: Parameters<typeof policy.put>[2]) => {
      const { address, until, reason } = (await policy.put(by, 'a.test', wish)).rule;
      return [address, until, reason];
    };
    while (Date.now() <= over) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(await said({ verdict: 'allow', keep: true }), ['a.test:5269', null, 'x']);
    assert.deepEqual(await said({ verdict: 'deny', keep: true }), ['a.test:5269', null, '']);
    assert.deepEqual(await said({ verdict: 'allow', keep: true, address: null }), [null, null, '']);
    await policy.put(by, 'a.test', { verdict: 'allow', address: 'a.test:5269', reason: 'y' });
    assert.deepEqual(await said({ verdict: 'allow' }), [null, null, '']);
  });

  test('rules are for other servers, not for ours; one that was there before hinders nobody', async () => {
    await assert.rejects(policy.put(by, 'Example.test', { verdict: 'deny' }), refused('invalid', 'pattern'));
    const { version, people: _, ...rest } = policy.get();
    const rules = [{ pattern: 'Example.test', verdict: 'allow' as const }];
    await assert.rejects(policy.set(by, { ...rest, rules }, version), refused('invalid', 'rules[0].pattern'));
    await policy.put(by, '*.example.test', { verdict: 'allow' });
    assert.equal(house.federation.book.judge('branch.example.test').verdict, 'allow');
    await house.federation.book.change((now) => ({ ...now, rules: [ruleFor('example.test')] }));
    await policy.set(by, { ...rest, rules }, policy.get().version);
    await policy.remove(by, 'example.test');
  });

  test('rules of one domain stand together, whoever comes first', async () => {
    for (const pattern of ['b.test', '*.a.test', 'x.a.test', 'a.test', '*.test'])
      await policy.put(by, pattern, { verdict: 'deny' });
    assert.deepEqual(
      policy.get().rules.map(({ pattern }) => pattern),
      ['*.test', 'a.test', '*.a.test', 'x.a.test', 'b.test'],
    );
  });

  test('what is no rule is refused with the field at fault', async () => {
    await assert.rejects(policy.put(by, 'not a domain', { verdict: 'allow' }), refused('invalid', 'pattern'));
    await assert.rejects(policy.put(by, 'a.test', { verdict: 'allow', until: 5 }), refused('invalid', 'until'));
    await assert.rejects(
      policy.put(by, 'a.test', { verdict: 'allow', address: 'nowhere' }),
      refused('invalid', 'address'),
    );
    await assert.rejects(policy.remove(by, '**'), refused('invalid', 'pattern'));
    assert.deepEqual(await audited(), []);
  });

  test('all of it at once, with the version that was read: two administrators do not overwrite each other', async () => {
    await policy.put(by, 'a.test', { verdict: 'allow', reason: 'x' });
    const { version, rules } = policy.get();
    const wish = {
      default: 'ask',
      leastTls: 'TLSv1.3',
      proof: 'dialback',
      privateAddresses: true,
      outside: 'chosen',
    } as const;
    const eve = { name: 'eve', door: 'cli' } as const;
    const set = await policy.set(
      eve,
      { ...wish, rules: [...rules, { pattern: '*.B.test', verdict: 'deny' }] },
      version,
    );
    assert.deepEqual(
      [set.default, set.outside, set.rules.map(({ pattern, author }) => `${pattern} ${author}`)],
      ['ask', 'chosen', ['a.test olga', '*.b.test eve']],
    );
    await assert.rejects(policy.set(by, { ...wish, default: 'open' }, version), refused('policy-changed'));
    assert.equal(policy.get().default, 'ask');
    const kept = await policy.set(by, { ...wish, default: 'open' }, set.version);
    assert.equal(kept.rules.length, 2, 'what is left out stays');
    assert.deepEqual(
      (await audited()).slice(1).map((line) => line.split(' {')[0]),
      ['federation.policy ask', 'federation.policy open'],
    );
    const twice = [
      { pattern: 'a.test', verdict: 'allow' },
      { pattern: 'A.test', verdict: 'deny' },
    ] as const;
    await assert.rejects(
      policy.set(by, { ...wish, rules: twice }, kept.version),
      refused('invalid', 'rules[1].pattern'),
    );
  });

  test('people are chosen who are people here, and are chosen no more when their account is deleted (SECURITY 50)', async () => {
    await policy.choose(by, { add: [JULIET, ' ROMEO@example.test '] });
    await policy.choose(by, { add: [JULIET] });
    assert.deepEqual(policy.people({}), {
      outside: 'everyone',
      people: [JULIET, 'romeo@example.test'],
      total: 2,
      next: null,
    });
    assert.deepEqual(policy.people({ limit: 1 }).next, JULIET);
    assert.deepEqual(policy.people({ search: 'ROM', after: JULIET }).people, ['romeo@example.test']);
    await assert.rejects(policy.choose(by, { add: ['nobody@example.test'] }), refused('account-not-found', 'add'));
    await policy.choose(by, { remove: ['romeo@example.test', 'not an address'] });
    await house.commands.accounts.remove(by, 'example.test', 'juliet', JULIET);
    assert.deepEqual(policy.people({}).people, []);
    assert.equal(house.federation.book.mayTalkOutside(JULIET), true, 'everybody may');
    assert.deepEqual((await audited()).slice(0, 3), [
      `federation.choose ${JULIET} {}`,
      'federation.choose romeo@example.test {}',
      'federation.unchoose romeo@example.test {}',
    ]);
  });
});

describe('the inbox', () => {
  beforeEach(() => policy.set(by, { ...policy.get(), rules: [], people: [], default: 'ask' }, policy.get().version));

  test('says who wrote to whom and when, and not what (it is nobody else’s)', async () => {
    await hold('1', 'a.test');
    await hold('2', 'a.test', 'out');
    await hold('3', 'b.test');
    const list = await inbox.list();
    assert.deepEqual(
      [list.total, list.domains.map(({ domain, count }) => [domain, count])],
      [
        3,
        [
          ['a.test', 2],
          ['b.test', 1],
        ],
      ],
    );
    const { held } = await inbox.of('A.test');
    assert.deepEqual(
      held.map(({ direction, sender, recipient, what }) => [direction, sender, recipient, what]),
      [
        ['in', 'nurse@a.test', JULIET, 'message'],
        ['out', JULIET, 'nurse@a.test', 'message'],
      ],
    );
    assert.doesNotMatch(JSON.stringify([list, held]), /secret/);
    await assert.rejects(inbox.of('not a domain'), refused('invalid', 'domain'));
  });

  test('a rule releases what waits, in its order, or drops it', async () => {
    for (const id of ['1', '2']) await hold(id, 'a.test');
    await hold('3', 'b.test', 'out');
    await hold('4', 'c.test');
    const allowed = await policy.put(by, 'a.test', { verdict: 'allow' });
    assert.deepEqual([allowed.released, allowed.dropped, house.federation.released], [2, 0, ['1', '2']]);
    const denied = await policy.put(by, '*.test', { verdict: 'deny' });
    assert.deepEqual([denied.dropped, house.federation.refused], [2, ['3', '4']]);
    assert.equal((await inbox.list()).total, 0);
  });

  test('opening the house releases all, closing it drops all', async () => {
    await hold('1', 'a.test');
    const opened = await policy.set(
      by,
      { ...policy.get(), rules: [], people: [], default: 'open' },
      policy.get().version,
    );
    assert.deepEqual([opened.released, opened.dropped], [1, 0]);
  });
});

describe('other servers, as administrators see them', () => {
  const OPEN = async () =>
    policy.set(by, { ...policy.get(), rules: [], people: [], default: 'open' }, policy.get().version);

  test('the list knows them by rules, links, what waits, and the last month; strangers only when asked for', async () => {
    await policy.put(by, 'rule.test', { verdict: 'allow' });
    await policy.put(by, '*.wild.test', { verdict: 'allow' });
    house.federation.running.there.push(link('link.test'));
    house.federation.running.waiting.push({ domain: 'queue.test', local: 'example.test', waiting: 3, oldest: 1 });
    note('tried.test');
    note('stranger.test', { direction: 'in' });
    note('link.test', {
      outcome: 'connected',
      tls: { protocol: 'TLSv1.3', cipher: 'TLS_X' },
      theirs: 'certificate',
      ours: 'certificate',
    });
    const list = await domains.list({});
    assert.deepEqual(
      list.domains.map(({ domain, verdict, state, grade }) => [domain, verdict, state, grade]),
      [
        ['link.test', 'deny', 'connected', 'A'],
        ['queue.test', 'deny', 'waiting', null],
        ['rule.test', 'allow', 'idle', null],
        ['tried.test', 'deny', 'idle', 'F'],
      ],
    );
    assert.match(
      list.domains[3]!.problem!,
      /^There is no SRV record for tried\.test, and port 5269 of tried\.test was refused/,
    );
    assert.equal(list.domains[1]!.queued, 3);
    const first = await domains.list({ limit: 2 });
    assert.deepEqual([first.next, first.total], ['queue.test', 4]);
    assert.deepEqual(
      (await domains.list({ limit: 2, after: first.next! })).domains.map(({ domain }) => domain),
      ['rule.test', 'tried.test'],
    );
    assert.deepEqual(
      (await domains.list({ search: 'STRANG', strangers: true })).domains.map(({ domain }) => domain),
      ['stranger.test'],
    );
  });

  test('why: the judgement in words, the links, what waits, and attempts with sentences and remedies', async () => {
    await policy.put(by, '*.capulet.test', { verdict: 'allow', reason: 'partners' });
    note('chat.capulet.test', { problem: { code: 'certificate-expired', facts: { at: Date.UTC(2026, 4, 3) } } });
    house.federation.running.waiting.push({
      domain: 'chat.capulet.test',
      local: 'example.test',
      waiting: 3,
      oldest: undefined,
    });
    const why = await domains.why(' Chat.Capulet.TEST ');
    assert.match(why.judgement, /^Allowed by the rule for \*\.capulet\.test of olga \(.* 20\d\d\): “partners”\.$/);
    assert.equal(why.decidedBy?.pattern, '*.capulet.test');
    assert.deepEqual(
      [why.summary, why.remedy, why.whose, why.state],
      ['Their certificate expired on 3 May 2026.', 'They have to renew it.', 'theirs', 'waiting'],
    );
    assert.deepEqual(why.queues, [{ local: 'example.test', waiting: 3, oldest: null }]);
    const [attempt] = why.attempts;
    assert.deepEqual(
      [attempt?.sentence, attempt?.grade, attempt?.srv],
      ['Their certificate expired on 3 May 2026.', 'F', ['_xmpp-server._tcp.chat.capulet.test: no records']],
    );
    await assert.rejects(domains.why('example.test'), refused('invalid', 'domain'));
    await assert.rejects(domains.why('x y'), refused('invalid', 'domain'));
  });

  test('why: what the policy says comes before what once went wrong', async () => {
    note('a.test');
    assert.match((await domains.why('a.test')).summary, /No rule allows a\.test/);
    await policy.put(by, 'a.test', { verdict: 'allow', until: Date.now() + 60_000 });
    assert.match((await domains.why('a.test')).summary, /was refused/);
    const { book } = house.federation;
    await book.change((one) => ({
      ...one,
      rules: one.rules.map((rule) => ({ ...rule, until: Date.UTC(2025, 0, 31) })),
    }));
    const ended = await domains.why('a.test');
    assert.match(ended.summary, /The rule that allowed a\.test held until 31 January 2025\./);
    assert.deepEqual([ended.expired?.expired, ended.whose], [true, 'ours']);
    assert.match(ended.judgement, /^The rule for a\.test held until 31 January 2025\. No rule allows/);
    await policy.put(by, 'a.test', { verdict: 'deny', reason: 'spam' });
    assert.match((await domains.why('a.test')).summary, /A rule denies a\.test: “spam”\./);
    await policy.remove(by, 'a.test');
    await OPEN();
    assert.match((await domains.why('new.test')).summary, /no link yet/);
    house.federation.running.there.push(link('new.test'));
    const there = await domains.why('new.test');
    assert.deepEqual(
      [there.summary, there.links.length, there.links[0]?.theirs],
      ['There is a link now.', 1, 'certificate'],
    );
  });

  test('try now and close now are done and audited; our own domains are no other servers', async () => {
    const { running } = house.federation;
    running.answer = { outcome: 'failed', problem: { code: 'connect-timeout', facts: {} } };
    const { attempt } = await domains.tryNow(by, 'a.test');
    assert.deepEqual(
      [attempt.outcome, attempt.code, attempt.grade, running.tried],
      ['failed', 'connect-timeout', 'F', ['example.test a.test']],
    );
    await assert.rejects(domains.tryNow(by, 'a.test', 'elsewhere.test'), refused('domain-not-found', 'from'));
    await assert.rejects(domains.tryNow(by, 'example.test'), refused('invalid', 'domain'));
    running.there.push(link('a.test'), link('a.test'), link('b.test'));
    assert.deepEqual(await domains.closeNow(by, 'a.test'), { closed: 2 });
    assert.deepEqual(await audited(), [
      'federation.try a.test {"from":"example.test","outcome":"failed"}',
      'federation.close a.test {"closed":2}',
    ]);
  });
});

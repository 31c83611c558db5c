import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Policy } from '../../server/s2s/policy.ts';
import { PolicyBook, PolicyChanged } from '../../server/s2s/policy-book.ts';
import { CLOSED, checkPolicy, MOST_PEOPLE, MOST_RULES, PolicyError } from '../../server/s2s/policy-check.ts';
import { openStores } from '../../server/storage/stores/index.ts';
import { opened } from '../storage/support.ts';
import { ruleFor as rule } from '../support/elsewhere.ts';

const LOG = { error: () => {} };

async function book(t: TestContext, policy: Partial<Policy> = {}): Promise<PolicyBook> {
  const made = new PolicyBook(openStores(await opened(t)).settings, LOG);
  await made.set({ ...CLOSED, ...policy });
  return made;
}

describe('the policy of federation', () => {
  it('is closed until somebody decides', async (t) => {
    const made = await book(t);
    const { verdict, rule: decided, leastTls, proof, privateAddresses } = made.judge('example.org');
    assert.deepEqual(
      [verdict, decided, leastTls, proof, privateAddresses],
      ['deny', undefined, 'TLSv1.2', 'certificate', false],
    );
    assert.equal(made.mayTalkOutside('juliet@example.test'), true);
  });

  it('is the same after a restart', async (t) => {
    const { settings } = openStores(await opened(t));
    const first = new PolicyBook(settings, LOG);
    await first.set({ ...CLOSED, default: 'ask', rules: [rule('Example.ORG', 'allow', { until: 2_000_000_000_000 })] });
    const second = new PolicyBook(settings, LOG);
    await second.load();
    assert.deepEqual(second.policy, first.policy);
    assert.equal(second.version, first.version);
    assert.equal(second.judge('example.org', 1_999_999_999_999).verdict, 'allow');
    assert.equal(second.policy.rules[0]?.pattern, 'example.org');
  });

  it('closes the house when what is stored cannot be read, and says so: no denial gets lost', async (t) => {
    const { settings } = openStores(await opened(t));
    await settings.set('federation.policy', { default: 'open', rules: [{ pattern: '*' }] });
    const told: string[] = [];
    const made = new PolicyBook(settings, { error: (_facts, text) => told.push(text) });
    await made.load();
    assert.equal(made.judge('example.org').verdict, 'deny');
    assert.equal(told.length, 1);
  });

  it('is frozen, all of it', async (t) => {
    const { policy } = await book(t, { rules: [rule('example.org')], people: ['juliet@example.test'] });
    assert.ok([policy, policy.rules, policy.rules[0], policy.people].every((one) => Object.isFrozen(one)));
  });

  it('what allows an ending lets in that name only, however old it is, and what denies one all below it', async (t) => {
    const allowed = await book(t, {
      rules: ['office', '*.com', 'net', 'co.uk', '*.com.au'].map((name) => rule(name, 'allow')),
    });
    const judged = (made: PolicyBook, name: string) => made.judge(name).verdict;
    for (const name of ['office', 'net', 'co.uk']) assert.equal(judged(allowed, name), 'allow', name);
    for (const name of ['evil.office', 'evil.com', 'a.evil.net', 'evil.co.uk', 'evil.com.au', 'com.au'])
      assert.equal(judged(allowed, name), 'deny', name);
    const partner = await book(t, { rules: [rule('partner.co.uk', 'allow'), rule('*.co.example', 'allow')] });
    for (const name of ['rooms.partner.co.uk', 'a.co.example']) assert.equal(judged(partner, name), 'allow', name);
    const denied = await book(t, { default: 'open', rules: [rule('com', 'deny'), rule('co.uk', 'deny')] });
    for (const name of ['evil.com', 'evil.co.uk']) assert.equal(judged(denied, name), 'deny', name);
  });

  it('the nearest rule decides: the name, then the longest above it, `*.` there first, the default last', async (t) => {
    const made = await book(t, {
      default: 'ask',
      rules: [
        rule('*.org', 'deny'),
        rule('*.example.org'),
        rule('bad.example.org', 'deny'),
        rule('*.deep.example.org', 'deny'),
      ],
    });
    const verdicts = Object.fromEntries(
      [
        'example.org',
        'good.example.org',
        'bad.example.org',
        'a.bad.example.org',
        'deep.example.org',
        'a.b.deep.example.org',
        'myexample.org',
        'org',
        'example.com',
        'example.org.evil.test',
      ].map((domain) => [domain, made.judge(domain).verdict]),
    );
    assert.deepEqual(verdicts, {
      'example.org': 'deny',
      'good.example.org': 'allow',
      'bad.example.org': 'deny',
      'a.bad.example.org': 'deny',
      'deep.example.org': 'allow',
      'a.b.deep.example.org': 'deny',
      'myexample.org': 'deny',
      org: 'ask',
      'example.com': 'ask',
      'example.org.evil.test': 'ask',
    });
  });

  it('who allows or denies a partner means the rooms and services below that name, with all the rule asks for', async (t) => {
    const made = await book(t, {
      default: 'closed',
      rules: [
        rule('partner.example', 'allow', { address: '10.0.0.7:5269', leastTls: 'TLSv1.3', proof: 'dialback' }),
        rule('*.partner.example', 'deny', { until: 1_000 }),
        rule('private.partner.example', 'deny'),
        rule('open.private.partner.example'),
        rule('rival.example', 'deny'),
        rule('*.rival.example'),
      ],
    });
    const by = (domain: string) => {
      const { verdict, rule: decided } = made.judge(domain, 2_000);
      return `${domain}: ${verdict} by ${decided?.pattern}`;
    };
    assert.deepEqual(
      [
        'partner.example',
        'conference.partner.example',
        'rooms.private.partner.example',
        'open.private.partner.example',
        'a.open.private.partner.example',
        'rival.example',
        'conference.rival.example',
        'notpartner.example',
        'example',
        '192.0.2.1',
      ].map(by),
      [
        'partner.example: allow by partner.example',
        'conference.partner.example: allow by partner.example',
        'rooms.private.partner.example: deny by private.partner.example',
        'open.private.partner.example: allow by open.private.partner.example',
        'a.open.private.partner.example: allow by open.private.partner.example',
        'rival.example: deny by rival.example',
        'conference.rival.example: allow by *.rival.example',
        'notpartner.example: deny by undefined',
        'example: deny by undefined',
        '192.0.2.1: deny by undefined',
      ],
    );
    assert.equal(made.judge('conference.partner.example', 999).rule?.pattern, '*.partner.example');
    const { address, leastTls, proof, privateAddresses } = made.judge('upload.partner.example', 2_000);
    assert.deepEqual([address, leastTls, proof, privateAddresses], ['10.0.0.7:5269', 'TLSv1.3', 'dialback', true]);
    await made.set({ ...CLOSED, default: 'open', rules: [rule('partner.example', 'deny')] });
    assert.equal(made.judge('conference.partner.example').verdict, 'deny');
  });

  it('a rule that has expired does not hold and is told, from that millisecond on, though it was remembered', async (t) => {
    const made = await book(t, {
      rules: [rule('chat.example.org', 'allow', { until: 2_000 }), rule('*.example.org', 'allow', { until: 3_000 })],
    });
    const at = (now: number) => {
      const { verdict, rule: decided, expired } = made.judge('chat.example.org', now);
      return [verdict, decided?.pattern, expired?.pattern];
    };
    assert.deepEqual(at(1_999), ['allow', 'chat.example.org', undefined]);
    assert.deepEqual(at(2_000), ['allow', '*.example.org', 'chat.example.org']);
    assert.deepEqual(at(2_999), ['allow', '*.example.org', 'chat.example.org']);
    assert.deepEqual(at(3_000), ['deny', undefined, 'chat.example.org']);
    // A clock that is set back brings back what held then.
    assert.deepEqual(at(1_000), ['allow', 'chat.example.org', undefined]);
  });

  it('a rule says its own of TLS and proof, else the policy does; an address that is named may be private', async (t) => {
    const made = await book(t, {
      default: 'open',
      leastTls: 'TLSv1.3',
      rules: [rule('old.test', 'allow', { leastTls: 'TLSv1.2', proof: 'dialback', address: '[FD00::1]:5269' })],
    });
    const old = made.judge('old.test');
    assert.deepEqual(
      [old.leastTls, old.proof, old.address, old.privateAddresses],
      ['TLSv1.2', 'dialback', '[fd00::1]:5269', true],
    );
    const other = made.judge('other.test');
    assert.deepEqual(
      [other.leastTls, other.proof, other.address, other.privateAddresses],
      ['TLSv1.3', 'certificate', undefined, false],
    );
  });

  it('judges the same domain again without looking', async (t) => {
    const made = await book(t, { rules: [rule('*.example.org')] });
    assert.equal(made.judge('a.example.org'), made.judge('a.example.org'));
    const before = made.judge('a.example.org');
    await made.set({ ...CLOSED, rules: [rule('*.example.org', 'deny')] });
    assert.deepEqual([before.verdict, made.judge('a.example.org').verdict], ['allow', 'deny']);
  });

  it('where people are chosen, nobody else may talk outside', async (t) => {
    const made = await book(t, { outside: 'chosen', people: ['Juliet@example.test'] });
    assert.deepEqual(
      ['juliet@example.test', 'romeo@example.test', ''].map((who) => made.mayTalkOutside(who)),
      [true, false, false],
    );
  });

  it('tells of changes, of real ones only', async (t) => {
    const made = await book(t);
    const told: string[] = [];
    const stop = made.changed((policy, before) => told.push(`${before.default} → ${policy.default}`));
    await made.set({ ...CLOSED, default: 'open' });
    await made.set({ ...CLOSED, default: 'open' });
    stop();
    await made.set(CLOSED);
    assert.deepEqual(told, ['closed → open']);
  });

  it('two who change it at once do not overwrite each other', async (t) => {
    const made = await book(t);
    const { version } = made;
    const outcomes = await Promise.allSettled([
      made.set({ ...CLOSED, default: 'open' }, version),
      made.set({ ...CLOSED, default: 'ask' }, version),
      made.change((policy) => ({ ...policy, leastTls: 'TLSv1.3' })),
    ]);
    assert.deepEqual(
      outcomes.map((one) => one.status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.ok((outcomes[1] as PromiseRejectedResult).reason instanceof PolicyChanged);
    assert.deepEqual([made.policy.default, made.policy.leastTls], ['open', 'TLSv1.3']);
  });
});

describe('what is no policy is refused, with the field at fault', () => {
  const key = ['-----BEGIN', 'PRIVATE KEY-----'].join(' ');
  const cases: readonly (readonly [string, string, unknown])[] = [
    ['no object', '', null],
    ['a list', '', []],
    ['another default', 'default', { ...CLOSED, default: 'toString' }],
    ['TLS 1.0', 'leastTls', { ...CLOSED, leastTls: 'TLSv1' }],
    ['people that are none', 'people[0]', { ...CLOSED, people: ['example.org'] }],
    ['a device', 'people[1]', { ...CLOSED, people: ['a@example.org', 'a@example.org/phone'] }],
    ['somebody twice', 'people[1]', { ...CLOSED, people: ['a@example.org', 'A@example.org'] }],
    ['no list of rules', 'rules', { ...CLOSED, rules: {} }],
    [
      'too many rules',
      'rules',
      { ...CLOSED, rules: Array.from({ length: MOST_RULES + 1 }, (_, n) => rule(`a${n}.test`)) },
    ],
    [
      'too many people',
      'people',
      { ...CLOSED, people: Array.from({ length: MOST_PEOPLE + 1 }, (_, n) => `a${n}@b.test`) },
    ],
    ['a domain twice', 'rules[1].pattern', { ...CLOSED, rules: [rule('a.test'), rule('A.test.')] }],
    ['another verdict', 'rules[0].verdict', { ...CLOSED, rules: [{ ...rule('a.test'), verdict: 'maybe' }] }],
    ['a date in words', 'rules[0].until', { ...CLOSED, rules: [{ ...rule('a.test'), until: 'tomorrow' }] }],
    ['a date beyond all', 'rules[0].until', { ...CLOSED, rules: [rule('a.test', 'allow', { until: 9e15 })] }],
    ['a long reason', 'rules[0].reason', { ...CLOSED, rules: [rule('a.test', 'allow', { reason: 'x'.repeat(501) })] }],
    ['a reason of two lines', 'rules[0].reason', { ...CLOSED, rules: [rule('a.test', 'allow', { reason: 'a\nb' })] }],
    ['half a letter', 'rules[0].author', { ...CLOSED, rules: [rule('a.test', 'allow', { author: '\ud800' })] }],
    ['no port', 'rules[0].address', { ...CLOSED, rules: [rule('a.test', 'allow', { address: 'chat.a.test' })] }],
    ['port 0', 'rules[0].address', { ...CLOSED, rules: [rule('a.test', 'allow', { address: 'chat.a.test:0' })] }],
    [
      'no certificate',
      'rules[0].authority',
      { ...CLOSED, rules: [rule('a.test', 'allow', { authority: 'trust me' })] },
    ],
    ['a private key', 'rules[0].authority', { ...CLOSED, rules: [rule('a.test', 'allow', { authority: key })] }],
    [
      'all too long together',
      'rules',
      { ...CLOSED, people: Array.from({ length: 3_000 }, (_, n) => `${'a'.repeat(1_000)}${n}@b.test`) },
    ],
  ];
  for (const [title, field, policy] of cases) {
    it(title, () => {
      assert.throws(
        () => checkPolicy(policy),
        (error) => error instanceof PolicyError && error.field === field && /^[A-Z“].*\.$/.test(error.message),
      );
    });
  }

  for (const pattern of [
    '',
    '*',
    '*.',
    '**.a.test',
    'a.*.test',
    '*a.test',
    '*.192.0.2.1',
    '*.[::1]',
    'a b.test',
    'a@b.test',
    'a.test/x',
    `${'a.'.repeat(600)}test`,
    '<b>.test',
  ]) {
    it(`the pattern ${pattern.slice(0, 20) || '(none)'}`, () => {
      assert.throws(() => checkPolicy({ ...CLOSED, rules: [rule(pattern)] }), { field: 'rules[0].pattern' });
    });
  }

  it('a name of other letters has one form', () => {
    const { rules } = checkPolicy({
      ...CLOSED,
      rules: [rule('*.BÜCHER.test'), rule('xn--bcher-kva.test'), rule('192.0.2.1')],
    });
    assert.deepEqual(
      rules.map(({ pattern }) => pattern),
      ['*.bücher.test', 'bücher.test', '192.0.2.1'],
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NameError, type NameFailure, type Names, type SrvRecord } from '../../server/s2s/names.ts';
import type { ProblemCode } from '../../server/s2s/problem.ts';
import { MAX_TARGETS, ResolveProblem, resolve } from '../../server/s2s/resolve.ts';
import { inOrder } from '../../server/s2s/srv-order.ts';

type Says = {
  readonly srv?: Record<string, readonly SrvRecord[] | NameFailure>;
  readonly hosts?: Record<string, string[] | NameFailure>;
};

/** What is not said does not exist. */
function saying({ srv = {}, hosts = {} }: Says): Names & { asked: string[] } {
  const asked: string[] = [];
  const answer = <T>(found: T | NameFailure | undefined, name: string): T => {
    asked.push(name);
    if (found === undefined || typeof found === 'string')
      throw new NameError((found as NameFailure) ?? 'no-name', name);
    return found;
  };
  const addresses = async (host: string): Promise<string[]> => answer<string[]>(hosts[host], host);
  return {
    asked,
    srv: async (name) => ({ records: answer<readonly SrvRecord[]>(srv[name], name), more: 0 }),
    addresses,
    published: addresses,
  };
}

const live = new AbortController().signal;
const DIRECT = '_xmpps-server._tcp.example.test';
const PLAIN = '_xmpp-server._tcp.example.test';

function record(target: string, port = 5269, priority = 0, weight = 0): SrvRecord {
  return { target, port, priority, weight };
}

async function problem(says: Says, domain = 'example.test'): Promise<ResolveProblem> {
  const error = await resolve(saying(says), domain, live).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof ResolveProblem, String(error));
  return error;
}

async function order(says: Says): Promise<string[]> {
  const { targets } = await resolve(saying(says), 'example.test', live);
  return targets.map(({ host, port, transport }) => `${host}:${port} ${transport}`);
}

describe('where the server of a domain is', () => {
  it('records of both kinds are one set, by priority (XEP-0368 §4 rule 1)', async () => {
    const srv = {
      [PLAIN]: [record('a.test', 5269, 10), record('c.test', 5269, 30)],
      [DIRECT]: [record('b.test', 5270, 20), record('d.test', 443, 5)],
    };
    assert.deepEqual(await order({ srv }), [
      'd.test:443 tls',
      'a.test:5269 starttls',
      'b.test:5270 tls',
      'c.test:5269 starttls',
    ]);
  });

  it('what was asked and answered is told', async () => {
    const { srv } = await resolve(saying({ srv: { [PLAIN]: [record('a.test')] } }), 'example.test', live);
    assert.deepEqual(srv, [
      { name: DIRECT, records: [] },
      { name: PLAIN, records: [record('a.test')] },
    ]);
  });

  it('without any record the domain itself, port 5269 (RFC 6120 §3.2.2)', async () => {
    assert.deepEqual(await order({ hosts: { 'example.test': ['192.0.2.1'] } }), ['example.test:5269 starttls']);
    assert.deepEqual(await order({ srv: { [PLAIN]: 'no-record' }, hosts: { 'example.test': ['::1'] } }), [
      'example.test:5269 starttls',
    ]);
  });

  it('a `.` says no, and nobody looks elsewhere (RFC 6120 §3.2.1, XEP-0368 §6)', async () => {
    const hosts = { 'example.test': ['192.0.2.1'] };
    const no = [record('.', 0)];
    assert.equal((await problem({ srv: { [PLAIN]: no }, hosts })).code, 'no-service');
    assert.equal((await problem({ srv: { [DIRECT]: no }, hosts })).code, 'no-service');
    assert.equal((await problem({ srv: { [DIRECT]: no, [PLAIN]: no }, hosts })).code, 'no-service');
    assert.deepEqual(await order({ srv: { [DIRECT]: no, [PLAIN]: [record('a.test')] }, hosts }), [
      'a.test:5269 starttls',
    ]);
    assert.deepEqual(await order({ srv: { [PLAIN]: no, [DIRECT]: [record('a.test')] }, hosts }), ['a.test:5269 tls']);
  });

  it('a question that failed is not the answer that there is nothing; what the other found is used', async () => {
    const hosts = { 'example.test': ['192.0.2.1'] };
    const cases: [NameFailure, NameFailure, ProblemCode, string][] = [
      ['failed', 'no-name', 'dns-failed', DIRECT],
      ['no-name', 'failed', 'dns-failed', PLAIN],
      ['failed', 'timeout', 'dns-timeout', PLAIN],
      ['timeout', 'failed', 'dns-timeout', DIRECT],
    ];
    for (const [direct, plain, code, name] of cases) {
      const { code: seen, facts, srv, lasting } = await problem({ srv: { [DIRECT]: direct, [PLAIN]: plain }, hosts });
      assert.deepEqual([seen, facts.name, facts.domain, lasting], [code, name, 'example.test', false]);
      assert.deepEqual(
        srv.map((one) => one.problem),
        [direct, plain].map((one) => (one === 'no-name' ? undefined : one)),
      );
    }
    assert.deepEqual(await order({ srv: { [DIRECT]: 'timeout', [PLAIN]: [record('a.test')] } }), [
      'a.test:5269 starttls',
    ]);
    assert.equal((await problem({ srv: { [DIRECT]: 'timeout', [PLAIN]: [record('.', 0)] } })).code, 'dns-timeout');
  });

  it('the fallback tells why it is none', async () => {
    assert.equal((await problem({})).code, 'no-such-domain');
    assert.equal((await problem({ hosts: { 'example.test': 'no-record' } })).code, 'no-address');
    assert.equal((await problem({ hosts: { 'example.test': 'timeout' } })).code, 'dns-timeout');
    assert.equal((await problem({ hosts: { 'example.test': 'failed' } })).code, 'dns-failed');
  });

  it('addresses that are domains are not looked up; names are asked in ASCII', async () => {
    const names = saying({ hosts: { 'xn--bcher-kva.test': ['192.0.2.1'] } });
    for (const [domain, host] of [
      ['[::1]', '::1'],
      ['127.0.0.1', '127.0.0.1'],
    ] as const) {
      const { targets } = await resolve(names, domain, live);
      assert.deepEqual(targets, [{ host, port: 5269, transport: 'starttls' }]);
    }
    assert.equal(names.asked.length, 0);
    const { targets } = await resolve(names, 'bücher.test', live);
    assert.equal(targets[0]!.host, 'xn--bcher-kva.test');
    assert.ok(names.asked.every((name) => name.endsWith('xn--bcher-kva.test')));
    assert.equal((await problem({}, 'not a name')).code, 'no-such-domain');
  });

  it('attack: records that lead to ssh, mail or a store of data are not followed', async () => {
    const { code, facts } = await problem({
      srv: { [PLAIN]: [record('a.test', 22), record('a.test', 25), record('b.test', 6379)] },
    });
    assert.equal(code, 'port-not-allowed');
    assert.deepEqual(facts, { domain: 'example.test', host: 'a.test', port: 22 });
    const mixed = { [PLAIN]: [record('a.test', 25), record('b.test', 443, 9)] };
    assert.deepEqual(await order({ srv: mixed }), ['b.test:443 starttls']);
  });

  it('attack: a thousand records, of which sixteen are looked at', async () => {
    const many = Array.from({ length: 1_000 }, (_, at) => record(`h${at}.test`, 5269, 1_000 - at));
    const { targets, srv } = await resolve(saying({ srv: { [PLAIN]: many } }), 'example.test', live);
    assert.deepEqual(
      targets.map(({ host }) => host),
      Array.from({ length: MAX_TARGETS }, (_, at) => `h${999 - at}.test`),
    );
    assert.equal(srv[1]!.records.length, MAX_TARGETS);
    assert.equal(srv[1]!.more, 984);
  });

  it('attack: targets that no host can be', async () => {
    const bad = ['', 'a b', 'a/b', '..', 'x'.repeat(300), 'a\0.test'].map((target) => record(target));
    assert.equal((await problem({ srv: { [PLAIN]: [...bad, record('ok.test', 0)] } })).code, 'no-service');
  });

  it('the reason of the signal comes out as it is', async () => {
    const names = saying({});
    names.srv = async () => Promise.reject(new RangeError('enough'));
    await assert.rejects(resolve(names, 'example.test', live), RangeError);
  });
});

describe('the order of records (RFC 2782)', () => {
  /** Draws what the test wants, and checks that it may. */
  const drawing =
    (...numbers: number[]) =>
    (most: number): number => {
      const number = numbers.shift()!;
      assert.ok(number <= most, `${number} of ${most}`);
      return number;
    };
  const named = (records: readonly SrvRecord[]): string => records.map(({ target }) => target).join('');

  it('weights are chances: the first whose running sum reaches the number drawn', () => {
    const set = [record('a', 1, 0, 10), record('b', 1, 0, 30), record('c', 1, 0, 60)];
    assert.equal(named(inOrder(set, 9, drawing(100, 40, 0))), 'cba');
    assert.equal(named(inOrder(set, 9, drawing(10, 30, 1))), 'abc');
    assert.equal(named(inOrder(set, 9, drawing(11, 10, 60))), 'bac');
  });

  it('those of weight 0 stand first in line: they win when 0 is drawn', () => {
    const set = [record('a', 1, 0, 5), record('z', 1, 0, 0)];
    assert.equal(named(inOrder(set, 9, drawing(0, 5))), 'za');
    assert.equal(named(inOrder(set, 9, drawing(1, 0))), 'az');
  });

  it('where all weights are 0, each has the same chance', () => {
    const set = [record('a'), record('b'), record('c')];
    assert.equal(named(inOrder(set, 9, drawing(2, 0, 0))), 'cab');
  });

  it('priorities come before weights, and it stops where enough is', () => {
    const set = [record('a', 1, 9, 65_535), record('b', 1, 1, 0), record('c', 1, 5, 1)];
    assert.equal(named(inOrder(set, 9)), 'bca');
    assert.equal(named(inOrder(set, 2)), 'bc');
    assert.equal(named(inOrder([], 2)), '');
  });

  it('by lot, heavy ones are first about as often as their weight says', () => {
    const set = [record('a', 1, 0, 10), record('b', 1, 0, 90)];
    let first = 0;
    for (let n = 0; n < 2_000; n++) if (inOrder(set, 1)[0]!.target === 'b') first += 1;
    // 1,800 are to be expected; six standard deviations to either side.
    assert.ok(first > 1_715 && first < 1_885, `${first}`);
  });
});

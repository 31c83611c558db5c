import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { CommandError } from '../../server/commands/command-error.ts';
import type { RecordState } from '../../server/commands/dns-compare.ts';
import { DnsDoctor, type DnsDoctorOptions } from '../../server/commands/dns-doctor.ts';
import { NameError, type NameFailure, type Names, openNames, type SrvRecord } from '../../server/s2s/names.ts';
import { Dns, noDnsmasq, type Zone } from '../support/dns.ts';
import { FakeDns, RCODE } from '../support/fake-dns.ts';
import { FakeHouse } from '../support/fake-house.ts';

const LISTENERS = [
  { name: 'c2s', address: '[::]:5222' },
  { name: 'c2s_tls', address: '[::]:5223' },
  { name: 's2s', address: '[::]:5269' },
  { name: 'https', address: '[::]:5281' },
];
const CLIENT = '_xmpp-client._tcp.example.org';

interface Says {
  readonly srv?: Readonly<Record<string, readonly SrvRecord[] | NameFailure>>;
  readonly hosts?: Readonly<Record<string, readonly string[] | NameFailure>>;
}

/** What is not said does not exist. */
function saying({ srv = {}, hosts = {} }: Says): Names {
  const answer = <T>(found: T | NameFailure | undefined, name: string): T => {
    if (found === undefined || typeof found === 'string')
      throw new NameError((found as NameFailure) ?? 'no-name', name);
    return found;
  };
  const published = async (host: string): Promise<readonly string[]> => answer<readonly string[]>(hosts[host], host);
  return {
    srv: async (name) => ({ records: answer<readonly SrvRecord[]>(srv[name], name), more: 0 }),
    addresses: () => assert.fail('the hosts file of this machine is nothing that others see'),
    published,
  };
}

function doctor(names: Names, more: Partial<DnsDoctorOptions> = {}, domain = 'example.org'): DnsDoctor {
  return new DnsDoctor({
    names,
    house: new FakeHouse([domain, `conference.${domain}`]),
    hostname: 'chat.example.org',
    listeners: () => LISTENERS,
    addresses: () => ['93.184.215.14'],
    federates: () => true,
    ...more,
  });
}

function record(target: string, port: number, priority = 0, weight = 0): SrvRecord {
  return { target, port, priority, weight };
}

async function about(name: string, says: Says, more: Partial<DnsDoctorOptions> = {}): Promise<[RecordState, string]> {
  const { records } = await doctor(saying(says), more).examine('example.org');
  const found = records.find((one) => one.name === name);
  assert.ok(found !== undefined, JSON.stringify(records));
  return [found.state, found.sentence];
}

const HOME = { 'chat.example.org': ['93.184.215.14'] };

describe('the DNS doctor', () => {
  it('says what is missing, and what that means', async () => {
    const { records } = await doctor(saying({})).examine('Example.org');
    assert.deepEqual(
      records.map(({ name, state, needed, wanted, found }) => [name, state, needed, wanted.join(), found.length]),
      [
        ['chat.example.org', 'missing', true, '93.184.215.14', 0],
        [CLIENT, 'missing', true, '10 5 5222 chat.example.org.', 0],
        ['_xmpps-client._tcp.example.org', 'missing', false, '5 5 5223 chat.example.org.', 0],
        ['_xmpp-server._tcp.example.org', 'missing', true, '10 5 5269 chat.example.org.', 0],
        ['_xmpp-server._tcp.conference.example.org', 'missing', true, '10 5 5269 chat.example.org.', 0],
      ],
    );
    assert.match(records[1]!.sentence, /chat apps do not find this server/);
  });

  it('a record that leads here is right, whatever its priority, and also by another name of this machine', async () => {
    const srv = { [CLIENT]: [record('chat.example.org', 5222, 99, 1)] };
    assert.equal((await about(CLIENT, { srv, hosts: HOME }))[0], 'right');
    const other = { [CLIENT]: [record('alias.example.net', 5222)] };
    assert.equal((await about(CLIENT, { srv: other, hosts: { 'alias.example.net': ['93.184.215.14'] } }))[0], 'right');
    // Behind a router only the public address of it says that both names are the same machine.
    const behind = { ...HOME, 'alias.example.net': ['93.184.215.14'] };
    assert.equal((await about(CLIENT, { srv: other, hosts: behind }, { addresses: () => ['10.0.0.5'] }))[0], 'right');
    assert.equal((await about(CLIENT, { srv: other, hosts: { 'alias.example.net': ['1.1.1.1'] } }))[0], 'different');
  });

  it('says what is different: another machine, another port, one too many, none at all', async () => {
    const cases: [SrvRecord[], RegExp][] = [
      [
        [record('old.example.org', 5222)],
        /^It leads to old\.example\.org, port 5222, and not to chat\.example\.org, port 5222\.$/,
      ],
      [[record('chat.example.org', 5299)], /^It leads to chat\.example\.org, port 5299, and not/],
      [[record('chat.example.org', 5222), record('old.example.org', 5222)], /also to old\.example\.org, port 5222\./],
      [[record('.', 0)], /says that there is no such service/],
    ];
    for (const [records, sentence] of cases) {
      const [state, said] = await about(CLIENT, { srv: { [CLIENT]: records }, hosts: HOME });
      assert.equal(state, 'different');
      assert.match(said, sentence);
    }
  });

  it('a record for a door that is shut is to go', async () => {
    const name = '_xmpps-server._tcp.example.org';
    const [state, said] = await about(name, { srv: { [name]: [record('chat.example.org', 5270)] }, hosts: HOME });
    assert.deepEqual([state, said.endsWith('Take the record away.')], ['different', true]);
    const { records } = await doctor(saying({ srv: { [name]: [record('.', 0)] } })).examine('example.org');
    assert.ok(!records.some((one) => one.name === name));
  });

  it('tells a DNS that cannot be asked from a record that is not there', async () => {
    for (const [failure, sentence] of [
      ['timeout', /in time/],
      ['failed', /failed to answer/],
    ] as const) {
      const [state, said] = await about(CLIENT, { srv: { [CLIENT]: failure } });
      assert.equal(state, 'unanswered');
      assert.match(said, sentence);
      assert.equal((await about('chat.example.org', { hosts: { 'chat.example.org': failure } }))[0], 'unanswered');
    }
    assert.equal((await about(CLIENT, { srv: { [CLIENT]: 'no-record' } }))[0], 'missing');
  });

  it('addresses: ours, another one too, a router’s perhaps, or wrong', async () => {
    const of = async (found: string[], own: string[]) =>
      await about('chat.example.org', { hosts: { 'chat.example.org': found } }, { addresses: () => own });
    assert.equal((await of(['93.184.215.14'], ['93.184.215.14', '2a01::1']))[0], 'right');
    const [also, which] = await of(['93.184.215.14', '1.1.1.1'], ['93.184.215.14']);
    assert.equal(also, 'different');
    assert.match(which, /also to 1\.1\.1\.1/);
    const [perhaps, ports] = await of(['1.1.1.1'], ['10.0.0.5']);
    assert.equal(perhaps, 'unclear');
    assert.match(ports, /the ports 5222, 5223, 5269 on/);
    assert.equal((await of(['10.0.0.9'], ['10.0.0.5']))[0], 'different');
    assert.equal((await of(['1.1.1.1'], ['93.184.215.14']))[0], 'different');
    assert.equal((await of(['1.1.1.1'], []))[0], 'unclear');
  });

  it('advice fits the name: of the internet, of a house, of neighbours, of nowhere', async () => {
    const said = async (domain: string, more: Partial<DnsDoctorOptions> = {}): Promise<string> => {
      const { remarks, details } = await doctor(saying({}), more, domain).examine(domain);
      return [...remarks, ...details].join('\n');
    };
    const internet = await said('example.org', { addresses: () => ['10.0.0.5'] });
    assert.match(internet, /must pass on the ports 5222, 5223, 5269/);
    assert.match(internet, /example\.org\/\.well-known\/host-meta.*port 5281.*_xmppconnect/s);
    assert.doesNotMatch(await said('example.org'), /router/);
    const lan = await said('office.lan', { addresses: () => ['10.0.0.5'], hostname: 'debian' });
    assert.match(lan, /DNS server of your own network/);
    assert.match(lan, /hostname = "xmpp\.office\.lan"/);
    assert.doesNotMatch(lan, /host-meta|router, must|of the internet must/);
    assert.match(await said('office.local'), /ask their neighbours/);
    assert.match(await said('office.example'), /kept for examples/);
    const closed = await said('example.org', { federates: () => false });
    assert.match(closed, /talks with no other servers/);
  });

  it('says only what is needed to be reached from the office, or from the internet', async () => {
    const behind = { addresses: () => ['10.0.0.5'], federates: () => false };
    const office = await doctor(saying({})).examine('example.org', 'office');
    assert.deepEqual(
      office.records.map(({ name }) => name),
      ['chat.example.org', CLIENT, '_xmpps-client._tcp.example.org'],
    );
    assert.doesNotMatch(Object.values(office.texts).join(), /-server\./);
    const inside = await doctor(saying({}), behind).examine('example.org', 'office');
    assert.deepEqual([inside.remarks, inside.details], [[], []]);
    const internet = await doctor(saying({}), behind).examine('example.org', 'internet');
    assert.match(internet.remarks.join(), /^This machine only has addresses of your own network[^/]*$/);
    assert.match(internet.details.join(), /talks with no other servers.*host-meta.*_xmppconnect/s);
    assert.ok(
      (await doctor(saying({})).examine('example.org', 'internet')).records.some(({ name }) => /-server/.test(name)),
    );
    const known = await Promise.all(
      ['example.org', 'office.lan', 'office.local', 'office.example'].map(
        async (domain) => (await doctor(saying({}), {}, domain).examine(domain)).known,
      ),
    );
    assert.deepEqual(known, ['internet', 'inside', 'neighbours', 'nowhere']);
  });

  it('a domain in Unicode is asked in ASCII; one that is not served is refused', async () => {
    const { domain, ascii, records, texts } = await doctor(saying({}), {}, 'bücher.test').examine('Bücher.test');
    assert.deepEqual([domain, ascii], ['bücher.test', 'xn--bcher-kva.test']);
    assert.ok(records.every(({ name }) => name === 'chat.example.org' || name.endsWith('xn--bcher-kva.test')));
    assert.doesNotMatch(Object.values(texts).join(''), /ü/);
    await assert.rejects(
      doctor(saying({})).examine('other.test'),
      (error: CommandError) => error.code === 'domain-not-found',
    );
  });

  it('attack: a DNS full of records makes no long page', async () => {
    const many = Array.from({ length: 64 }, (_, at) => record(`h${at}.example.org`, 5222));
    const { records } = await doctor(saying({ srv: { [CLIENT]: many }, hosts: HOME })).examine('example.org');
    const found = records.find(({ name }) => name === CLIENT)!;
    assert.equal(found.found.length, 16);
    assert.match(found.sentence, /and 59 more/);
    assert.ok(found.sentence.length < 400);
  });
});

describe('the DNS doctor and a real DNS', { skip: noDnsmasq }, () => {
  async function live(t: TestContext, zone: Zone): Promise<{ dns: Dns; names: Names }> {
    const dns = await Dns.start(zone);
    t.after(() => dns[Symbol.asyncDispose]());
    return { dns, names: openNames([{ host: dns.address, port: dns.port }], { keep: 1, keepNothing: 1 }) };
  }

  it('what is pasted makes everything right', async (t) => {
    const { dns, names } = await live(t, {});
    const one = doctor(names, { hostname: 'chat.example.test' }, 'example.test');
    const before = await one.examine('example.test');
    assert.ok(
      before.records.every(({ state }) => state === 'missing'),
      JSON.stringify(before.records),
    );
    await dns.says({ more: before.texts.dnsmasq.split('\n') });
    const { records } = await one.examine('example.test');
    assert.deepEqual(
      records.map(({ state }) => state),
      records.map(() => 'right'),
    );
    for (const { wanted, found } of records) assert.deepEqual(found, wanted);
  });

  it('a DNS that fails is not one without records', async (t) => {
    const dns = await FakeDns.start(() => ({ rcode: RCODE.serverFailure }));
    t.after(() => dns[Symbol.asyncDispose]());
    const { records } = await doctor(openNames([dns])).examine('example.org');
    assert.ok(
      records.every(({ state }) => state === 'unanswered'),
      JSON.stringify(records),
    );
  });
});

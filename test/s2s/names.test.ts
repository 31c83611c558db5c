import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { hostsIn } from '../../server/s2s/hosts-file.ts';
import { NameError, type NameFailure, type NameLimits, openNames } from '../../server/s2s/names.ts';
import { Dns, noDnsmasq } from '../support/dns.ts';
import { a, aaaa, cname, FakeDns, type Question, RCODE, type Reply, srv } from '../support/fake-dns.ts';

const live = (): AbortSignal => new AbortController().signal;
/** Where silence is the point, it need not be long. */
const SHORT = { retry: 250, patience: 400 };

function fails(failure: NameFailure): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof NameError, String(error));
    assert.equal(error.failure, failure, error.message);
    return true;
  };
}

async function faulty(t: TestContext, answer: (question: Question) => Reply, limits: Partial<NameLimits> = {}) {
  const dns = await FakeDns.start(answer);
  t.after(() => dns[Symbol.asyncDispose]());
  return { dns, names: openNames([dns], limits) };
}

describe('names, asked of a real server', { skip: noDnsmasq }, () => {
  it('finds records and addresses, and tells nothing from no such name (RFC 2782, RFC 2308 §2)', async (t) => {
    const dns = await Dns.start({
      srv: [
        { name: '_xmpp-server._tcp.example.test', target: 'b.example.test', port: 5299, priority: 10, weight: 3 },
        { name: '_xmpp-server._tcp.example.test', target: 'a.example.test', port: 5269, priority: 5, weight: 0 },
        { name: '_xmpps-server._tcp.example.test', target: '.' },
      ],
      hosts: {
        'a.example.test': ['10.0.0.1', '10.0.0.2', 'fd00::1'],
        'xn--bcher-kva.example.test': ['10.0.0.3'],
      },
      more: ['cname=chat.example.test,a.example.test'],
    });
    t.after(() => dns[Symbol.asyncDispose]());
    const names = openNames([{ host: dns.address, port: dns.port }]);
    const found = await names.srv('_xmpp-server._tcp.example.test', live());
    assert.deepEqual(found, {
      records: [
        { target: 'a.example.test', port: 5269, priority: 5, weight: 0 },
        { target: 'b.example.test', port: 5299, priority: 10, weight: 3 },
      ],
      more: 0,
    });
    const none = await names.srv('_xmpps-server._tcp.example.test', live());
    assert.equal(none.records[0]!.target, '.');
    const addresses = await names.addresses('A.Example.test.', live());
    assert.equal(addresses[0], 'fd00::1');
    assert.deepEqual(addresses.slice(1).sort(), ['10.0.0.1', '10.0.0.2']);
    assert.deepEqual((await names.addresses('chat.example.test', live())).length, 3);
    assert.deepEqual(await names.addresses('bücher.example.test', live()), ['10.0.0.3']);
    assert.deepEqual(await names.addresses('::1', live()), ['::1']);
    await assert.rejects(names.srv('_xmpp-server._tcp.nobody.test', live()), fails('no-name'));
    await assert.rejects(names.addresses('nobody.test', live()), fails('no-name'));
    await assert.rejects(names.srv('a.example.test', live()), fails('no-record'));
    await assert.rejects(names.addresses('_xmpp-server._tcp.example.test', live()), fails('no-record'));
    await dns.stop();
    await assert.rejects(names.addresses('other.test', live()), fails('failed'));
    // What is known is said again, for a while.
    assert.equal((await names.addresses('a.example.test', live())).length, 3);
  });
});

describe('names', () => {
  it('attack: a server that never answers', async (t) => {
    const { dns, names } = await faulty(t, () => 'silence', SHORT);
    await assert.rejects(names.srv('_xmpp-server._tcp.example.test', live()), fails('timeout'));
    await assert.rejects(names.addresses('example.test', live()), fails('timeout'));
    assert.ok(dns.asked.length <= 6, `${dns.asked.length} questions`);
  });

  for (const [what, reply] of [
    ['fails', { rcode: RCODE.serverFailure }],
    ['refuses', { rcode: RCODE.refused }],
    ['does not know SRV', { rcode: RCODE.notImplemented }],
    ['does not understand', { rcode: RCODE.formatError }],
  ] as const) {
    it(`a server that ${what} has not said that there is nothing`, async (t) => {
      const { names } = await faulty(t, () => reply);
      await assert.rejects(names.srv('_xmpp-server._tcp.example.test', live()), fails('failed'));
      await assert.rejects(names.addresses('example.test', live()), fails('failed'));
    });
  }

  it('attack: answers that are garbage, cut off, or point into themselves', async (t) => {
    const name = '_xmpp-server._tcp.example.test';
    const bad = [
      Buffer.alloc(0),
      Buffer.from('8180', 'hex'),
      Buffer.alloc(60_000, 0xff),
      // A question and an answer whose name is a pointer to itself.
      Buffer.from('81800001000100000000c00c00210001c00c002100010000012c0008000000000000c00c', 'hex'),
    ];
    for (const reply of bad) {
      const { names } = await faulty(t, () => reply, SHORT);
      await assert.rejects(
        names.srv(name, live()),
        (error) => error instanceof NameError && !error.failure.startsWith('no-'),
      );
    }
  });

  it('attack: names that are aliases of each other', { timeout: 20_000 }, async (t) => {
    const other = (name: string): string => (name === 'a.test' ? 'b.test' : 'a.test');
    const { dns, names } = await faulty(t, ({ name }) => ({
      records: [cname(name, other(name)), cname(other(name), name)],
    }));
    await assert.rejects(names.addresses('a.test', live()), NameError);
    await assert.rejects(names.srv('a.test', live()), NameError);
    assert.ok(dns.asked.length < 10, `${dns.asked.length} questions`);
  });

  it('attack: a thousand records; the first by priority are kept, the number of the others is told', async (t) => {
    const name = '_xmpp-server._tcp.example.test';
    const many = Array.from({ length: 1_000 }, (_, at) => srv(name, `h${at}.test`, 5269, 1_000 - at));
    const { dns, names } = await faulty(t, ({ by }) => (by === 'udp' ? { truncated: true } : { records: many }));
    const { records, more } = await names.srv(name, live());
    assert.deepEqual(
      dns.asked.map(({ by }) => by),
      ['udp', 'tcp'],
    );
    assert.equal(records.length, 64);
    assert.equal(more, 936);
    assert.equal(records[0]!.target, 'h999.test');
  });

  it('attack: a thousand addresses', async (t) => {
    const { names } = await faulty(t, ({ name, type, by }) => {
      if (by === 'udp') return { truncated: true };
      const at = Array.from({ length: 1_000 }, (_, n) => n);
      return {
        records: at.map((n) =>
          type === 'AAAA' ? aaaa(name, `fd00:0:0:0:0:0:0:${n.toString(16)}`) : a(name, `10.0.${n >> 8}.${n & 255}`),
        ),
      };
    });
    assert.equal((await names.addresses('example.test', live())).length, 32);
  });

  it('one family that is never answered, or fails, does not take the other with it (RFC 8305 §3)', async (t) => {
    for (const reply of ['silence', { rcode: RCODE.serverFailure }] as const) {
      const { names } = await faulty(t, ({ name, type }) =>
        type === 'A' ? { records: [a(name, '10.0.0.1')] } : reply,
      );
      assert.deepEqual(await names.addresses('example.test', live()), ['10.0.0.1']);
    }
    const { names } = await faulty(t, ({ type }) => ({ rcode: type === 'A' ? RCODE.serverFailure : RCODE.noSuchName }));
    await assert.rejects(names.addresses('example.test', live()), fails('failed'));
  });

  it('asks once for what many want to know, and again when it is old', async (t) => {
    const { dns, names } = await faulty(
      t,
      ({ name, type }) => (type === 'A' ? { records: [a(name, '10.0.0.1', 0)] } : {}),
      {
        keep: 1,
      },
    );
    const all = await Promise.all(Array.from({ length: 50 }, () => names.addresses('example.test', live())));
    assert.equal(new Set(all.map(String)).size, 1);
    assert.equal(dns.asked.length, 2);
    const { dns: second, names: briefly } = await faulty(t, () => ({ rcode: RCODE.noSuchName }), { keepNothing: 1 });
    await assert.rejects(briefly.srv('a.test', live()), fails('no-name'));
    const until = performance.now() + 5;
    while (performance.now() < until) await new Promise(setImmediate);
    await assert.rejects(briefly.srv('a.test', live()), fails('no-name'));
    assert.equal(second.asked.length, 2);
  });

  it('attack: a flood of names; the questions are bounded and the rest is told at once', async (t) => {
    const { dns, names } = await faulty(t, () => 'silence', { retry: 5_000, patience: 1_500, atOnce: 4, waiting: 8 });
    const failures = await Promise.all(
      Array.from({ length: 100 }, (_, at) =>
        names.srv(`d${at}.test`, live()).then(
          () => 'found',
          (error: NameError) => error.failure,
        ),
      ),
    );
    assert.equal(failures.filter((one) => one === 'failed').length, 88);
    assert.equal(failures.filter((one) => one === 'timeout').length, 12);
    // Those that waited are not asked any more when it is their turn.
    for (let at = 0; !dns.asked.some(({ name }) => name.startsWith('z')); at++) {
      await assert.rejects(names.srv(`z${at}.test`, live()), NameError);
      await new Promise(setImmediate);
    }
    const asked = dns.asked.map(({ name }) => name).filter((name) => name.startsWith('d'));
    assert.deepEqual(asked, ['d0.test', 'd1.test', 'd2.test', 'd3.test']);
  });

  it('the signal ends the waiting of who gave it, and of nobody else', async (t) => {
    const stop = new AbortController();
    const { promise: asked, resolve: seen } = Promise.withResolvers<void>();
    const { names } = await faulty(
      t,
      () => {
        seen();
        return 'silence';
      },
      SHORT,
    );
    const mine = names.srv('a.test', stop.signal);
    const other = names.srv('a.test', live());
    other.catch(() => undefined);
    await asked;
    stop.abort(new Error('enough'));
    await assert.rejects(mine, /^Error: enough$/);
    await assert.rejects(names.srv('b.test', stop.signal), /^Error: enough$/);
    await assert.rejects(other, fails('timeout'));
  });

  it('attack: names that no name can be are not there, whatever they are', async (t) => {
    const { names } = await faulty(t, () => ({ rcode: RCODE.noSuchName }));
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (name) => {
        const seen = await names.srv(name, live()).catch((error: unknown) => error);
        assert.ok(seen instanceof NameError && seen.failure === 'no-name', String(seen));
      }),
      { numRuns: 200 },
    );
  });

  it('reads a hosts file', () => {
    const text =
      '127.0.0.1 localhost\n# 1.1.1.1 a.test\n10.0.0.1\tb.test A.test. # c.test\r\n::5 a.test\nnonsense a.test\n\n';
    assert.deepEqual(hostsIn(text, 'a.test'), ['10.0.0.1', '::5']);
    assert.deepEqual(hostsIn(text, 'c.test'), []);
  });

  it("without servers of its own it knows this machine's names", async () => {
    const addresses = await openNames([]).addresses('localhost', live());
    assert.ok(
      addresses.some((one) => one === '127.0.0.1' || one === '::1'),
      String(addresses),
    );
  });
});

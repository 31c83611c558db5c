import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import type { Attempt } from '../../server/s2s/attempt.ts';
import { NameError, type Names } from '../../server/s2s/names.ts';
import type { Judgement } from '../../server/s2s/policy.ts';
import type { ProblemCode } from '../../server/s2s/problem.ts';
import { explain } from '../../server/s2s/reasons.ts';
import { certificate, DAY_MS, type TestCertificate } from '../support/authority.ts';
import { DIALBACK, EXTERNAL, SASL, ServerPeer, type ServerWire, STARTTLS } from '../support/server-peer.ts';
import { EVIL, NAMELESS, ROOT, type Siege, siege } from '../support/siege.ts';

const STREAM = { from: 'evil.test', id: 'one' };
const SRV = '_xmpp-server._tcp.evil.test';
const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
const now = Date.now();

interface Fault {
  readonly code: ProblemCode;
  /** The names of the world; default: a server at the place of evil.test. */
  readonly names?: Partial<Names>;
  readonly judgement?: Partial<Judgement>;
  /** What a server does that is called; without it, there is none. */
  readonly does?: (wire: ServerWire) => Promise<unknown>;
  /** In the sentence. */
  readonly says: RegExp;
}

/** A server in order but for its certificate. */
const shows = (shown: TestCertificate) => (wire: ServerWire) => wire.welcomes(shown, EXTERNAL, STREAM);
const ends = (wire: ServerWire, condition: string) =>
  wire.write(
    `<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>we know nobody</text></stream:error></stream:stream>`,
  );

/** Whatever happens when the house calls evil.test, and what is written down of it. */
const OUT: Readonly<Record<string, Fault>> = {
  'nobody listens there': { code: 'refused', judgement: { address: '127.0.0.1:1' }, says: /refus|listen|accept/ },
  'the name does not exist': { code: 'no-such-domain', judgement: { address: undefined }, says: /evil\.test/ },
  'a record that says that there is no service': {
    code: 'no-service',
    names: { srv: () => Promise.resolve({ records: [{ target: '.', port: 0, priority: 0, weight: 0 }], more: 0 }) },
    judgement: { address: undefined },
    says: /evil\.test/,
  },
  'no name server answers': {
    code: 'dns-timeout',
    names: { srv: (name) => Promise.reject(new NameError('timeout', name)) },
    judgement: { address: undefined },
    says: /evil\.test/,
  },
  'name servers fail': {
    code: 'dns-failed',
    names: { srv: (name) => Promise.reject(new NameError('failed', name)) },
    judgement: { address: undefined },
    says: /evil\.test/,
  },
  'a host without an address': {
    code: 'no-address',
    names: {
      srv: (name) =>
        name === SRV
          ? Promise.resolve({ records: [{ target: 'nowhere.test', port: 5269, priority: 0, weight: 0 }], more: 0 })
          : Promise.reject(new NameError('no-record', name)),
    },
    judgement: { address: undefined },
    says: /nowhere\.test/,
  },
  'a record for the port of mail': {
    code: 'port-not-allowed',
    names: {
      srv: () => Promise.resolve({ records: [{ target: '127.0.0.1', port: 25, priority: 0, weight: 0 }], more: 0 }),
    },
    judgement: { address: undefined },
    says: /25/,
  },
  'an address of a private network': {
    code: 'private-address',
    names: {
      addresses: () => Promise.resolve(['10.0.0.1']),
      srv: (name) => Promise.reject(new NameError('no-record', name)),
    },
    judgement: { address: undefined, privateAddresses: false },
    says: /10\.0\.0\.1|private/,
  },
  'an address that cannot be reached': {
    code: 'unreachable',
    judgement: { address: '255.255.255.255:5269' },
    says: /255/,
  },
  'SSH at that port': {
    code: 'not-xmpp',
    does: async (wire) => wire.write('SSH-2.0-OpenSSH_10.0\r\n'),
    says: /evil\.test|XMPP/,
  },
  'HTTP at that port': {
    code: 'not-xmpp',
    does: async (wire) => wire.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
    says: /evil\.test|XMPP/,
  },
  'the connection ends at once': { code: 'closed', does: async (wire) => wire.cut(), says: /./ },
  'no STARTTLS': { code: 'no-starttls', does: (wire) => wire.answers(DIALBACK, STREAM), says: /TLS|encrypt/i },
  'STARTTLS that is refused': {
    code: 'no-starttls',
    does: async (wire) => {
      await wire.answers(STARTTLS, STREAM);
      await wire.element();
      wire.write("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>");
    },
    says: /TLS|encrypt/i,
  },
  'TLS 1.1 and nothing newer': {
    code: 'tls-too-old',
    does: async (wire) => {
      await wire.answers(STARTTLS, STREAM);
      await wire.isEncrypted(EVIL, old);
    },
    says: /old/,
  },
  'TLS 1.2 where the policy wants 1.3': {
    code: 'tls-too-old',
    judgement: { leastTls: 'TLSv1.3' },
    does: async (wire) => {
      await wire.answers(STARTTLS, STREAM);
      await wire.isEncrypted(EVIL, { maxVersion: 'TLSv1.2' });
      await wire.answers(EXTERNAL, STREAM);
    },
    says: /1\.3/,
  },
  'an alert in the handshake': {
    code: 'tls-failed',
    does: async (wire) => {
      await wire.answers(STARTTLS, STREAM);
      await wire.element();
      wire.write("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
      wire.duplex.removeAllListeners('data');
      await once(wire.duplex.resume(), 'data');
      wire.write(Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28])); // fatal, handshake_failure
    },
    says: /TLS|encrypt/i,
  },
  'a certificate that has expired': {
    code: 'certificate-expired',
    does: shows(ROOT.issue({ dns: ['evil.test'], notBefore: now - 90 * DAY_MS, notAfter: now - DAY_MS })),
    says: /expired/,
  },
  'a certificate that is not valid yet': {
    code: 'certificate-not-yet',
    does: shows(ROOT.issue({ dns: ['evil.test'], notBefore: now + DAY_MS, notAfter: now + 90 * DAY_MS })),
    says: /holds from/,
  },
  'a certificate signed by itself': {
    code: 'certificate-self-signed',
    does: shows(certificate({ dns: ['evil.test'] })),
    says: /themselves/,
  },
  'a certificate of nobody whom we trust': {
    code: 'certificate-unknown-issuer',
    does: shows(certificate({ dns: ['evil.test'], issuer: certificate({ cn: 'Nobody', ca: true }) })),
    says: /authority|issuer|trust/,
  },
  'a certificate for another name': {
    code: 'certificate-wrong-name',
    does: shows(ROOT.issue({ dns: ['other.test'] })),
    says: /other\.test/,
  },
  'a certificate with nothing but a common name': {
    code: 'certificate-common-name-only',
    does: shows(ROOT.issue({ cn: 'evil.test' })),
    says: /common name|old|name/i,
  },
  'their domain is not there': {
    code: 'host-unknown',
    does: async (wire) => {
      await wire.answers(STARTTLS, STREAM);
      ends(wire, 'host-unknown');
    },
    says: /evil\.test/,
  },
  'their policy': {
    code: 'policy-theirs',
    does: async (wire) => {
      await wire.answers(STARTTLS, STREAM);
      ends(wire, 'policy-violation');
    },
    says: /we know nobody|policy|not want|refus/,
  },
  'they end the stream for something else': {
    code: 'stream-error',
    does: async (wire) => {
      await wire.answers(STARTTLS, STREAM);
      ends(wire, 'resource-constraint');
    },
    says: /./,
  },
  'they answer for somebody else': {
    code: 'wrong-from',
    does: (wire) => wire.answers(STARTTLS, { ...STREAM, from: 'other.test' }),
    says: /other\.test/,
  },
  'they refuse our certificate, and take nothing else': {
    code: 'not-accepted',
    does: async (wire) => {
      await shows(EVIL)(wire);
      await wire.element();
      wire.write(`<failure xmlns='${SASL}'><not-authorized/></failure>`);
    },
    says: /certificate|accept/,
  },
  'they refuse our key': {
    code: 'dialback-refused',
    does: async (wire) => {
      await wire.welcomes(EVIL, DIALBACK, STREAM);
      await wire.element();
      wire.write("<db:result from='evil.test' to='verona.test' type='invalid'/>");
    },
    says: /not convinced\. Give them the certificate of our authority \(“hallwayctl certificate authority”/,
  },
  'they know no way to show who one is that we know': {
    code: 'no-way-to-authenticate',
    does: (wire) =>
      wire.welcomes(EVIL, `<mechanisms xmlns='${SASL}'><mechanism>PLAIN</mechanism></mechanisms>`, STREAM),
    says: /./,
  },
  'the policy is closed': { code: 'policy-closed', judgement: { verdict: 'deny' }, says: /./ },
  'they are silent when they have sent their header': {
    code: 'no-answer',
    does: async (wire) => {
      await wire.heads();
      wire.write(
        "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' id='x' version='1.0'>",
      );
      patience.abort();
    },
    says: /./,
  },
  'they are silent from the beginning': {
    code: 'no-answer',
    does: async () => patience.abort(),
    says: /./,
  },
  'they are silent where TLS should begin': {
    code: 'no-answer',
    does: async (wire) => {
      await wire.answers(STARTTLS, STREAM);
      await wire.element();
      wire.write("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
      patience.abort();
    },
    says: /./,
  },
  'they are silent when they were shown who we are': {
    code: 'no-answer',
    does: async (wire) => {
      await shows(EVIL)(wire);
      await wire.element();
      patience.abort();
    },
    says: /./,
  },
  'they are silent when they were sent a key': {
    code: 'no-answer',
    does: async (wire) => {
      await wire.welcomes(EVIL, DIALBACK, STREAM);
      await wire.element();
      patience.abort();
    },
    says: /./,
  },
};

/** Ends what the house calls patience, whatever it is: tests need not wait for so long. */
let patience = new AbortController();
let names: Partial<Names> = {};

const sentenceOf = (attempt: Attempt): string => explain(attempt.problem!, attempt).sentence;

async function called(t: TestContext, s: Siege, { judgement, does, ...fault }: Fault): Promise<void> {
  patience = new AbortController();
  names = fault.names ?? {};
  await s.begins(t, judgement);
  const peer = await ServerPeer.listens(t);
  if (does !== undefined) s.book.set('evil.test', peer.place);
  peer.handles(async (wire) => void (await does?.(wire)));
  const attempt = await s.house.federation.tryNow('verona.test', 'evil.test');
  assert.deepEqual(peer.failures, []);
  assert.equal(attempt.outcome, 'failed');
  assert.equal(attempt.problem?.code, fault.code, JSON.stringify(attempt.problem));
  assert.deepEqual(s.codes('evil.test'), [fault.code], 'written down once');
  const { sentence, remedy } = explain(attempt.problem!, attempt);
  assert.match(`${sentence} ${remedy}`, fault.says);
  const { length } = JSON.stringify(attempt);
  assert.ok(length < 16_384, `${length} characters`);
  await s.isClear();
}

test('faults of a server that is called, each with its own code and sentence', async (stage) => {
  const world: Names = {
    srv: (name, signal) => (names.srv ?? NAMELESS.srv)(name, signal),
    addresses: (host, signal) => (names.addresses ?? NAMELESS.addresses)(host, signal),
    published: NAMELESS.published,
  };
  const s = await siege(stage, { names: world });
  await s.stands();
  const sentences = new Map<string, string>();
  for (const [what, fault] of Object.entries(OUT)) {
    await stage.test(`${what}: ${fault.code}`, async (t) => {
      t.mock.method(AbortSignal, 'timeout', () => patience.signal);
      await called(t, s, fault);
      const [attempt] = s.attempts('evil.test');
      sentences.set(fault.code, sentenceOf(attempt!));
    });
  }
  await s.stands();
  await stage.test('no two of them have the same sentence', () => {
    assert.ok(sentences.size >= 15);
    assert.equal(new Set(sentences.values()).size, sentences.size, JSON.stringify([...sentences], undefined, 1));
  });
});

import assert from 'node:assert/strict';
import { after, describe, it, mock } from 'node:test';
import { type Finding, Openssl } from '../../server/certificates/openssl.ts';
import type { PeerProblemCode } from '../../server/certificates/peer-certificate.ts';
import { checkAuthority, PeerChains } from '../../server/certificates/peer-chain.ts';
import { TrustAnchors } from '../../server/certificates/trust-anchors.ts';
import type { ProblemCode } from '../../server/s2s/problem.ts';
import { authority, type CertificateOptions, certificate, DAY_MS, type TestCertificate } from '../support/authority.ts';
import { log } from './support.ts';

const root = authority('Public root');
const between = root.issue({ cn: 'Public issuer', ca: true });
const office = authority('Office root');
const anchors = new TrustAnchors(log, [], () => [root.pem]);
const chains = new PeerChains({ log, anchors });
after(() => chains[Symbol.asyncDispose]());

const leaf = (options: CertificateOptions = {}, issuer = between) =>
  issuer.issue({ dns: ['example.test'], ...options });
const dersOf = (list: readonly TestCertificate[]) => list.map(({ der }) => der);
const past = { notBefore: Date.now() - 30 * DAY_MS, notAfter: Date.now() - 2 * DAY_MS };

/** Every code is one that links know: this is for the compiler. */
export const asProblem = (one: PeerProblemCode): ProblemCode => one;

async function check(list: readonly TestCertificate[], domain = 'example.test', pinned?: TestCertificate) {
  return (await chains.check(dersOf(list), domain, { authority: pinned?.pem })).problem;
}

async function code(list: readonly TestCertificate[], domain?: string, pinned?: TestCertificate) {
  return (await check(list, domain, pinned))?.code;
}

describe('the chain of another server (RFC 5280, RFC 6120 §13.7.2)', () => {
  it('one that a public authority made for servers is good, whichever kind of key it has', async () => {
    assert.equal(await code(leaf().chain), undefined);
    assert.equal(await code(leaf({ key: 'rsa' }).chain), undefined);
    assert.equal(await code(leaf({ key: 'ed25519' }).chain), undefined);
    assert.equal(await code(leaf({ eku: ['client', 'server'] }).chain), undefined);
    assert.equal(await code(leaf({ eku: [] }).chain), undefined, 'no usage: for everything');
    const one = leaf();
    assert.equal(await code([one, root, between]), undefined, 'in any order, and with the root');
  });

  it('none at all', async () => assert.deepEqual(await check([]), { code: 'certificate-missing', facts: {} }));

  it('its time is over, or has not come', async () => {
    const expired = await check(leaf(past).chain);
    assert.equal(expired?.code, 'certificate-expired');
    assert.equal(expired.facts.name, 'example.test');
    assert.equal(expired.facts.at, Math.floor(past.notAfter / 1_000) * 1_000);
    const notBefore = Date.now() + 5 * DAY_MS;
    const notYet = await check(leaf({ notBefore }).chain);
    assert.equal(notYet?.code, 'certificate-not-yet');
    assert.equal(notYet.facts.at, Math.floor(notBefore / 1_000) * 1_000);
  });

  it('the time of one between is over: it is named', async () => {
    const old = root.issue({ cn: 'Old issuer', ca: true, ...past });
    const problem = await check(leaf({}, old).chain);
    assert.equal(problem?.code, 'certificate-expired');
    assert.equal(problem.facts.name, 'Old issuer');
  });

  it('expired and for another name: both are told, with what belongs to each', async () => {
    const { code: first, facts } = (await check(leaf(past).chain, 'other.test'))!;
    assert.equal(first, 'certificate-expired');
    assert.equal(facts.also, 'certificate-wrong-name');
    assert.equal(facts.names, 'example.test');
  });

  it('signed by itself', async () => {
    assert.equal(await code([certificate({ dns: ['example.test'] })]), 'certificate-self-signed');
    const problem = await check([certificate({ dns: ['example.test'], ...past })]);
    assert.equal(problem?.code, 'certificate-self-signed', 'a new date would not help');
  });

  it('an authority that nobody knows, sent along or not; and one between that was not sent', async () => {
    const own = leaf({}, office);
    assert.deepEqual(await check([own]), {
      code: 'certificate-unknown-issuer',
      facts: { issuer: 'CN=Office root', sent: 1 },
    });
    assert.equal(await code([own, office]), 'certificate-unknown-issuer');
    assert.deepEqual(await check([leaf()]), {
      code: 'certificate-unknown-issuer',
      facts: { issuer: 'CN=Public issuer', sent: 1 },
    });
  });

  it('for another name, and in the common name only', async () => {
    assert.deepEqual(await check(leaf().chain, 'other.test'), {
      code: 'certificate-wrong-name',
      facts: { names: 'example.test' },
    });
    assert.equal(await code(between.issue({ cn: 'example.test' }).chain), 'certificate-common-name-only');
    assert.equal(await code(leaf({ cn: 'b.test', dns: ['a.test'] }).chain, 'b.test'), 'certificate-common-name-only');
    const many = Array.from({ length: 50 }, (_, index) => `n${index}.test`);
    assert.equal(String((await check(leaf({ dns: many }).chain))?.facts.names).split(', ').length, 11);
  });

  it('attack: a certificate for clients only, as offices give them to laptops', async () => {
    const problem = await check(leaf({ eku: ['client'] }).chain);
    assert.equal(problem?.code, 'certificate-bad');
    assert.match(String(problem.facts.text), /for servers/);
    assert.equal(await code(leaf({ eku: ['client'] }, office).chain, 'example.test', office), 'certificate-bad');
  });

  it('attack: a certificate signed with one that is no authority', async () => {
    const problem = await check(leaf().issue({ dns: ['other.test'] }).chain, 'other.test');
    assert.equal(problem?.code, 'certificate-bad');
    assert.match(String(problem.facts.text), /no authority/);
  });

  it('attack: an authority goes beyond its constraints or its depth', async () => {
    const constrained = root.issue({ cn: 'Constrained', ca: true, permitted: ['office.test'] });
    assert.equal(await code(constrained.issue({ dns: ['xmpp.office.test'] }).chain, 'xmpp.office.test'), undefined);
    const beyond = await check(leaf({}, constrained).chain);
    assert.match(String(beyond?.facts.text), /may not speak for its names/);
    const shallow = root.issue({ cn: 'Shallow', ca: true, pathLength: 0 });
    const below = await check(leaf({}, shallow.issue({ cn: 'Below', ca: true })).chain);
    assert.match(String(below?.facts.text), /more authorities between/);
  });

  it('attack: an authority with constraints for the DNS signs an XmppAddr or an SRV-ID of somebody else', async () => {
    const options = { permitted: ['office.test'] };
    const names = [{ xmpp: ['example.test'] }, { srv: ['_xmpp-server.example.test'] }];
    const sent = root.issue({ cn: 'Sent', ca: true, ...options });
    const pinned = authority('Pinned', options);
    const trusted = authority('Trusted', options);
    await using others = new PeerChains({ log, anchors: new TrustAnchors(log, [], () => [trusted.pem]) });
    for (const one of names) {
      const has = { dns: ['office.test'], ...one };
      assert.equal(await code(sent.issue(has).chain), 'certificate-bad');
      assert.equal(await code(pinned.issue(has).chain, 'example.test', pinned), 'certificate-bad');
      const { problem } = await others.check(dersOf(trusted.issue(has).chain), 'example.test');
      assert.equal(problem?.code, 'certificate-bad');
      assert.equal(await code(sent.issue(has).chain, 'office.test'), undefined, 'its DNS names do count');
      assert.equal(await code(between.issue(has).chain), undefined, 'without constraints they count');
    }
  });

  it('attack: a broken signature, a broken certificate, one too large, too many names', async () => {
    const forged = Buffer.from(leaf().der);
    forged[forged.length - 3]! ^= 1;
    const signature = await chains.check([forged, between.der], 'example.test');
    assert.match(String(signature.problem?.facts.text), /signature/);
    for (const der of [Buffer.from('hello'), Buffer.alloc(0), Buffer.alloc(70_000, 0x30)]) {
      const { problem, summaries } = await chains.check([der, between.der], 'example.test');
      assert.equal(problem?.code, 'certificate-bad');
      assert.deepEqual(summaries, []);
    }
    const many = Array.from({ length: 101 }, (_, index) => `n${index}.test`);
    const problem = await check(leaf({ dns: [...many, 'example.test'] }).chain);
    assert.match(String(problem?.facts.text), /more than 100 names/);
  });

  it('attack: hundreds of certificates: ten are looked at', async () => {
    const one = leaf();
    const others = Array.from({ length: 300 }, () => office.der);
    const { summaries, problem } = await chains.check([...dersOf(one.chain), ...others], 'example.test');
    assert.equal(summaries.length, 10);
    assert.equal(problem, undefined);
    const late = await chains.check([one.der, ...others, between.der], 'example.test');
    assert.equal(late.problem?.code, 'certificate-unknown-issuer');
  });

  it('each certificate is told, the leaf first', async () => {
    const one = leaf({ srv: ['_xmpp-server.example.test'], xmpp: ['example.test'], eku: ['server', '1.2.3.4'] });
    const { summaries } = await chains.check(dersOf(one.chain), 'example.test');
    assert.equal(summaries.length, 2);
    const { serial, fingerprint, notBefore, notAfter, ...rest } = summaries[0]!;
    assert.deepEqual(rest, {
      subject: 'CN=example.test',
      issuer: 'CN=Public issuer',
      dns: ['example.test'],
      srv: ['_xmpp-server.example.test'],
      xmpp: ['example.test'],
      usage: ['server', '1.2.3.4'],
      key: 'EC prime256v1',
    });
    assert.match(serial, /^[0-9A-F]{32}$/);
    assert.match(fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    assert.ok(notBefore < Date.now() && notAfter > Date.now());
    assert.equal(summaries[1]?.subject, 'CN=Public issuer');
  });
});

describe('the authority in a rule', () => {
  const theirs = leaf({}, office);

  it('counts beside those that everybody trusts: a root, one between, or the leaf itself', async () => {
    assert.equal(await code(theirs.chain, 'example.test', office), undefined);
    assert.equal(await code(leaf().chain, 'example.test', office), undefined, 'the public ones still count');
    const middle = office.issue({ cn: 'Office issuer', ca: true });
    assert.equal(await code(leaf({}, middle).chain, 'example.test', middle), undefined);
    const self = certificate({ dns: ['example.test'] });
    assert.equal(await code([self], 'example.test', self), undefined);
    assert.equal(await code(theirs.chain, 'example.test', theirs), undefined);
  });

  it('attack: it counts for this one check, for nobody else and not later', async () => {
    assert.equal(await code(theirs.chain, 'example.test', office), undefined);
    assert.equal(await code(theirs.chain), 'certificate-unknown-issuer');
    assert.equal(await code(theirs.chain, 'example.test', authority('Office root')), 'certificate-unknown-issuer');
  });

  it('does not make a name good, nor a certificate whose time is over', async () => {
    assert.equal(await code(theirs.chain, 'other.test', office), 'certificate-wrong-name');
    const expired = await check(leaf(past, office).chain, 'example.test', office);
    assert.equal(expired?.code, 'certificate-expired', 'not that nobody knows the authority');
    const self = certificate({ dns: ['example.test'], ...past });
    assert.equal(await code([self], 'example.test', self), 'certificate-expired');
  });

  it('attack: only the pinned one may be no root: one between of somebody who is not trusted stays untrusted', async () => {
    const middle = office.issue({ cn: 'Office issuer', ca: true });
    assert.equal(await code([leaf({}, middle), middle]), 'certificate-unknown-issuer');
  });

  it('what is pasted is shown back', () => {
    const facts = checkAuthority(`of our partner:\n${office.pem}\n\n${root.pem}`);
    assert.deepEqual(
      facts.map(({ subject }) => subject),
      ['CN=Office root', 'CN=Public root'],
    );
    assert.ok(facts[0]!.notAfter > Date.now() + 3_000 * DAY_MS);
    assert.match(facts[0]!.fingerprint, /^([0-9A-F]{2}:){31}/);
  });

  it('what is no certificate is refused with a sentence', () => {
    assert.throws(() => checkAuthority(''), /no certificate in this/);
    assert.throws(() => checkAuthority('hello'), /no certificate in this/);
    assert.throws(() => checkAuthority(office.pem.replace(/\n[A-Za-z0-9]/, '\nA')), /damaged/);
    assert.throws(() => checkAuthority(office.keyPem + office.pem), /private key/);
    assert.throws(() => checkAuthority(office.pem.repeat(6)), /more than 5/);
    assert.throws(() => checkAuthority(' '.repeat(33_000) + office.pem), /longer than 32 kB/);
  });
});

describe('what was checked a moment ago', () => {
  class Counted extends Openssl {
    asked = 0;
    findings: readonly Finding[] = [];

    override async verify(): Promise<readonly Finding[]> {
      this.asked += 1;
      return this.findings;
    }
  }

  it('is not asked again for ten minutes, whatever the domain; but never beyond a date in it', async (t) => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    t.after(() => mock.timers.reset());
    const openssl = new Counted({ anchors });
    const counted = new PeerChains({ log, anchors, openssl });
    const ask = (one: TestCertificate, domain = 'example.test', pinned?: string) =>
      counted.check(dersOf(one.chain), domain, { authority: pinned });
    const long = leaf();
    await Promise.all([ask(long), ask(long)]);
    await ask(long);
    assert.equal((await ask(long, 'other.test')).problem?.code, 'certificate-wrong-name');
    assert.equal(openssl.asked, 1);
    await ask(long, 'example.test', office.pem);
    assert.equal(openssl.asked, 2, 'another authority is another question');
    mock.timers.tick(600_001);
    await ask(long);
    assert.equal(openssl.asked, 3);
    const short = leaf({ notAfter: Date.now() + 60_000 });
    await ask(short);
    await ask(short);
    assert.equal(openssl.asked, 4);
    mock.timers.tick(60_001);
    await ask(short);
    assert.equal(openssl.asked, 5);
    const soon = authority('Ends soon', { notAfter: Date.now() + 30_000 });
    await ask(long, 'example.test', soon.pem);
    mock.timers.tick(30_001);
    await ask(long, 'example.test', soon.pem);
    assert.equal(openssl.asked, 7, 'nor beyond that of the authority');
  });

  it('is asked again after a minute where it was bad: who has mended something here need not wait', async (t) => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    t.after(() => mock.timers.reset());
    const openssl = new Counted({ anchors });
    openssl.findings = [{ code: 20, depth: 0, text: 'unable to get local issuer certificate' }];
    const counted = new PeerChains({ log, anchors, openssl });
    const one = [leaf().der];
    for (const _ of [1, 2]) assert.ok((await counted.check(one, 'example.test')).problem);
    assert.equal(openssl.asked, 1);
    openssl.findings = [];
    mock.timers.tick(60_001);
    assert.equal((await counted.check(one, 'example.test')).problem, undefined);
  });

  it('attack: thousands of certificates are not all kept', async () => {
    const openssl = new Counted({ anchors });
    const counted = new PeerChains({ log, anchors, openssl });
    const first = leaf();
    await counted.check([first.der], 'example.test');
    for (let index = 0; index < 500; index += 1) await counted.check([first.der, ...dersOf([leaf()])], 'example.test');
    assert.equal(openssl.asked, 501);
    await counted.check([first.der], 'example.test');
    assert.equal(openssl.asked, 502, 'the oldest is forgotten');
  });
});

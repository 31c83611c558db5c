import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { CLOSED } from '../../server/s2s/policy-check.ts';
import { parseJid } from '../../server/xmpp/jid.ts';
import { Stanza } from '../../server/xmpp/stanza.ts';
import { certificate } from '../support/authority.ts';
import { type Ctl, openCtl } from '../support/ctl.ts';
import { FakeLinks, link } from '../support/fake-federation.ts';
import { openLastingScene } from '../support/lasting-scene.ts';
import type { Scene } from '../support/scene.ts';
import { stanza } from '../support/xml.ts';

const links = new FakeLinks();
const JULIET = 'juliet@example.test';
let tool: Ctl;
let scene: Scene;
let close: () => Promise<void>;

before(async () => {
  ({ scene, close } = await openLastingScene({ links }));
  await scene.account(JULIET);
  tool = await openCtl({ commands: scene.commands, log: scene.house.log });
});
after(async () => {
  await tool.close();
  await close();
});
beforeEach(async () => {
  await scene.book.set(CLOSED);
  links.there.splice(0);
});

const ctl: Ctl['call'] = (words, options) => tool.call(words, options);

async function does(line: string | readonly string[]): Promise<string> {
  const { exit, out, err } = await ctl(line);
  assert.equal(exit, 0, err);
  return out;
}

describe('hallwayctl federation', () => {
  test('policy: what a newcomer reads, and what they read after they decided', async () => {
    const before = await does('federation policy');
    assert.match(before, /^Other servers: +closed: this house talks only with those whom a rule allows$/m);
    assert.match(before, /^Who may talk outside: +everyone$/m);
    assert.match(before, /There are no rules yet: “hallwayctl federation allow DOMAIN” makes one\./);
    assert.match(
      await does([
        'federation',
        'allow',
        '*.Capulet.test',
        '--reason',
        'a partner',
        '--until',
        '2090-01-31',
        '--proof',
        'dialback',
        '--tls',
        '1.3',
      ]),
      /^This house talks with \*\.capulet\.test and not the name itself until 2090-01-31 \(TLS 1\.3 at least, dialback will do\)\.\nWhy: a partner$/m,
    );
    assert.match(
      await does('federation deny tybalt.test'),
      /^This house does not talk with tybalt\.test or any name below it\.$/m,
    );
    assert.match(
      await does('federation require --proof dialback --private yes'),
      /^They show who they are: +by certificate, or by dialback/m,
    );
    const after = await does('federation policy');
    assert.match(
      after,
      /^\*\.capulet\.test +allow +2090-01-31 +TLS 1\.3 at least, dialback will do +tester, \d{4}-\d\d-\d\d +a partner$/m,
    );
    assert.match(after, /^tybalt\.test +deny/m);
    assert.match(after, /^Private networks: +other servers may be in them$/m);
    assert.match(await does('federation forget *.capulet.test'), /no rule for \*\.capulet\.test any more/);
    const { rules } = JSON.parse(await does('federation policy --json'));
    assert.deepEqual(
      rules.map(({ pattern }: { pattern: string }) => pattern),
      ['tybalt.test'],
    );
    const [row] = await scene.stores.audit.page({ limit: 1 });
    assert.deepEqual(
      [row?.actor, row?.door, row?.action, row?.subject],
      ['tester', 'cli', 'federation.forget', '*.capulet.test'],
    );
  });

  test('open, ask, close: each says what it means', async () => {
    assert.match(await does('federation open'), /^From now on this house talks with everybody whom no rule denies\.$/m);
    assert.match(
      await does('federation ask'),
      /^From now on the first messages wait in the inbox until you decide \(.*\)\.$/m,
    );
    assert.match(
      await does('federation close'),
      /^From now on this house talks only with those whom a rule allows\.$/m,
    );
    assert.equal(scene.book.policy.default, 'closed');
    assert.equal(JSON.parse(await does('federation open --json')).default, 'open');
  });

  test('allow with the certificate of an authority from a file, and where to connect to', async () => {
    const file = join(tool.folder, 'authority.pem');
    await writeFile(file, certificate({ dns: ['capulet.test'] }).chainPem);
    const line = ['federation', 'allow', 'capulet.test', '--authority', file, '--address', '[2001:DB8::7]:5269'];
    assert.match(await does(line), /\(at \[2001:db8::7\]:5269, authority of its own\)/);
    assert.match(scene.book.judge('capulet.test').authority!, /^-----BEGIN CERTIFICATE-----/);
  });

  test('allow said again changes what is named and keeps the rest; an empty value takes it away', async () => {
    const file = join(tool.folder, 'kept.pem');
    await writeFile(file, certificate({ dns: ['capulet.test'] }).chainPem);
    const allow = (...more: string[]) => does(['federation', 'allow', 'capulet.test', ...more]);
    await allow('--authority', file, '--address', '192.0.2.7:5269', '--tls', '1.3', '--until', '2090-01-31');
    const whole =
      'This house talks with capulet.test and any name below it until 2090-01-31 (TLS 1.3 at least, at 192.0.2.7:5269, authority of its own).\n';
    assert.equal(await allow('--reason', 'new'), `${whole}Why: new\n`);
    assert.equal(await allow(), `${whole}Why: new\n`);
    assert.match(scene.book.judge('conference.capulet.test').authority!, /^-----BEGIN CERTIFICATE-----/);
    assert.equal(
      await does('federation deny capulet.test'),
      'This house does not talk with capulet.test or any name below it.\nKept for when it is allowed again: TLS 1.3 at least, at 192.0.2.7:5269, authority of its own.\n',
    );
    assert.equal(
      await allow('--address', '', '--authority', '', '--proof', 'dialback'),
      'This house talks with capulet.test and any name below it (TLS 1.3 at least, dialback will do).\n',
    );
    await allow('--until', '2090-01-31', '--reason', 'x');
    assert.equal(
      await allow('--tls', '', '--proof', '', '--until', '', '--reason', ''),
      'This house talks with capulet.test and any name below it.\n',
    );
  });

  test('outside and people', async () => {
    assert.match(await does('federation people'), /^Nobody is chosen\.\nEveryone may talk with other servers/);
    assert.match(await does(`federation people add ${JULIET}`), /^Chosen now: 1 person\.$/m);
    assert.match(await does('federation outside chosen'), /^Only chosen people may talk with other servers: 1 of them/);
    assert.match(await does('federation people'), /^PERSON\njuliet@example\.test\n$/);
    assert.match(await does(`federation people remove ${JULIET}`), /^Chosen now: 0 people\.$/m);
    assert.match(await does('federation outside everyone'), /^Everyone here may talk/);
    assert.deepEqual(JSON.parse(await does('federation people --json')).people, []);
  });

  test('inbox: who waits, who wrote to whom, and what became of it', async () => {
    await does('federation ask');
    const element = stanza(
      `<message type='chat' id='1' from='nurse@new.test/tv' to='${JULIET}'><body>a secret</body></message>`,
    );
    await scene.inbox.hold(new Stanza(element, parseJid('nurse@new.test/tv'), parseJid(JULIET)), 'in');
    const list = await does('federation inbox');
    assert.match(list, /^new\.test +1 +\d{4}/m);
    assert.match(list, /Decide by “hallwayctl federation allow DOMAIN”/);
    const one = await does('federation inbox new.test');
    assert.match(one, /message +nurse@new\.test +juliet@example\.test$/m);
    assert.doesNotMatch(one, /secret|tv/);
    assert.match(await does('federation allow new.test'), /^1 message or request that waited was delivered\.$/m);
    assert.equal(await does('federation inbox'), 'Nothing waits.\n');
    assert.equal(await scene.inbox.count(), 0);
    assert.equal(await does('federation inbox --json'), '{"domains":[],"total":0}\n');
  });

  test('list, why, try, drop', async () => {
    await does('federation allow capulet.test');
    links.there.push(link('capulet.test'));
    links.answer = {
      outcome: 'failed',
      problem: { code: 'certificate-expired', facts: { at: Date.UTC(2026, 4, 3) } },
      srv: [{ name: '_xmpp-server._tcp.capulet.test', records: [] }],
      tries: [
        { host: '127.0.0.1', address: '127.0.0.1', port: 5269, transport: 'tls', took: 1, failed: 'refused' },
        { host: 'capulet.test', address: '192.0.2.7', port: 5269, transport: 'starttls', took: 12 },
      ],
    };
    const failed = await ctl('federation try capulet.test --domain example.test');
    assert.deepEqual([failed.exit, failed.err], [1, 'hallwayctl: There is no link with capulet.test.\n']);
    assert.equal((await ctl('federation try capulet.test --json')).exit, 1);
    const tried = failed.out;
    assert.match(tried, /^ {4}127\.0\.0\.1 port 5269 \(tls\): refused$/m);
    assert.match(tried, /we called, for example\.test\n {4}Their certificate expired on 3 May 2026\./);
    assert.match(tried, /^ {4}DNS: _xmpp-server\._tcp\.capulet\.test: no records$/m);
    assert.match(tried, /^ {4}capulet\.test 192\.0\.2\.7 port 5269 \(starttls\): connected in 12 ms$/m);
    assert.match(tried, /^They have to mend it: They have to renew it\.$/m);
    assert.match(await does('federation list'), /^capulet\.test +allow +connected/m);
    const why = await does('federation why capulet.test');
    assert.match(why, /^There is a link now\.$/m);
    assert.match(why, /^Policy: +Allowed by the rule for capulet\.test of tester/m);
    assert.match(
      why,
      /^ {2}we called, for example\.test, since .*: 192\.0\.2\.7, TLSv1\.3 TLS_AES_256_GCM_SHA384, they by certificate, we by certificate, both ways; 3 sent, 4 received$/m,
    );
    assert.equal(await does('federation drop capulet.test'), 'Closed: 1 connection.\n');
    assert.equal(await does('federation drop capulet.test'), 'There is no connection with capulet.test.\n');
    assert.equal(JSON.parse(await does('federation why capulet.test --json')).domain, 'capulet.test');
    assert.equal(JSON.parse(await does('federation list --strangers --json')).domains.length, 1);
  });

  test('words of other servers cannot drive the terminal (SECURITY 63)', async () => {
    links.answer = {
      outcome: 'failed',
      problem: { code: 'policy-theirs', facts: { text: 'no\u001b[31m\u202e”. All is well' } },
      refused: '\u001b[2J',
      srv: [{ name: '\u001b]0;x', records: [] }],
    };
    const { out } = await ctl('federation try capulet.test');
    assert.doesNotMatch(out.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
    assert.match(out, /They say: “no \[31m "\. All is well”\./);
  });

  test('what is wrong is said in plain words', async () => {
    const wrong: [string, number, RegExp][] = [
      ['federation allow', 2, /It is used so: hallwayctl federation allow DOMAIN/],
      ['federation allow a_b', 1, /is no domain\. Write “example\.org”/],
      ['federation allow a.test --until soon', 2, /like 2026-01-31/],
      ['federation allow a.test --until 2027-02-31', 2, /There is no day 2027-02-31\./],
      ['federation allow example.test', 1, /example\.test is of this server itself\. Rules are for other servers\./],
      ['federation deny conference.example.test', 1, /is of this server itself/],
      ['federation allow a.test --until 2020-01-31', 1, /would have ended already/],
      ['federation allow a.test --tls 1.1', 2, /1\.2 or 1\.3/],
      ['federation allow a.test --proof dna', 2, /certificate or dialback/],
      ['federation allow a.test --address nowhere', 1, /a name and a port/],
      ['federation allow a.test --authority nothing.pem', 2, /cannot be read: ENOENT/],
      ['federation deny a.test --proof dialback', 2, /does not take --proof/],
      ['federation require', 2, /--tls, --proof or --private/],
      ['federation require --private maybe', 2, /yes or no/],
      ['federation forget a.test', 1, /There is no rule for a\.test/],
      ['federation outside nobody', 2, /everyone, or chosen/],
      ['federation people invite x', 2, /federation people add JID/],
      ['federation people add nobody@example.test', 1, /There is nobody with the address/],
      ['federation why example.test', 1, /a domain of this server itself/],
      ['federation why', 2, /It is used so/],
      ['federation try a.test --domain b.test', 1, /not served here/],
    ];
    for (const [line, exit, words] of wrong) {
      const answer = await ctl(line);
      assert.deepEqual([answer.exit, answer.out], [exit, ''], `${line}: ${answer.err}`);
      assert.match(answer.err, words, line);
    }
  });
});

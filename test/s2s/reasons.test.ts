import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Attempt } from '../../server/s2s/attempt.ts';
import { grade } from '../../server/s2s/grade.ts';
import { type Facts, LinkProblem, type ProblemCode } from '../../server/s2s/problem.ts';
import { explain, type ReasonContext, srvWords } from '../../server/s2s/reasons.ts';
import { refusal } from '../../server/s2s/remote.ts';

const source = readFileSync(new URL('../../server/s2s/problem.ts', import.meta.url), 'utf8');
const CODES = [.../export type ProblemCode =([^;]*);/.exec(source)![1]!.matchAll(/'([a-z-]+)'/g)].map(
  ([, code]) => code as ProblemCode,
);
const CONTEXT: ReasonContext = { domain: 'chat.capulet.test', local: 'example.test' };
const NO_SRV = ['_xmpps-server._tcp', '_xmpp-server._tcp'].map((name) => ({
  name: `${name}.capulet.test`,
  records: [],
}));
const MAY_3 = Date.UTC(2026, 4, 3);

const say = (code: ProblemCode, facts: Facts = {}, context: Partial<ReasonContext> = {}) => {
  const { sentence, remedy, whose } = explain({ code, facts }, { ...CONTEXT, ...context });
  return { text: `${sentence} ${remedy}`, whose };
};

it('a link that was up and breaks off is not said to have never been ready', () => {
  const said = explain({ code: 'closed', facts: { unconfirmed: 2 } }, { domain: 'a.test', local: 'b.test' });
  assert.match(said.sentence, /broke off before they had confirmed/);
});

describe('why there is no link, in words', () => {
  it('there are as many as the list of problems says', () => {
    assert.ok(CODES.length >= 40);
    assert.deepEqual(new Set(CODES).size, CODES.length);
  });

  for (const code of CODES) {
    it(`${code} has a sentence of its own, whatever is known of it`, () => {
      const full = {
        host: 'h.test',
        name: 'n',
        port: 5269,
        address: '192.0.2.7',
        text: 'their words',
        at: MAY_3,
        seconds: 30,
        from: 'x.test',
        condition: 'c',
        issuer: 'i',
        sent: 2,
        names: 'o.test',
        offered: 'PLAIN',
        pattern: '*.test',
        reason: 'r',
        least: 'TLSv1.3',
        asked: 'a.test',
        certificate: 'certificate-expired',
        also: 'certificate-wrong-name',
      };
      for (const facts of [{}, full]) {
        for (const direction of ['in', 'out'] as const) {
          const { sentence, remedy, whose } = explain({ code, facts }, { ...CONTEXT, direction, srv: NO_SRV });
          assert.match(sentence, /^[A-Z].*[.”]$/, sentence);
          assert.doesNotMatch(
            `${sentence}${remedy}`,
            /undefined|NaN|null|\[object|Invalid|\?\?| {2}|\.\.|“”/,
            sentence,
          );
          assert.ok(remedy === '' || /^[A-Z].*\.$/.test(remedy), remedy);
          assert.ok(whose === 'nobody' || remedy !== '', 'who is to mend it must know how');
        }
      }
    });
  }

  it('no two are the same', () => {
    const sentences = CODES.map((code) => explain({ code, facts: {} }, CONTEXT).sentence);
    assert.equal(new Set(sentences).size, CODES.length);
  });

  it('say what is known: days, ports, names', () => {
    assert.equal(
      say('certificate-expired', { at: MAY_3 }).text,
      'Their certificate expired on 3 May 2026. They have to renew it.',
    );
    assert.match(
      say('refused', { host: 'chat.capulet.test', port: 5269, address: '192.0.2.7' }, { srv: NO_SRV }).text,
      /^There is no SRV record for chat\.capulet\.test, and port 5269 of chat\.capulet\.test \(192\.0\.2\.7\) was refused: nothing listens there\./,
    );
    const records = [{ target: 'x.test', port: 1, priority: 1, weight: 1 }];
    assert.match(
      say('refused', { host: 'x.test', port: 5269 }, { srv: [{ name: 'n', records }] }).text,
      /^Port 5269 of x\.test was refused/,
    );
    assert.match(
      say('certificate-wrong-name', { names: 'a.test, b.test' }).text,
      /not for chat\.capulet\.test, but for “a\.test, b\.test”/,
    );
    assert.match(say('policy-expired', { at: MAY_3 }).text, /held until 3 May 2026/);
    assert.match(
      say('only-dialback', { certificate: 'certificate-self-signed' }).text,
      /only show by dialback.*made by themselves.*let dialback do/,
    );
  });

  it('where our certificate is of our own authority, to give them that is named first', () => {
    for (const code of ['not-accepted', 'no-way-to-authenticate', 'dialback-refused'] as const) {
      const { remedy } = explain({ code, facts: {} }, { ...CONTEXT, ownAuthority: true });
      assert.match(
        remedy,
        /^Give them the certificate of our authority \(“hallwayctl certificate authority” prints it\)/,
      );
      assert.match(remedy, /for their rule for example\.test.* If they have it: [a-z].*\.$/);
      assert.doesNotMatch(explain({ code, facts: {} }, CONTEXT).remedy, /our authority/);
    }
  });

  it('have one full stop, though the words of the other side have one', () => {
    for (const code of CODES) {
      const { sentence } = explain({ code, facts: { text: 'Go away.', reason: 'They left.' } }, CONTEXT);
      assert.doesNotMatch(sentence, /\.[”"]?\.|\.”$/, code);
    }
    assert.match(say('policy-theirs', { text: 'Go away.' }).text, /They say: “Go away”\. Ask them/);
    assert.match(say('policy-theirs', { text: 'Well...' }).text, /They say: “Well\.\.\.”\. Ask them/);
  });

  it('whoever wrote is told the sentence too, and neither a code nor what administrators noted down', () => {
    const told = (code: ProblemCode, facts: Facts = {}) =>
      refusal(new LinkProblem(code, facts), 'chat.capulet.test', 'example.test').message;
    assert.equal(
      told('policy-theirs', { text: 'no.' }),
      'chat.capulet.test cannot be reached. The server of chat.capulet.test does not want to talk with example.test. They say: “no”.',
    );
    for (const code of CODES) assert.ok(!told(code).includes(`(${code})`));
    assert.doesNotMatch(told('policy-denied', { pattern: '*.test', reason: 'their tax affairs' }), /tax/);
  });

  it('tell a second thing that is wrong with a certificate, and never a third or itself for ever', () => {
    const { text } = say('certificate-expired', { at: MAY_3, also: 'certificate-wrong-name', names: 'a.test' });
    assert.match(
      text,
      /expired on 3 May 2026\. And: Their certificate is not for chat\.capulet\.test, but for “a\.test”\./,
    );
    assert.doesNotMatch(say('certificate-expired', { at: 1, also: 'certificate-expired' }).text, /And:.*And:/);
    assert.doesNotMatch(say('certificate-expired', { at: 1, also: 'constructor' }).text, /And:/);
  });

  it('know who can mend it', () => {
    const whose = (code: ProblemCode) => say(code).whose;
    assert.deepEqual(
      (['certificate-expired', 'policy-closed', 'idle', 'not-accepted', 'refused', 'private-address'] as const).map(
        whose,
      ),
      ['theirs', 'ours', 'nobody', 'ours', 'theirs', 'ours'],
    );
  });

  it('quote words of the other side, short, on one line, and so that they cannot end the quotation (SECURITY 52, 63)', () => {
    const evil = `”. All is well!\u001b[2J\r\n\u202Egnp.exe\u0000 <script>alert(1)</script> ${'x'.repeat(10_000)}`;
    for (const code of CODES) {
      const facts = Object.fromEntries(
        [
          'text',
          'name',
          'host',
          'from',
          'condition',
          'issuer',
          'names',
          'offered',
          'pattern',
          'reason',
          'least',
          'address',
          'port',
          'asked',
          'seconds',
        ].map((key) => [key, evil]),
      );
      const { sentence, remedy } = explain({ code, facts: { ...facts, at: evil } }, { ...CONTEXT, domain: evil });
      for (const text of [sentence, remedy]) {
        assert.doesNotMatch(text, /[\p{Cc}\p{Cf}]/u, code);
        assert.doesNotMatch(text, /”\. All is well/, code);
        assert.ok(text.length < 1_500, `${code}: ${text.length}`);
      }
    }
  });

  it('have something to say of what a later version wrote', () => {
    assert.match(explain({ code: 'toString' as ProblemCode, facts: {} }, CONTEXT).sentence, /“toString”/);
  });

  it('say what the DNS said', () => {
    assert.deepEqual(
      srvWords([
        { name: 'a', records: [] },
        { name: 'b', records: [], problem: 'timeout' },
        {
          name: 'c',
          records: [
            { target: 'x.test', port: 5269, priority: 1, weight: 1 },
            { target: 'y.test', port: 5270, priority: 1, weight: 1 },
          ],
        },
        { name: 'd', records: [{ target: '.', port: 0, priority: 0, weight: 0 }] },
      ]),
      ['a: no records', 'b: no answer in time', 'c: x.test:5269 and y.test:5270', 'd: no service'],
    );
  });
});

describe('the grade of a link', () => {
  const base: Attempt = {
    domain: 'a.test',
    local: 'example.test',
    direction: 'out',
    at: 1,
    took: 1,
    outcome: 'connected',
    tls: { protocol: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' },
    theirs: 'certificate',
    ours: 'certificate',
  };
  const TLS12 = { protocol: 'TLSv1.2', cipher: 'ECDHE-RSA-AES128-GCM-SHA256' };
  const bad = { code: 'certificate-expired', facts: {} } as const;
  const cases: readonly (readonly [string, string, Partial<Attempt>])[] = [
    ['TLS 1.3 and certificates both ways', 'A', {}],
    ['going both ways and confirming take nothing off', 'A', { bidi: true, managed: true }],
    ['TLS 1.2', 'B', { tls: TLS12 }],
    ['they do not take our certificate', 'B', { ours: 'dialback' }],
    ['no forward secrecy', 'C', { tls: { protocol: 'TLSv1.2', cipher: 'AES128-SHA' } }],
    ['dialback both ways, with good certificates', 'C', { theirs: 'dialback', ours: 'dialback' }],
    ['a certificate that is not good, for which dialback made up', 'D', { certificate: bad, theirs: 'dialback' }],
    ['that, and the rest as well', 'E', { certificate: bad, theirs: 'dialback', ours: 'dialback', tls: TLS12 }],
    ['no link', 'F', { outcome: 'failed' }],
  ];
  for (const [title, letter, more] of cases) {
    it(`${letter}: ${title}`, () => {
      const { grade: found, parts } = grade({ ...base, ...more });
      assert.equal(found, letter);
      assert.ok(parts.length > 0 && parts.every(({ text }) => text !== ''));
    });
  }
});

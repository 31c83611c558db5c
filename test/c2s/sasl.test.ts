import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type Element, serialize, textOf } from '../../server/xmpp/element.ts';
import { openScene, PASSWORD, type Scene } from '../support/scene.ts';
import { dial, openDoor, sasl, type Wire } from '../support/wire.ts';

interface Stage {
  readonly scene: Scene;
  dial(address?: string): Wire;
}

async function open(t: TestContext): Promise<Stage> {
  const scene = await openScene(t, { domains: ['example.test', 'other.test'] });
  await scene.account('juliet@example.test');
  await scene.account('romeo@example.test');
  const door = openDoor(t, scene);
  return { scene, dial: (address) => dial(door, address === undefined ? {} : { address }).wire };
}

const conditionOf = (failure: Element): string => {
  assert.equal(failure.name, 'failure', serialize(failure));
  return failure.getChildElements()[0]!.name;
};

describe('RFC 6120 §6, RFC 5802, RFC 4616: logging in', () => {
  for (const mechanism of ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512']) {
    test(`${mechanism}: right, and wrong`, async (t) => {
      const { dial } = await open(t);
      const wire = dial();
      await wire.opens('example.test');
      assert.equal(conditionOf(await wire.scram(mechanism, 'juliet', 'wrong')), 'not-authorized');
      assert.equal((await wire.scram(mechanism, 'juliet')).name, 'success');
      await wire.opens('example.test');
      assert.equal(await wire.bind('balcony'), 'juliet@example.test/balcony');
    });
  }

  test('PLAIN: right, and wrong', async (t) => {
    const { dial } = await open(t);
    const wire = dial();
    await wire.opens('example.test');
    assert.equal(conditionOf(await wire.plain('juliet', 'wrong')), 'not-authorized');
    assert.equal((await wire.plain('JULIET')).name, 'success');
  });

  test('an account of one domain is none of another', async (t) => {
    const { dial } = await open(t);
    const wire = dial();
    await wire.opens('other.test');
    assert.equal(conditionOf(await wire.plain('juliet')), 'not-authorized');
    assert.equal(conditionOf(await wire.scram('SCRAM-SHA-256', 'juliet')), 'not-authorized');
  });

  test('a disabled account may not, and is told so only with the right password', async (t) => {
    const { scene, dial } = await open(t);
    await scene.stores.accounts.setStatus(await scene.account('juliet@example.test'), 'disabled', 'Gone & <away>.');
    const wire = dial();
    await wire.opens('example.test');
    const wrong = await wire.plain('juliet', 'wrong');
    assert.equal(conditionOf(wrong), 'not-authorized');
    assert.ok(!serialize(wrong).includes('away'), 'nor why');
    const right = await wire.plain('juliet');
    assert.equal(conditionOf(right), 'account-disabled');
    assert.match(serialize(right), /The reason: Gone &amp; &lt;away&gt;\. Please ask/);
    assert.equal(conditionOf(await wire.scram('SCRAM-SHA-256', 'juliet')), 'account-disabled');
  });

  test('an account without a password cannot log in by any', async (t) => {
    const { scene, dial } = await open(t);
    await scene.stores.accounts.create({ domain: 'example.test', local: 'ghost', credentials: [] });
    const wire = dial();
    await wire.opens('example.test');
    assert.equal(conditionOf(await wire.plain('ghost', PASSWORD)), 'not-authorized');
    assert.equal(conditionOf(await wire.scram('SCRAM-SHA-1', 'ghost')), 'not-authorized');
  });

  test('five failures end the stream (§6.4.5)', async (t) => {
    const { dial } = await open(t);
    const wire = dial();
    await wire.opens('example.test');
    for (let i = 0; i < 4; i++) {
      wire.write(sasl('auth', 'nonsense', "mechanism='SCRAM-SHA-1'"));
      assert.equal(conditionOf(await wire.element()), 'malformed-request');
    }
    wire.write("<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    assert.equal(conditionOf(await wire.element()), 'aborted');
    await wire.fails('policy-violation');
  });
});

describe('SECURITY 16: acting for somebody else', () => {
  for (const [authzid, fine] of [
    ['', true],
    ['juliet@example.test', true],
    ['Juliet@EXAMPLE.test', true],
    ['romeo@example.test', false],
    ['juliet@other.test', false],
    ['juliet@example.test/balcony', false],
    ['juliet', false],
    ['example.test', false],
  ] as const) {
    test(`as ${authzid === '' ? 'oneself' : authzid}: ${fine ? 'yes' : 'no'}`, async (t) => {
      const { dial } = await open(t);
      for (const attempt of [
        (wire: Wire) => wire.plain('juliet', PASSWORD, authzid),
        (wire: Wire) => wire.scram('SCRAM-SHA-256', 'juliet', PASSWORD, { authzid }),
      ]) {
        const wire = dial();
        await wire.opens('example.test');
        const outcome = await attempt(wire);
        if (fine) assert.equal(outcome.name, 'success');
        else assert.equal(conditionOf(outcome), 'invalid-authzid');
      }
    });
  }
});

describe('what is malformed is refused, and the stream lives', () => {
  const auth = (text: string, mechanism = 'PLAIN') => sasl('auth', text, `mechanism='${mechanism}'`);
  for (const [name, xml, condition] of [
    ['a mechanism that there is not', auth('x', 'DIGEST-MD5'), 'invalid-mechanism'],
    ['SECURITY 17: ANONYMOUS', auth('', 'ANONYMOUS'), 'invalid-mechanism'],
    ['SECURITY 17: EXTERNAL', auth('', 'EXTERNAL'), 'invalid-mechanism'],
    ['no mechanism', sasl('auth', 'x'), 'invalid-mechanism'],
    ['another case', auth('\0juliet\0wherefore', 'plain'), 'invalid-mechanism'],
    [
      'not base 64',
      "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>***</auth>",
      'incorrect-encoding',
    ],
    [
      'not UTF-8',
      "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AP8A/w==</auth>",
      'malformed-request',
    ],
    ['nothing', auth(''), 'malformed-request'],
    ['SECURITY 18: an empty password', auth('\0juliet\0'), 'malformed-request'],
    ['no user', auth('\0\0wherefore'), 'malformed-request'],
    ['a part too many', auth('\0juliet\0where\0fore'), 'malformed-request'],
    ['a name that is none', auth('\0a b\0wherefore'), 'not-authorized'],
    ['a name with a domain in it', auth('\0juliet@example.test\0wherefore'), 'not-authorized'],
    ['a name with a resource in it', auth('\0juliet/x\0wherefore'), 'not-authorized'],
    ['a password with control characters', auth('\0juliet\0where\u0007fore'), 'not-authorized'],
    ['an answer to no question', sasl('response', 'x'), 'malformed-request'],
    ['giving up', "<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", 'aborted'],
  ] as const) {
    test(`${name}: ${condition}`, async (t) => {
      const { dial } = await open(t);
      const wire = dial();
      await wire.opens('example.test');
      wire.write(xml);
      assert.equal(conditionOf(await wire.element()), condition);
      assert.equal((await wire.plain('juliet')).name, 'success');
    });
  }

  test('two exchanges at once', async (t) => {
    const { dial } = await open(t);
    const wire = dial();
    await wire.opens('example.test');
    wire.write(auth('n,,n=juliet,r=abc', 'SCRAM-SHA-1').repeat(2));
    assert.equal((await wire.element()).name, 'challenge');
    assert.equal(conditionOf(await wire.element()), 'malformed-request');
    assert.equal((await wire.scram('SCRAM-SHA-1', 'juliet')).name, 'success');
  });

  test('an element that SASL does not know ends the stream', async (t) => {
    const { dial } = await open(t);
    const wire = dial();
    await wire.opens('example.test');
    wire.write("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    await wire.fails('unsupported-stanza-type');
  });
});

describe('SECURITY 21: whether an account exists', () => {
  const challenge = async (wire: Wire, user: string, mechanism = 'SCRAM-SHA-256') => {
    await wire.opens('example.test');
    wire.write(sasl('auth', `n,,n=${user},r=abc`, `mechanism='${mechanism}'`));
    const [, salt, iterations] =
      /,s=([^,]+),i=(\d+),h=/.exec(Buffer.from(textOf(await wire.element()), 'base64').toString()) ?? [];
    return { salt: Buffer.from(salt!, 'base64'), iterations };
  };

  test('is not told by the challenge: a made-up one is shaped like a real one, and stays', async (t) => {
    const { scene, dial } = await open(t);
    await scene.commands.accounts.create({ name: 'admin', door: 'panel' }, 'example.test', {
      local: 'real',
      password: 'correct horse',
    });
    const real = await challenge(dial(), 'real');
    const made = await challenge(dial(), 'nobody');
    assert.equal(made.salt.length, real.salt.length);
    assert.deepEqual(await challenge(dial(), 'nobody'), made);
    assert.deepEqual(await challenge(dial(), 'NOBODY'), made, 'it is the same name');
    assert.notDeepEqual((await challenge(dial(), 'noone')).salt, made.salt);
    assert.notDeepEqual((await challenge(dial(), 'nobody', 'SCRAM-SHA-1')).salt, made.salt);
  });

  test('nor by the refusal', async (t) => {
    const { dial } = await open(t);
    const refusals: string[] = [];
    for (const user of ['juliet', 'nobody']) {
      for (const attempt of [
        (wire: Wire) => wire.plain(user, 'wrong'),
        (wire: Wire) => wire.scram('SCRAM-SHA-512', user, 'wrong'),
      ]) {
        const wire = dial();
        await wire.opens('example.test');
        refusals.push(serialize(await attempt(wire)));
      }
    }
    assert.equal(new Set(refusals).size, 1);
  });
});

describe('RFC 5802 §6, SECURITY 22', () => {
  test('-PLUS without a binding, a binding without -PLUS, and "you could not have" are refused', async (t) => {
    const { dial } = await open(t);
    for (const [mechanism, first, condition] of [
      ['SCRAM-SHA-256', 'p=tls-exporter,,n=juliet,r=abc', 'malformed-request'],
      ['SCRAM-SHA-256', 'y,,n=juliet,r=abc', 'not-authorized'],
    ] as const) {
      const wire = dial();
      await wire.opens('example.test');
      wire.write(sasl('auth', first, `mechanism='${mechanism}'`));
      assert.equal(conditionOf(await wire.element()), condition);
    }
  });
});

test('a login counts, and so does a failed one', async (t) => {
  const { scene, dial } = await open(t);
  const wire = dial();
  await wire.opens('example.test');
  await wire.plain('juliet', 'wrong');
  await wire.plain('juliet');
  await wire.opens('example.test');
  await wire.bind();
  assert.deepEqual([scene.house.counters.loginFailures, scene.house.counters.logins], [1, 1]);
});

test('the account that is removed or disabled between login and binding gets no session', async (t) => {
  const { scene, dial } = await open(t);
  const wire = dial();
  await wire.logsIn('juliet@example.test');
  await scene.stores.accounts.setStatus(await scene.account('juliet@example.test'), 'disabled');
  wire.write("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
  await wire.fails('not-authorized');
});

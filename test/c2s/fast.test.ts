import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, elements, textOf } from '../../server/xmpp/element.ts';
import { find } from '../support/xml.ts';
import {
  agent,
  authenticate,
  BIND,
  byToken,
  conditionOf,
  getsToken,
  HT,
  hashed,
  hasToken,
  J,
  jidOf,
  LAPTOP,
  open,
  PHONE,
  plain,
  R,
  type Stage,
  succeeded,
  type TokenLogin,
  tokenLogin,
  tokenOf,
  wantToken,
} from './sasl2.ts';

const DAY = 24 * 60 * 60_000;

async function tries(stage: Stage, token: string, options: TokenLogin = {}, to = 'example.test') {
  const wire = stage.dial();
  await wire.opens(to);
  const end = await byToken(wire, token, options);
  wire.cut();
  return end;
}

const refused = async (...args: Parameters<typeof tries>) => conditionOf(await tries(...args));

async function device(stage: Stage, id = PHONE) {
  const { devices } = stage.scene.stores;
  const account = (await stage.scene.account(J)).id;
  return { account, id: devices.idOf(account, id), row: await devices.find(account, devices.idOf(account, id)) };
}

/** Time passes for the tokens of the phone. */
async function ages(stage: Stage, days: number) {
  const { account, id } = await device(stage);
  await stage.scene.stores.devices.change(account, id, (known) => {
    const older = <T extends { issuedAt: number; expiresAt: number } | undefined>(token: T): T =>
      token && { ...token, issuedAt: token.issuedAt - days * DAY, expiresAt: token.expiresAt - days * DAY };
    return { ...known!, current: older(known!.current), fresh: older(known!.fresh) };
  });
}

describe('XEP-0484 §3: tokens', () => {
  test('are given on request after the password, and let in at the first word, with a session', async (t) => {
    const stage = await open(t);
    const token = await getsToken(stage);
    const wire = stage.dial();
    await wire.opens('example.test', `version='1.0' from='${J}'`);
    const end = await byToken(wire, token, { more: BIND });
    await succeeded(wire, end);
    const proof = Buffer.from(textOf(child(end, 'additional-data')), 'base64');
    assert.deepEqual(proof, hashed(token, 'Responder'));
    assert.match(jidOf(end), /\/Pidgeon\//);
    assert.equal(hasToken(end), false);
    const [session] = stage.scene.host('example.test').sessions.of(J);
    assert.equal(session!.client.mechanism, HT);
    assert.equal((await tries(stage, token)).name, 'success'); // and again
  });

  test('are not given to who did not ask, has no id, or asks for a mechanism that is not offered', async (t) => {
    const stage = await open(t);
    for (const wish of [agent(), wantToken(), agent('not a UUID') + wantToken(), agent() + wantToken('PLAIN')]) {
      const wire = stage.dial();
      await wire.opens('example.test');
      assert.equal(hasToken(await plain(wire, wish)), false, wish);
    }
  });

  test('are not given to who failed', async (t) => {
    const stage = await open(t);
    const wire = stage.dial();
    await wire.opens('example.test');
    assert.equal(hasToken(await plain(wire, agent() + wantToken(), 'juliet', 'wrong')), false);
    assert.equal((await device(stage)).row, undefined);
  });

  test('are not in the store, nor anything that lets in', async (t) => {
    const stage = await open(t);
    const token = await getsToken(stage);
    const { row } = await device(stage);
    const { seed } = row!.fresh!;
    assert.ok(!JSON.stringify(row).includes(token));
    for (const guess of [Buffer.from(seed).toString('base64url'), Buffer.from(seed).toString('latin1')]) {
      assert.equal(await refused(stage, guess), 'not-authorized');
    }
  });

  test('can be turned off: none is offered, given or taken', async (t) => {
    const stage = await open(t);
    const token = await getsToken(stage);
    const { options } = stage.scene.house;
    await options.set(options.find('login.token-days')!, '', 0);
    const wire = stage.dial();
    assert.equal(find(await wire.opens('example.test'), 'authentication', 'inline', 'fast'), undefined);
    assert.equal(hasToken(await plain(wire, agent() + wantToken())), false);
    assert.equal(await refused(stage, token), 'credentials-expired');
  });
});

describe('XEP-0484 §3.5: rotation', () => {
  test('a token in use for a day is replaced, and holds until the new one is used', async (t) => {
    const stage = await open(t);
    const old = await getsToken(stage);
    assert.equal(hasToken(await tries(stage, old)), false);
    await ages(stage, 2);
    const lost = tokenOf(await tries(stage, old)); // never arrives
    const renewed = tokenOf(await tries(stage, old));
    assert.equal(await refused(stage, lost), 'not-authorized', 'one that was never used is void');
    assert.equal((await tries(stage, renewed)).name, 'success');
    assert.equal(await refused(stage, old), 'not-authorized');
    assert.equal((await tries(stage, renewed)).name, 'success');
  });

  test('one that was asked for with another takes its place when it is used', async (t) => {
    const stage = await open(t);
    const first = await getsToken(stage);
    const second = tokenOf(await tries(stage, first, { more: wantToken() }));
    assert.equal((await tries(stage, first)).name, 'success');
    assert.equal((await tries(stage, second)).name, 'success');
    assert.equal(await refused(stage, first), 'not-authorized');
  });

  test('an expired one is refused, and only its owner is told that it was one', async (t) => {
    const stage = await open(t);
    const token = await getsToken(stage);
    await ages(stage, 31);
    assert.equal(await refused(stage, token), 'credentials-expired');
    assert.equal(await refused(stage, 'another'), 'not-authorized');
  });
});

describe('XEP-0484 §3.6: a token that its client gives up', () => {
  test('is void from then on, though this login goes on; a new one may be asked for', async (t) => {
    const stage = await open(t);
    const token = await getsToken(stage);
    await ages(stage, 2);
    const end = await tries(stage, token, { fast: "invalidate='true'", more: BIND });
    assert.equal(end.name, 'success');
    assert.equal(hasToken(end), false);
    assert.equal(await refused(stage, token), 'not-authorized');
    const next = await getsToken(stage);
    const again = await tries(stage, next, { fast: "invalidate='1'", more: wantToken() });
    assert.equal((await tries(stage, tokenOf(again))).name, 'success');
  });
});

describe('SECURITY 26: tokens in wrong hands', () => {
  test('of another person', async (t) => {
    const stage = await open(t);
    const token = await getsToken(stage);
    await getsToken(stage, PHONE, 'romeo');
    assert.equal(await refused(stage, token, { user: 'romeo' }), 'not-authorized');
  });

  test('of another domain', async (t) => {
    const stage = await open(t);
    await stage.scene.account('juliet@other.test');
    const token = await getsToken(stage);
    assert.equal(await refused(stage, token, {}, 'other.test'), 'not-authorized');
  });

  test('from another device, or one that does not say which it is', async (t) => {
    const stage = await open(t);
    const token = await getsToken(stage);
    await getsToken(stage, LAPTOP);
    assert.equal(await refused(stage, token, { device: LAPTOP }), 'not-authorized');
    assert.equal(await refused(stage, token, { device: '' }), 'malformed-request');
    assert.equal(await refused(stage, token, { device: `${PHONE}${'0'.repeat(4_000)}` }), 'malformed-request');
  });

  test('with another mechanism than it was given for', async (t) => {
    const stage = await open(t);
    const wire = stage.dial();
    await wire.opens('example.test');
    const token = tokenOf(await plain(wire, agent() + wantToken('HT-SHA-256-EXPR')));
    assert.equal(await refused(stage, token), 'not-authorized');
    assert.equal(await refused(stage, token, { mechanism: 'HT-SHA-256-UNIQ' }), 'invalid-mechanism');
  });

  test('in place of a password, or without saying that it is one', async (t) => {
    const stage = await open(t);
    const token = await getsToken(stage);
    const wire = stage.dial();
    await wire.opens('example.test');
    assert.equal(conditionOf(await plain(wire, '', 'juliet', token)), 'not-authorized');
    assert.equal(await refused(stage, token, { fast: undefined }), 'invalid-mechanism');
  });

  test('replayed: with a count that was seen, an earlier one, or, once it is counted, none', async (t) => {
    const stage = await open(t);
    const token = await getsToken(stage);
    const used = async (fast: string) => (await tries(stage, token, { fast })).name;
    assert.equal(await used("count='5'"), 'success');
    for (const fast of ["count='5'", "count='4'", "count='0'", '']) assert.equal(await used(fast), 'failure', fast);
    assert.equal(await used("count='6'"), 'success');
    for (const fast of ["count='-7'", "count='x'", `count='${'9'.repeat(40)}'`]) {
      assert.equal(await refused(stage, token, { fast }), 'malformed-request');
    }
    const both = await Promise.all(["count='7'", "count='7'"].map(used));
    assert.deepEqual(both.sort(), ['failure', 'success'], 'two at once');
  });

  test('after the password was changed, though it is changed to the same', async (t) => {
    const stage = await open(t);
    const token = await getsToken(stage);
    await getsToken(stage, LAPTOP);
    const by = { name: 'admin', door: 'panel' } as const;
    await stage.scene.commands.accounts.setPassword(by, 'example.test', 'juliet', { password: 'wherefore' });
    assert.equal(await refused(stage, token), 'not-authorized');
    assert.deepEqual(await stage.scene.stores.devices.of((await device(stage)).account), []);
  });

  test('after the account was disabled, also when it is enabled again', async (t) => {
    const stage = await open(t);
    const token = await getsToken(stage);
    const by = { name: 'admin', door: 'panel' } as const;
    await stage.scene.commands.accounts.disable(by, 'example.test', 'juliet');
    assert.equal(await refused(stage, token), 'not-authorized');
    await stage.scene.commands.accounts.enable(by, 'example.test', 'juliet');
    assert.equal(await refused(stage, token), 'not-authorized');
  });

  test('of an account that was removed, for who has its name now', async (t) => {
    const stage = await open(t);
    const token = await getsToken(stage);
    await stage.scene.stores.accounts.remove(await stage.scene.account(J));
    assert.equal(await refused(stage, token), 'not-authorized');
    await stage.scene.account(J);
    assert.equal(await refused(stage, token), 'not-authorized');
  });

  test('that is taken back between login and binding', async (t) => {
    const stage = await open(t);
    const token = await getsToken(stage);
    const wire = stage.dial();
    await wire.opens('example.test');
    await succeeded(wire, await byToken(wire, token));
    const { account, id } = await device(stage);
    await stage.scene.stores.devices.takeTokens(account, id);
    wire.write("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
    await wire.fails('not-authorized');
  });

  for (const [name, message] of [
    ['truncated', Buffer.concat([Buffer.from('juliet\0'), hashed('x').subarray(1)])],
    ['oversize', Buffer.concat([Buffer.from('juliet\0'), hashed('x'), Buffer.from('x')])],
    ['without a name', Buffer.concat([Buffer.from('\0'), hashed('x')])],
    ['without a proof', Buffer.from('juliet\0')],
    ['without anything', Buffer.alloc(0)],
    ['of a name that is no text', Buffer.concat([Buffer.of(0xff, 0), hashed('x')])],
  ] as const) {
    test(`a message ${name} is malformed`, async (t) => {
      const stage = await open(t);
      const wire = stage.dial();
      await wire.opens('example.test');
      wire.write(authenticate(HT, message, `${agent()}<fast xmlns='urn:xmpp:fast:0'/>`));
      assert.equal(conditionOf(await wire.element()), 'malformed-request');
    });
  }

  test('SECURITY 12: nothing that is sent behind it is taken for what follows the login', async (t) => {
    const stage = await open(t);
    const romeo = await stage.scene.comes(`${R}/orchard`);
    const token = await getsToken(stage);
    const wire = stage.dial();
    await wire.opens('example.test');
    wire.write(`${tokenLogin(token, { more: BIND })}<message to='${R}' type='chat'><body>injected</body></message>`);
    await wire.fails('policy-violation');
    assert.deepEqual(await romeo.all(), []);
  });

  test('SECURITY 21: nobody’s name is refused in the same words, with as many questions to the store', async (t) => {
    const stage = await open(t);
    await getsToken(stage);
    const { stores, db } = stage.scene;
    const answers: string[] = [];
    const questions: number[] = [];
    for (const user of ['romeo', 'nobody']) {
      for (const store of [stores.accounts, stores.credentials, stores.devices]) assert.ok(store);
      await stage.scene.settle();
      const before = db.operations;
      answers.push((await tries(stage, 'x', { user })).toString());
      questions.push(db.operations - before);
    }
    assert.equal(answers[0], answers[1]);
    assert.equal(
      questions[1]! - questions[0]!,
      1,
      'only the account itself, which romeo’s making has left in the cache',
    );
  });
});

describe('XEP-0388 §2.4: devices', () => {
  test('a login leaves what the client says of itself, cut to length; a token login, too', async (t) => {
    const stage = await open(t);
    const wire = stage.dial();
    await wire.opens('example.test');
    const about = `<software>Pidgeon</software><device>${'x'.repeat(4_000)}</device>`;
    await succeeded(wire, await plain(wire, agent(PHONE, about)));
    const { row } = await device(stage);
    assert.deepEqual([row!.software, row!.name.length, row!.passwordAt > 0], ['Pidgeon', 100, true]);
    assert.deepEqual(elements(find(await stage.dial().opens('example.test'), 'limits')!).map(textOf)[0], '10000');
  });

  test('more than an account may have: the one unused for the longest time has no token any more', async (t) => {
    const stage = await open(t);
    const token = await getsToken(stage);
    const { account, row } = await device(stage);
    await stage.scene.stores.devices.change(account, row!.id, (known) => ({ ...known!, lastSeen: 1 }));
    const later = await getsToken(stage, LAPTOP);
    for (let i = 0; i < 49; i++) {
      await getsToken(stage, `d4565fa7-4d72-4749-b3d3-7400000000${String(i).padStart(2, '0')}`);
    }
    assert.equal((await stage.scene.stores.devices.of(account)).length, 50);
    assert.equal(await refused(stage, token), 'not-authorized');
    assert.equal((await tries(stage, later, { device: LAPTOP })).name, 'success');
  });
});

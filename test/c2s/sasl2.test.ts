import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, elements, textOf } from '../../server/xmpp/element.ts';
import { keysOf } from '../../server/xmpp/scram-keys.ts';
import { PASSWORD } from '../support/scene.ts';
import { sasl } from '../support/wire.ts';
import { find } from '../support/xml.ts';
import {
  authenticate,
  BIND,
  conditionOf,
  FROM_J,
  J,
  jidOf,
  open,
  plain,
  R,
  response,
  scram,
  succeeded,
} from './sasl2.ts';

describe('XEP-0388 §2.1: what is on offer', () => {
  test('the mechanisms, and all that can be done along with the login', async (t) => {
    const { dial } = await open(t);
    const offer = find(await dial().opens('example.test'), 'authentication')!;
    const names = elements(offer).filter(({ name }) => name === 'mechanism');
    assert.deepEqual(names.map(textOf).slice(0, 2), ['SCRAM-SHA-512-PLUS', 'SCRAM-SHA-256-PLUS']);
    const inline = child(offer, 'inline')!;
    assert.deepEqual(
      elements(inline).map(({ name, attrs }) => [name, attrs.xmlns]),
      [
        ['bind', 'urn:xmpp:bind:0'],
        ['sm', 'urn:xmpp:sm:3'],
        ['fast', 'urn:xmpp:fast:0'],
      ],
    );
    assert.deepEqual(
      elements(find(inline, 'bind', 'inline')!).map(({ attrs }) => attrs.var),
      ['urn:xmpp:carbons:2', 'urn:xmpp:csi:0', 'urn:xmpp:sm:3'],
    );
    assert.equal(find(inline, 'fast')!.attrs['tls-0rtt'], undefined);
  });

  test('to an account that lacks keys only what it has; to nobody what nearly everybody is offered', async (t) => {
    const { scene, dial } = await open(t);
    const old = await keysOf('SCRAM-SHA-1', PASSWORD, Buffer.alloc(16), 4_096);
    await scene.stores.credentials.replace((await scene.account(J)).id, [old]);
    const offered = async (from: string) => {
      const features = await dial().opens('example.test', `version='1.0' from='${from}'`);
      return ['authentication', 'mechanisms'].map((name) =>
        elements(find(features, name)!)
          .filter((one) => one.name === 'mechanism')
          .map(textOf),
      );
    };
    const few = ['SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1', 'PLAIN'];
    assert.deepEqual(await offered(J), [few, few]);
    assert.deepEqual(await offered('nobody@example.test'), await offered(R));
    assert.equal((await offered(R))[0]!.length, 7);
  });

  test('who does not say who they are is offered what everybody can, where some came from another server with less; a login by the password completes them', async (t) => {
    const { scene, dial } = await open(t);
    const { id } = await scene.account(J);
    const { credentials, peopleImports } = scene.stores;
    await credentials.replace(id, [await keysOf('SCRAM-SHA-1', PASSWORD, Buffer.alloc(16), 4_096)]);
    const about = { startedAt: 0, actor: 'olga', file: 'export', total: 1, leftOut: 0 };
    const offered = async () => elements(find(await dial().opens('example.test'), 'mechanisms')!).map(textOf);
    await peopleImports.begin({ ...about, way: 'server' }, 9);
    assert.deepEqual(await offered(), ['SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1', 'PLAIN']);
    const wire = dial();
    await wire.opens('example.test', `version='1.0' from='${J}'`);
    assert.equal((await wire.plain('juliet')).name, 'success');
    const all = (await credentials.of(id)).map(({ mechanism }) => mechanism);
    assert.deepEqual(all, ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512']);
    const next = dial();
    await next.opens('example.test', `version='1.0' from='${J}'`);
    assert.equal((await next.scram('SCRAM-SHA-512', 'juliet')).name, 'success');
  });

  test('a header from somebody of another domain ends the stream', async (t) => {
    const { dial } = await open(t);
    const wire = dial();
    wire.header('example.test', "version='1.0' from='juliet@other.test'");
    await wire.fails('invalid-from');
  });
});

describe('XEP-0388: logging in', () => {
  for (const mechanism of ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512']) {
    test(`${mechanism}: the server proves itself, and features follow without a new stream (§2.6.1)`, async (t) => {
      const { dial } = await open(t);
      const wire = dial();
      await wire.opens('example.test');
      const { end, client } = await scram(wire, mechanism, 'juliet');
      const features = await succeeded(wire, end);
      assert.ok(client.accepts(Buffer.from(textOf(child(end, 'additional-data')), 'base64').toString()));
      assert.equal(jidOf(end), J);
      assert.ok(find(features, 'bind'));
      assert.equal(find(features, 'authentication'), undefined);
      assert.equal(await wire.bind('balcony'), `${J}/balcony`);
    });
  }

  test('PLAIN: right, and wrong', async (t) => {
    const { dial } = await open(t);
    const wire = dial();
    await wire.opens('example.test');
    assert.equal(conditionOf(await plain(wire, '', 'juliet', 'wrong')), 'not-authorized');
    assert.equal(conditionOf(await plain(wire, '', 'nobody', 'wrong')), 'not-authorized');
    await succeeded(wire, await plain(wire));
  });

  test('after a failure the other profile may be tried; five failures of both end the stream', async (t) => {
    const { dial } = await open(t);
    const wire = dial();
    await wire.opens('example.test');
    for (let i = 0; i < 2; i++) conditionOf(await plain(wire, '', 'juliet', 'wrong'));
    for (let i = 0; i < 2; i++) assert.equal((await wire.plain('juliet', 'wrong')).name, 'failure');
    conditionOf(await plain(wire, '', 'juliet', 'wrong'));
    await wire.fails('policy-violation');
  });

  test('an abort ends the exchange, and another may follow (§6.5)', async (t) => {
    const { dial } = await open(t);
    const wire = dial();
    await wire.opens('example.test');
    wire.write(authenticate('SCRAM-SHA-256', 'n,,n=juliet,r=abc'));
    assert.equal((await wire.element()).name, 'challenge');
    wire.write("<abort xmlns='urn:xmpp:sasl:2'><text>never mind</text></abort>");
    assert.equal(conditionOf(await wire.element()), 'aborted');
    await succeeded(wire, (await scram(wire, 'SCRAM-SHA-256', 'juliet')).end);
  });

  for (const [name, xml, condition] of [
    ['a mechanism that there is not', authenticate('ANONYMOUS', 'x'), 'invalid-mechanism'],
    ['no initial response', "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'/>", 'malformed-request'],
    [
      'not base 64',
      "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>*</initial-response></authenticate>",
      'incorrect-encoding',
    ],
    ['a response to no challenge', response('x'), 'malformed-request'],
    [
      'SECURITY 17: a task without a login',
      "<next xmlns='urn:xmpp:sasl:2' task='UPGR-SCRAM-SHA-256'/>",
      'malformed-request',
    ],
    [
      'SECURITY 17: the answer to a task without a login',
      "<task-data xmlns='urn:xmpp:sasl:2'><hash xmlns='urn:xmpp:scram-upgrade:0'>AAAA</hash></task-data>",
      'malformed-request',
    ],
    ['SECURITY 16: as somebody else', authenticate('PLAIN', `${R}\0juliet\0${PASSWORD}`), 'invalid-authzid'],
  ] as const) {
    test(`${name}: ${condition}, and the stream lives`, async (t) => {
      const { dial } = await open(t);
      const wire = dial();
      await wire.opens('example.test');
      wire.write(xml);
      assert.equal(conditionOf(await wire.element()), condition);
      await succeeded(wire, await plain(wire));
    });
  }

  test('SECURITY 16, §2.4: who opened the stream as somebody else does not log in', async (t) => {
    const { dial } = await open(t);
    const wire = dial();
    await wire.opens('example.test', FROM_J);
    const authzid = `${R}\0romeo\0${PASSWORD}`;
    wire.write(authenticate('PLAIN', authzid));
    assert.equal(conditionOf(await wire.element()), 'invalid-authzid');
    assert.equal(conditionOf(await plain(wire, '', 'romeo')), 'invalid-authzid');
    await succeeded(wire, await plain(wire));
  });
});

describe('XEP-0388 §2.5, §6.8: nothing else while a login is under way', () => {
  const first = authenticate('SCRAM-SHA-256', 'n,,n=juliet,r=abc');
  for (const [name, xml] of [
    ['a second login', first],
    ['a login by the old profile', sasl('auth', `\0juliet\0${PASSWORD}`, "mechanism='PLAIN'")],
    ['a stanza', `<message to='${R}'/>`],
    ['an element of a later step', "<next xmlns='urn:xmpp:sasl:2' task='UPGR-SCRAM-SHA-256'/>"],
  ] as const) {
    test(`${name} ends the stream`, async (t) => {
      const { dial } = await open(t);
      const wire = dial();
      await wire.opens('example.test');
      wire.write(first);
      assert.equal((await wire.element()).name, 'challenge');
      wire.write(xml);
      await wire.fails(name === 'a stanza' ? 'not-authorized' : 'policy-violation');
    });
  }

  test('SECURITY 12: what is sent behind <authenticate/> is not taken for what follows the login', async (t) => {
    const { scene, dial } = await open(t);
    const romeo = await scene.comes(`${R}/orchard`);
    for (const wish of ['', BIND]) {
      const wire = dial();
      await wire.opens('example.test');
      wire.write(
        authenticate('PLAIN', `\0juliet\0${PASSWORD}`, wish) +
          `<message to='${R}' type='chat'><body>injected</body></message>`,
      );
      await wire.fails('policy-violation');
    }
    assert.deepEqual(await romeo.all(), []);
    assert.equal(scene.host('example.test').sessions.of(J).length, 0);
  });

  test('a second login after the first ends the stream, by either profile', async (t) => {
    const { dial } = await open(t);
    for (const again of [first, sasl('auth', 'x', "mechanism='PLAIN'")]) {
      const wire = dial();
      await wire.opens('example.test');
      await succeeded(wire, await plain(wire));
      wire.write(again);
      await wire.fails('not-authorized');
    }
  });

  test('SECURITY 13: without TLS there is nothing to log in to', async (t) => {
    const { scene, door } = await open(t);
    const { dial } = await import('../support/wire.ts');
    assert.ok(scene);
    const { wire } = dial(door, { tls: false });
    const features = await wire.opens('example.test');
    assert.equal(find(features, 'authentication'), undefined);
    wire.write(authenticate('PLAIN', `\0juliet\0${PASSWORD}`));
    await wire.fails('not-authorized');
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, elements, serialize, textOf } from '../../server/xmpp/element.ts';
import { keysOf } from '../../server/xmpp/scram-keys.ts';
import { PASSWORD } from '../support/scene.ts';
import { ScramClient } from '../support/scram-client.ts';
import { sasl } from '../support/wire.ts';
import { find } from '../support/xml.ts';
import {
  agent,
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

const SALTED = new Map([
  ['UPGR-SCRAM-SHA-256', 'SCRAM-SHA-256'] as const,
  ['UPGR-SCRAM-SHA-512', 'SCRAM-SHA-512'] as const,
]);

describe('XEP-0474 §5: downgrades are found out', () => {
  const list = (features: Parameters<typeof find>[0], profile: string) =>
    elements(find(features, profile)!)
      .filter(({ name }) => name === 'mechanism')
      .map(textOf);
  const types = (features: Parameters<typeof find>[0]) =>
    elements(find(features, 'sasl-channel-binding')!).map(({ attrs }) => attrs.type as string);

  for (const [hash, mechanism] of [
    ['sha1', 'SCRAM-SHA-1'],
    ['sha512', 'SCRAM-SHA-512'],
  ] as const) {
    test(`${mechanism}: the lists as offered are hashed, for both profiles`, async (t) => {
      const { dial } = await open(t);
      for (const profile of ['authentication', 'mechanisms']) {
        const wire = dial();
        const features = await wire.opens('example.test');
        const shown = [list(features, profile), types(features)] as const;
        const client = new ScramClient(hash, 'juliet', PASSWORD);
        const first = client.first();
        wire.write(
          profile === 'mechanisms' ? sasl('auth', first, `mechanism='${mechanism}'`) : authenticate(mechanism, first),
        );
        const challenge = Buffer.from(textOf(await wire.element()), 'base64').toString();
        assert.ok(client.sees(challenge, ...shown));
        // The attacks: a list without the better mechanisms, or without the better bindings.
        assert.ok(!client.sees(challenge, ['SCRAM-SHA-1'], shown[1]), 'a stripped list of mechanisms');
        assert.ok(!client.sees(challenge, shown[0], ['tls-server-end-point']), 'a stripped list of bindings');
        assert.ok(!client.sees(challenge, shown[0], undefined), 'no list of bindings');
      }
    });
  }

  test('the hash cannot be changed on the way: the login fails', async (t) => {
    const { dial } = await open(t);
    const wire = dial();
    await wire.opens('example.test');
    const client = new ScramClient('sha256', 'juliet', PASSWORD);
    wire.write(authenticate('SCRAM-SHA-256', client.first()));
    const challenge = Buffer.from(textOf(await wire.element()), 'base64').toString();
    wire.write(response(client.final(challenge.replace(/h=.*/, 'h=AAAA'))));
    assert.equal(conditionOf(await wire.element()), 'not-authorized');
  });

  test('RFC 5802 §6: a client to whom bindings were hidden is refused', async (t) => {
    const { dial } = await open(t);
    const wire = dial();
    await wire.opens('example.test');
    wire.write(authenticate('SCRAM-SHA-256', 'y,,n=juliet,r=abc'));
    assert.equal(conditionOf(await wire.element()), 'not-authorized');
  });
});

describe('XEP-0480: better keys', () => {
  const upgrade = (name: string) => `<upgrade xmlns='urn:xmpp:sasl:upgrade:0'>${name}</upgrade>`;
  const BOTH = upgrade('UPGR-SCRAM-SHA-256') + upgrade('UPGR-SCRAM-SHA-512') + upgrade('UPGR-DIGEST-MD5');
  const next = (task: string) => `<next xmlns='urn:xmpp:sasl:2' task='${task}'/>`;
  const data = (hash: Buffer) =>
    `<task-data xmlns='urn:xmpp:sasl:2'><hash xmlns='urn:xmpp:scram-upgrade:0'>${hash.toString('base64')}</hash></task-data>`;

  async function aged(t: Parameters<typeof open>[0]) {
    const stage = await open(t);
    const { id } = await stage.scene.account(J);
    const old = await keysOf('SCRAM-SHA-1', PASSWORD, Buffer.alloc(16), 4_096);
    await stage.scene.stores.credentials.replace(id, [old]);
    const wire = stage.dial();
    await wire.opens('example.test', FROM_J);
    return { ...stage, id, wire };
  }

  test('§2, §3: one task after the other, then the login is done, and the new keys are good', async (t) => {
    const { wire, dial, scene, id } = await aged(t);
    const { pbkdf2Sync } = await import('node:crypto');
    let { end, client } = await scram(wire, 'SCRAM-SHA-1', 'juliet', BOTH + BIND);
    const done: string[] = [];
    for (let i = 0; end.name === 'continue'; i++) {
      const proof = textOf(child(end, 'additional-data'));
      if (i === 0) assert.ok(client.accepts(Buffer.from(proof, 'base64').toString()));
      else assert.equal(proof, '');
      const task = textOf(find(end, 'tasks', 'task'));
      done.push(task);
      wire.write(next(task));
      const salt = child(await wire.element(), 'salt', 'urn:xmpp:scram-upgrade:0')!;
      assert.equal(salt.attrs.iterations, '10');
      const hash = task.endsWith('512') ? 'sha512' : 'sha256';
      const salted = pbkdf2Sync(
        PASSWORD,
        Buffer.from(textOf(salt), 'base64'),
        10,
        task.endsWith('512') ? 64 : 32,
        hash,
      );
      wire.write(data(salted));
      end = await wire.element();
    }
    assert.deepEqual(done, ['UPGR-SCRAM-SHA-512', 'UPGR-SCRAM-SHA-256']);
    await succeeded(wire, end);
    assert.match(jidOf(end), /\/Pidgeon\//);
    assert.equal((await scene.stores.credentials.of(id)).length, 3);
    for (const mechanism of [...SALTED.values(), 'SCRAM-SHA-1']) {
      const again = dial();
      await again.opens('example.test', FROM_J);
      await succeeded(again, (await scram(again, mechanism, 'juliet')).end);
    }
  });

  test('nobody has to, and who has all keys is not asked', async (t) => {
    const { wire, dial } = await aged(t);
    await succeeded(wire, (await scram(wire, 'SCRAM-SHA-1', 'juliet')).end);
    const other = dial();
    await other.opens('example.test');
    await succeeded(other, (await scram(other, 'SCRAM-SHA-512', 'romeo', BOTH)).end);
  });

  test('another task, a hash of the wrong length, or none: nothing is stored and nobody is in', async (t) => {
    const { wire, scene, id } = await aged(t);
    const ask = async () => {
      assert.equal((await scram(wire, 'SCRAM-SHA-1', 'juliet', BOTH)).end.name, 'continue');
    };
    await ask();
    wire.write(next('UPGR-SCRAM-SHA-256'));
    assert.equal(conditionOf(await wire.element()), 'malformed-request');
    for (const bad of [data(Buffer.alloc(32)), data(Buffer.alloc(0)), "<task-data xmlns='urn:xmpp:sasl:2'/>"]) {
      await ask();
      wire.write(next('UPGR-SCRAM-SHA-512'));
      assert.equal((await wire.element()).name, 'task-data');
      wire.write(bad);
      assert.equal(conditionOf(await wire.element()), 'malformed-request');
    }
    assert.equal((await scene.stores.credentials.of(id)).length, 1);
    wire.write(`<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>`);
    await wire.fails('not-authorized');
  });

  test('keys for a password that was changed meanwhile are not added', async (t) => {
    const { wire, scene, id } = await aged(t);
    assert.equal((await scram(wire, 'SCRAM-SHA-1', 'juliet', BOTH)).end.name, 'continue');
    await scene.stores.credentials.replace(id, [await keysOf('SCRAM-SHA-1', 'another', Buffer.alloc(16), 4_096)]);
    for (const [task, size] of [
      ['UPGR-SCRAM-SHA-512', 64],
      ['UPGR-SCRAM-SHA-256', 32],
    ] as const) {
      wire.write(next(task));
      await wire.element();
      wire.write(data(Buffer.alloc(size)));
      if (size === 64) assert.equal((await wire.element()).name, 'continue');
    }
    await wire.fails('not-authorized');
    assert.equal((await scene.stores.credentials.of(id)).length, 1);
  });

  test('PLAIN checks by what there is', async (t) => {
    const { wire } = await aged(t);
    assert.equal(conditionOf(await plain(wire, '', 'juliet', 'wrong')), 'not-authorized');
    await succeeded(wire, await plain(wire));
  });
});

describe('XEP-0478: limits', () => {
  test('are those that hold, before and after the login', async (t) => {
    const { dial } = await open(t, { loginSeconds: 41, idleSeconds: 222 });
    const wire = dial();
    const shown = (features: Parameters<typeof find>[0]) => elements(find(features, 'limits')!).map(textOf);
    assert.deepEqual(shown(await wire.opens('example.test')), ['10000', '41']);
    assert.deepEqual(shown(await succeeded(wire, await plain(wire))), ['262144', '222']);
  });

  test('one byte more than that ends the stream', async (t) => {
    const { dial } = await open(t);
    const stanza = (size: number) => {
      const [open, close] = [`<presence to='${R}'><status>`, '</status></presence>'];
      return open + 'x'.repeat(size - open.length - close.length) + close;
    };
    const wire = dial();
    await wire.opens('example.test');
    await succeeded(wire, await plain(wire, agent() + BIND));
    wire.write(stanza(262_144));
    wire.write(stanza(262_145));
    assert.match(serialize(await wire.fails('policy-violation')), /policy-violation/);
  });
});

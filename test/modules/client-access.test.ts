import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { child, type Element, elements, serialize, textOf } from '../../server/xmpp/element.ts';
import {
  agent,
  BIND,
  byToken,
  J,
  jidOf,
  LAPTOP,
  open,
  PHONE,
  plain,
  R,
  conditionOf as refusalOf,
  type Stage,
  tokenOf,
  wantToken,
} from '../c2s/sasl2.ts';
import type { Wire } from '../support/wire.ts';
import { conditionOf, find } from '../support/xml.ts';

const LIST = "<iq type='get' id='l'><list xmlns='urn:xmpp:cam:0'/></iq>";
const revoke = (id: string, to = '') => `<iq type='set' id='r'${to}><revoke xmlns='urn:xmpp:cam:0' id='${id}'/></iq>`;
const BY = { name: 'olga', door: 'panel' } as const;

async function asks(wire: Wire, xml: string): Promise<Element> {
  wire.write(xml);
  for (;;) {
    const answer = await wire.element();
    if (answer.name === 'iq') return answer;
  }
}

async function list(wire: Wire): Promise<Element[]> {
  return elements(child(await asks(wire, LIST), 'clients', 'urn:xmpp:cam:0')!);
}

/** Logs in on a device, by the password. */
async function comes(stage: Stage, device = PHONE, about = '') {
  const wire = stage.dial();
  await wire.opens('example.test');
  const end = await plain(wire, agent(device, about) + wantToken() + BIND);
  assert.equal(end.name, 'success', serialize(end));
  await wire.element();
  return { wire, jid: jidOf(end), token: tokenOf(end) };
}

const ways = (client: Element) => elements(find(client, 'auth')!).map(({ name }) => name);

describe('XEP-0494 §3.1: who can reach one’s account', () => {
  test('devices with what they said of themselves, and clients that said nothing while they are there', async (t) => {
    const stage = await open(t);
    const phone = await comes(stage, PHONE, '<software>Pidgeon</software><device>Balcony &amp; more</device>');
    (await comes(stage, LAPTOP)).wire.cut();
    await sleep(20);
    await stage.scene.connect(`${J}/old`);
    const clients = await list(phone.wire);
    const [one] = clients.filter((client) => find(client, 'user-agent', 'software') !== undefined);
    assert.deepEqual([one!.attrs.connected, one!.attrs.type, ways(one!)], ['true', 'session', ['password', 'fast']]);
    assert.equal(textOf(find(one!, 'user-agent', 'device')), 'Balcony & more');
    assert.equal(find(one!, 'permission')!.attrs.status, 'unrestricted');
    assert.match(textOf(find(one!, 'first-seen')), /^\d{4}-\d\d-\d\dT/);
    assert.match(textOf(find(one!, 'last-seen')), /^\d{4}-\d\d-\d\dT/);
    assert.deepEqual(
      clients.map(({ attrs }) => attrs.connected),
      ['true', 'true', 'false'],
    );
    assert.deepEqual(clients.filter((client) => !ways(client).includes('fast')).length, 1);
    assert.equal(new Set(clients.map(({ attrs }) => attrs.id)).size, 3);
    for (const client of clients) assert.ok(!serialize(client).includes(PHONE));
  });

  test('nobody else is told, nor may take it (SECURITY 26)', async (t) => {
    const stage = await open(t);
    const phone = await comes(stage);
    const romeo = await stage.scene.comes(`${R}/orchard`);
    await romeo.isRefused(LIST.replace("id='l'", `id='l' to='${J}'`), 'service-unavailable');
    const [{ attrs }] = (await list(phone.wire)) as [Element];
    await romeo.isRefused(revoke(attrs.id, ` to='${J}'`), 'service-unavailable');
    await romeo.isRefused(revoke(attrs.id), 'item-not-found'); // in his own account there is no such device
    assert.equal((await list(phone.wire)).length, 1);
  });
});

describe('XEP-0494 §3.2: taking access', () => {
  test('ends the device’s sessions and tokens, and tells that the password is left; other devices stay', async (t) => {
    const stage = await open(t);
    const lost = await comes(stage, PHONE);
    const kept = await comes(stage, LAPTOP);
    const mine = await list(kept.wire);
    const { devices } = stage.scene.stores;
    const { id: account } = await stage.scene.account(J);
    const id = devices.idOf(account, PHONE);
    assert.ok(mine.some(({ attrs }) => attrs.id === id));
    const answer = await asks(kept.wire, revoke(id));
    assert.equal(conditionOf(answer), 'service-unavailable');
    assert.ok(find(answer, 'error', 'password-reset-required'));
    await lost.wire.fails('not-authorized');
    const again = stage.dial();
    await again.opens('example.test');
    assert.equal(refusalOf(await byToken(again, lost.token)), 'not-authorized');
    assert.deepEqual(
      stage.scene
        .host('example.test')
        .sessions.of(J)
        .map(({ jid }) => jid.full),
      [kept.jid],
    );
    const after = (await list(kept.wire)).find(({ attrs }) => attrs.id === id)!;
    assert.deepEqual([after.attrs.connected, ways(after)], ['false', ['password']]);
    const other = stage.dial();
    await other.opens('example.test');
    assert.equal((await byToken(other, kept.token, { device: LAPTOP })).name, 'success');
  });

  test('of a device that never showed the password, it is gone for good', async (t) => {
    const stage = await open(t);
    const phone = await comes(stage);
    const { devices } = stage.scene.stores;
    const { id: account } = await stage.scene.account(J);
    const id = devices.idOf(account, LAPTOP);
    const now = Date.now();
    const plainDevice = { software: '', name: '', firstSeen: now, lastSeen: now, current: undefined, fresh: undefined };
    await devices.change(account, id, () => ({ id, passwordAt: 0, ...plainDevice }));
    assert.equal((await asks(phone.wire, revoke(id))).attrs.type, 'result');
    assert.equal(conditionOf(await asks(phone.wire, revoke(id))), 'item-not-found');
    assert.equal(conditionOf(await asks(phone.wire, revoke(''))), 'item-not-found');
  });

  test('of the very client that asks: it has its answer first', async (t) => {
    const stage = await open(t);
    const { wire } = await comes(stage);
    const [{ attrs }] = (await list(wire)) as [Element];
    assert.equal(conditionOf(await asks(wire, revoke(attrs.id))), 'service-unavailable');
    await wire.fails('not-authorized');
  });

  test('of a client without a device', async (t) => {
    const stage = await open(t);
    const phone = await comes(stage);
    const old = await stage.scene.connect(`${J}/old`);
    const device = stage.scene.stores.devices.idOf((await stage.scene.account(J)).id, PHONE);
    const { attrs } = (await list(phone.wire)).find((client) => client.attrs.id !== device)!;
    assert.equal(conditionOf(await asks(phone.wire, revoke(attrs.id))), 'service-unavailable');
    assert.equal(old.ended?.condition, 'not-authorized');
  });
});

describe('administrators', () => {
  test('see the same, and log a device out, which is in the audit log', async (t) => {
    const stage = await open(t);
    const lost = await comes(stage);
    const { commands } = stage.scene;
    const { devices } = await commands.devices.list('example.test', 'Juliet');
    assert.deepEqual(
      devices.map((one) => [one.connected, one.password, one.token, one.resources]),
      [[true, true, true, [lost.jid.slice(lost.jid.indexOf('/') + 1)]]],
    );
    const { id } = devices[0]!;
    assert.deepEqual(await commands.devices.revoke(BY, 'example.test', 'juliet', id), { mayReturn: true });
    await lost.wire.fails('not-authorized');
    const entries = await stage.scene.stores.audit.page({ limit: 1 });
    assert.deepEqual([entries[0]!.action, entries[0]!.subject], ['device.revoke', J]);
    await assert.rejects(commands.devices.revoke(BY, 'example.test', 'juliet', 'nothing'), {
      code: 'device-not-found',
    });
    const [one, other] = [await comes(stage), await comes(stage, LAPTOP)];
    const { devices: left } = await commands.devices.list('example.test', 'juliet');
    const all = await commands.devices.revokeAll(BY, 'example.test', 'juliet');
    assert.deepEqual(all, { devices: left.length, mayReturn: true });
    for (const { wire } of [one, other]) await wire.fails('not-authorized');
    assert.ok(
      (await commands.devices.list('example.test', 'juliet')).devices.every((left) => !left.connected && !left.token),
    );
    await assert.rejects(commands.devices.revokeAll(BY, 'example.test', 'nobody'), { code: 'account-not-found' });
    await assert.rejects(commands.devices.list('example.test', 'nobody'), { code: 'account-not-found' });
    await assert.rejects(commands.devices.list('nowhere.test', 'juliet'), { code: 'domain-not-found' });
    await assert.rejects(commands.devices.revoke(BY, 'example.test', 'romeo', id), { code: 'device-not-found' });
  });
});

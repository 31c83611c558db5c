import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEVICES_LIMIT } from '../../../server/storage/stores/devices.ts';
import type { PushRegistration } from '../../../server/storage/stores/push.ts';
import { house } from './support.ts';

const one = (jid: string, node: string, more: Partial<PushRegistration> = {}): PushRegistration => ({
  jid,
  node,
  resource: 'phone',
  device: '',
  optionsXml: '',
  createdAt: 1,
  ...more,
});

describe('registrations for push notifications', () => {
  it('are kept by address and node, changed, and taken away by one or all', async (t) => {
    const { push, person, afresh } = await house(t);
    const { id } = await person('juliet');
    assert.deepEqual(await push.of(id), []);
    assert.ok(!(push.of(id) instanceof Promise), 'that there are none is remembered, too');
    await push.put(id, one('app.test', 'a'));
    await push.put(id, one('app.test', 'b'));
    await push.put(id, one('other.test', 'a'));
    const changed = one('app.test', 'a', { resource: 'new', device: 'd', optionsXml: '<x/>', createdAt: 2 });
    await push.put(id, changed);
    const all = [changed, one('app.test', 'b'), one('other.test', 'a')];
    assert.deepEqual(await push.of(id), all);
    assert.deepEqual(await afresh().push.of(id), all);
    await push.remove(id, 'app.test', 'b');
    await push.remove(id, 'app.test', 'never');
    assert.deepEqual(await push.of(id), [changed, one('other.test', 'a')]);
    await push.remove(id, 'app.test');
    assert.deepEqual(await push.of(id), [one('other.test', 'a')]);
    await push.put(id, changed);
    await push.clear(id, { resource: 'new', since: 2 });
    assert.deepEqual(await push.of(id), [changed]);
    await push.clear(id, { resource: 'new', since: 3 });
    assert.deepEqual(await push.of(id), []);
    await push.put(id, changed);
    await push.clear(id);
    assert.deepEqual(await afresh().push.of(id), []);
  });

  it('are taken away with their device, or with the resource of a client that is none', async (t) => {
    const { push, devices, person, afresh } = await house(t);
    const { id } = await person('juliet');
    const { id: other } = await person('romeo');
    const known = { software: '', name: '', firstSeen: 1, passwordAt: 1, current: undefined, fresh: undefined };
    const nodes = async (stores = { push }) => (await stores.push.of(id)).map(({ node }) => node);
    const fill = async () => {
      for (const device of ['a', 'b']) {
        await devices.change(id, device, () => ({ ...known, id: device, lastSeen: device === 'a' ? 1 : 9 }));
        await push.put(id, one('app.test', device, { device }));
      }
      await push.put(id, one('app.test', 'none'));
      await push.put(id, one('app.test', 'none elsewhere', { resource: 'desk' }));
      await push.put(other, one('app.test', 'his', { device: 'a' }));
      await push.of(id);
    };
    await fill();
    await push.removeClient(id, 'a', []);
    assert.deepEqual(await nodes(), ['b', 'none', 'none elsewhere']);
    await push.removeClient(id, '', ['phone']);
    assert.deepEqual(await nodes(), ['b', 'none elsewhere']);
    await push.removeClient(id, '', []);
    await fill();
    await devices.remove(id, 'b');
    assert.deepEqual(await nodes(), ['a', 'none', 'none elsewhere']);
    await fill();
    assert.equal(await devices.expire(5), 1);
    assert.deepEqual(await nodes(), ['b', 'none', 'none elsewhere']);
    await fill();
    for (let n = 0; n < DEVICES_LIMIT - 1; n++) {
      await devices.change(id, `d${n}`, () => ({ ...known, id: `d${n}`, lastSeen: 8 }), true);
    }
    assert.deepEqual(await nodes(), ['b', 'none', 'none elsewhere']);
    assert.deepEqual(await nodes(afresh()), ['b', 'none', 'none elsewhere']);
    assert.equal((await push.of(other)).length, 1);
  });

  it('are nobody’s when their account is gone', async (t) => {
    const { push, accounts, person, afresh } = await house(t);
    const juliet = await person('juliet');
    await push.put(juliet.id, one('app.test', 'a'));
    await push.of(juliet.id);
    await accounts.remove(juliet);
    assert.deepEqual(await push.of(juliet.id), []);
    assert.deepEqual(await afresh().push.of(juliet.id), []);
    await assert.rejects(push.put(juliet.id, one('app.test', 'a')), { code: 'constraint' });
    const next = await person('juliet');
    assert.deepEqual(await push.of(next.id), []);
  });
});

describe('components', () => {
  it('are one a domain', async (t) => {
    const { components, afresh } = await house(t);
    const row = { domain: 'push.office.test', secret: 's', createdAt: 1 };
    await components.add(row);
    await assert.rejects(components.add({ ...row, secret: 'other' }), { code: 'constraint' });
    assert.deepEqual(await afresh().components.list(), [row]);
    assert.deepEqual([await components.has(row.domain), await components.has('x.test')], [true, false]);
    assert.deepEqual([await components.remove(row.domain), await components.remove(row.domain)], [true, false]);
  });
});

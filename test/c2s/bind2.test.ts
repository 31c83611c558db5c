import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, elements, serialize, textOf } from '../../server/xmpp/element.ts';
import { find } from '../support/xml.ts';
import { bodies } from './managed.ts';
import {
  agent,
  BIND,
  BIND_ALL,
  J,
  jidOf,
  LAPTOP,
  open,
  PHONE,
  plain,
  R,
  resume,
  type Stage,
  succeeded,
} from './sasl2.ts';

const bound = (success: Parameters<typeof child>[0]) => child(success, 'bound', 'urn:xmpp:bind:0')!;
const enabledId = (success: Parameters<typeof child>[0]) => find(bound(success), 'enabled')!.attrs.id as string;

async function enters(stage: Stage, wish: string, user = 'juliet') {
  const wire = stage.dial();
  await wire.opens('example.test');
  const end = await plain(wire, wish, user);
  assert.equal(end.name, 'success', serialize(end));
  return { wire, end };
}

describe('XEP-0386 §3.2: binding along with the login', () => {
  test('a resource, management, carbons and inactivity, all before <success/>', async (t) => {
    const stage = await open(t);
    const { wire, end } = await enters(stage, agent() + BIND_ALL);
    const features = await wire.element();
    assert.equal(find(features, 'bind'), undefined);
    assert.equal(find(features, 'sm'), undefined);
    assert.match(jidOf(end), /^juliet@example\.test\/Pidgeon\/[\w-]{12}$/);
    assert.ok(!jidOf(end).includes(PHONE.slice(0, 8)));
    const enabled = find(bound(end), 'enabled')!;
    assert.deepEqual([enabled.attrs.resume, enabled.attrs.max], ['true', '300']);
    const [session] = stage.scene.host('example.test').sessions.of(J);
    assert.equal(session!.carbons, true);
    wire.write(`<r xmlns='urn:xmpp:sm:3'/>`);
    await wire.receives("<a xmlns='urn:xmpp:sm:3' h='0'/>");
    const romeo = await stage.scene.comes(`${R}/orchard`);
    await romeo.sends(`<presence to='${jidOf(end)}'/>`);
    await wire.receivesNothing(); // XEP-0352: it looks away
    wire.write("<active xmlns='urn:xmpp:csi:0'/>");
    await wire.receives(`<presence from='${R}/orchard'/>`);
  });

  test('nothing is turned on that was not asked for', async (t) => {
    const stage = await open(t);
    const { end, wire } = await enters(stage, BIND);
    assert.ok(find(await wire.element(), 'sm'));
    assert.equal(find(bound(end), 'enabled'), undefined);
    const [session] = stage.scene.host('example.test').sessions.of(J);
    assert.deepEqual([session!.carbons, session!.resumable], [false, false]);
  });

  test('§3.2.1: a device gets the same resource again, another device another, and an account another', async (t) => {
    const stage = await open(t);
    const jid = async (wish: string, user?: string) => {
      const { end, wire } = await enters(stage, wish, user);
      wire.cut();
      return jidOf(end).replace(/^[^/]*\//, '');
    };
    const first = await jid(agent() + BIND);
    assert.equal(await jid(agent() + BIND), first);
    assert.notEqual(await jid(agent(LAPTOP) + BIND), first);
    assert.notEqual(await jid(agent() + BIND, 'romeo'), first);
    assert.notEqual(await jid(BIND), await jid(BIND));
  });

  for (const [name, tag, shown] of [
    ['no tag', '', /^juliet@example\.test\/[\w-]{12}$/],
    ['what cannot be in an address', '&#10;\u0001'.slice(0, 5), /^juliet@example\.test\/[\w-]{12}$/],
    ['an oversize tag', 'x'.repeat(65), /^juliet@example\.test\/[\w-]{12}$/],
    ['a tag with a slash', 'a/b', /^juliet@example\.test\/a\/b\/[\w-]{12}$/],
  ] as const) {
    test(`§3.2.1: ${name}`, async (t) => {
      const stage = await open(t);
      const { end } = await enters(stage, `${agent()}<bind xmlns='urn:xmpp:bind:0'><tag>${tag}</tag></bind>`);
      assert.match(jidOf(end), shown);
    });
  }

  test('a device that comes again is not there twice, whatever it calls itself; other devices stay', async (t) => {
    const stage = await open(t);
    const old = await enters(stage, agent() + BIND_ALL);
    const other = await enters(stage, agent(LAPTOP) + BIND);
    await succeeded(old.wire, old.end).catch(() => undefined);
    await enters(stage, `${agent()}<bind xmlns='urn:xmpp:bind:0'><tag>New</tag></bind>`);
    await old.wire.fails('conflict');
    const jids = stage.scene
      .host('example.test')
      .sessions.of(J)
      .map(({ jid }) => jid.full);
    assert.equal(jids.length, 2);
    assert.ok(jids.includes(jidOf(other.end)));
  });

  test('too many devices at once end the stream, but a device’s own ghost does not count', async (t) => {
    const stage = await open(t);
    for (let i = 0; i < 20; i++) await stage.scene.connect(`${J}/d${i}`);
    const wire = stage.dial();
    await wire.opens('example.test');
    const refused = await plain(wire, agent() + BIND);
    assert.deepEqual([refused.name, elements(refused)[0]!.name], ['error', 'resource-constraint']);
    stage.scene.host('example.test').sessions.of(J)[0]!.end('policy-violation', 'make room');
    const first = await enters(stage, agent() + BIND);
    await enters(stage, `${agent()}<bind xmlns='urn:xmpp:bind:0'><tag>New</tag></bind>`);
    assert.equal((await first.wire.element()).name, 'features');
    await first.wire.fails('conflict');
  });

  test('the ends of the archive as of the binding,', async (t) => {
    const stage = await open(t);
    const romeo = await stage.scene.comes(`${R}/orchard`);
    const empty = await enters(stage, agent() + BIND);
    assert.deepEqual(elements(find(bound(empty.end), 'metadata')!), []);
    empty.wire.cut();
    await romeo.sends(`<message to='${J}' type='chat'><body>one</body></message>`);
    await romeo.sends(`<message to='${J}' type='chat'><body>two</body></message>`);
    const { end, wire } = await enters(stage, agent() + BIND);
    await wire.receives('<features/>').catch(() => undefined);
    await romeo.sends(`<message to='${jidOf(end)}' type='chat'><body>three</body></message>`);
    assert.deepEqual(bodies(await wire.all(60)), ['three']);
    const ends = elements(find(bound(end), 'metadata')!);
    assert.deepEqual(
      ends.map(({ name }) => name),
      ['start', 'end'],
    );
    assert.ok(Number(ends[0]!.attrs.id) < Number(ends[1]!.attrs.id));
    assert.match(ends[0]!.attrs.timestamp, /^\d{4}-/);
  });

  test('what waits offline and is in the archive is not given twice; what is not archived is given', async (t) => {
    const stage = await open(t);
    const { scene } = stage;
    const romeo = await scene.comes(`${R}/orchard`);
    await romeo.sends(`<message to='${J}' type='chat'><body>archived</body></message>`);
    await scene.settle();
    const { id } = await scene.account(J);
    const always = { default: 'never', always: [], never: [] } as const;
    await scene.stores.archives.setPreferences(id, always);
    await romeo.sends(`<message to='${J}' type='chat'><body>kept only here</body></message>`);
    await scene.settle();
    const { wire, end } = await enters(stage, agent() + BIND);
    await succeeded(wire, end).catch(() => undefined);
    wire.write('<presence/>');
    assert.deepEqual(bodies(await wire.all(60)), ['kept only here']);
  });
});

describe('XEP-0198 §9: resumption along with the login', () => {
  async function away(stage: Stage, wish = agent() + BIND_ALL.replace(/<inactive.*?>/, '')) {
    const { wire, end } = await enters(stage, wish);
    await wire.element();
    wire.write('<presence/>');
    await wire.element();
    wire.cut();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const romeo = await stage.scene.comes(`${R}/orchard`);
    await romeo.sends(`<message to='${jidOf(end)}' type='chat'><body>wherefore</body></message>`);
    return { token: enabledId(end), jid: jidOf(end) };
  }

  test('the session goes on: no binding, no features, and what was missed', async (t) => {
    const stage = await open(t);
    const { token, jid } = await away(stage);
    const { wire, end } = await enters(stage, agent() + resume(token, 1) + BIND_ALL);
    assert.equal(jidOf(end), jid);
    assert.equal(child(end, 'bound', 'urn:xmpp:bind:0'), undefined);
    assert.deepEqual([find(end, 'resumed')!.attrs.previd, find(end, 'resumed')!.attrs.h], [token, '1']);
    assert.equal(textOf(find(await wire.element(), 'body')), 'wherefore');
    assert.equal(stage.scene.host('example.test').sessions.of(J).length, 1);
  });

  for (const [name, wish, user] of [
    ['SECURITY 26: somebody else’s session', agent(), 'romeo'],
    ['SECURITY 26: the session of another device', agent(LAPTOP), 'juliet'],
  ] as const) {
    test(`${name} is not to be had; a new one is bound instead`, async (t) => {
      const stage = await open(t);
      const { token, jid } = await away(stage);
      const { wire, end } = await enters(stage, wish + resume(token, 0) + BIND, user);
      assert.ok(find(end, 'failed', 'item-not-found'), serialize(end));
      assert.equal(find(end, 'failed')!.attrs.h, undefined);
      assert.notEqual(jidOf(end), jid);
      assert.equal((await wire.element()).name, 'features');
    });
  }

  test('a session that is gone: failed, with the count, and a new one', async (t) => {
    const stage = await open(t);
    const { token } = await away(stage);
    const [session] = stage.scene.host('example.test').sessions.of(J);
    session!.end('policy-violation', 'enough');
    const { end } = await enters(stage, agent() + resume(token, 0) + BIND_ALL);
    assert.equal(find(end, 'failed')!.attrs.h, '1');
    assert.ok(find(bound(end), 'enabled'));
  });

  test('without <bind/> it fails all the same, and the old way of binding is left', async (t) => {
    const stage = await open(t);
    const { wire, end } = await enters(stage, agent() + resume('nonsense', 0));
    assert.equal(jidOf(end), J);
    assert.ok(find(end, 'failed', 'item-not-found'));
    assert.ok(find(await wire.element(), 'bind'));
    assert.equal(await wire.bind('balcony'), `${J}/balcony`);
    assert.ok(stage.scene.host('example.test').sessions.of(J)[0]!.client.device);
  });
});

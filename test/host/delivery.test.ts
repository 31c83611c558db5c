import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Actor } from '../support/actor.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { conditionOf } from '../support/xml.ts';

const MESSAGES = ['normal', 'chat', 'groupchat', 'headline', 'error'] as const;
type Kind = (typeof MESSAGES)[number];

/** RFC 6121 §8.5.4, table 1: ignored, refused, kept for later, or delivered to the devices of these names. */
type Fate = 'ignored' | 'refused' | 'kept' | readonly string[];

interface Row {
  readonly name: string;
  /** Romeo's devices and their priorities; undefined stands for one that never sent presence. */
  readonly devices: Readonly<Record<string, number | undefined>>;
  readonly to: string;
  readonly fates: Readonly<Record<Kind, Fate>>;
}

const BARE = 'romeo@example.test';
const nobody = { normal: 'kept', chat: 'kept', groupchat: 'refused', headline: 'ignored', error: 'ignored' } as const;
const noMatch = { ...nobody, normal: 'refused' } as const;
const toAll = (...names: string[]) =>
  ({ normal: names, chat: names, groupchat: 'refused', headline: names, error: 'ignored' }) as const;
const toOne = (name: string) => Object.fromEntries(MESSAGES.map((type) => [type, [name]])) as Record<Kind, string[]>;

const ROWS: Row[] = [
  { name: 'no device, bare', devices: {}, to: BARE, fates: nobody },
  { name: 'no device, full', devices: {}, to: `${BARE}/gone`, fates: noMatch },
  { name: 'negative only, bare', devices: { attic: -1 }, to: BARE, fates: nobody },
  { name: 'negative only, that one', devices: { attic: -1 }, to: `${BARE}/attic`, fates: toOne('attic') },
  { name: 'negative only, another', devices: { attic: -1 }, to: `${BARE}/gone`, fates: noMatch },
  { name: 'never sent presence, bare', devices: { shy: undefined }, to: BARE, fates: nobody },
  { name: 'never sent presence, that one', devices: { shy: undefined }, to: `${BARE}/shy`, fates: toOne('shy') },
  { name: 'one device, bare', devices: { orchard: 0 }, to: BARE, fates: toAll('orchard') },
  { name: 'one device, that one', devices: { orchard: 5 }, to: `${BARE}/orchard`, fates: toOne('orchard') },
  {
    name: 'one device, another',
    devices: { orchard: 0 },
    to: `${BARE}/gone`,
    fates: { ...noMatch, chat: ['orchard'] },
  },
  {
    name: 'several devices, bare',
    devices: { orchard: 0, street: 7, attic: -1, shy: undefined },
    to: BARE,
    fates: toAll('orchard', 'street'),
  },
  {
    name: 'several devices, one of them',
    devices: { orchard: 0, street: 7, attic: -1 },
    to: `${BARE}/orchard`,
    fates: toOne('orchard'),
  },
  {
    name: 'several devices, another',
    devices: { orchard: 0, street: 7, attic: -1 },
    to: `${BARE}/gone`,
    fates: { ...noMatch, chat: ['orchard', 'street'] },
  },
];

async function devicesOf(scene: Scene, devices: Row['devices']): Promise<Map<string, Actor>> {
  await scene.account(BARE);
  const actors = new Map<string, Actor>();
  for (const [name, priority] of Object.entries(devices)) {
    const actor = await scene.connect(`${BARE}/${name}`);
    if (priority !== undefined) await actor.sends(`<presence><priority>${priority}</priority></presence>`);
    actors.set(name, actor);
  }
  await scene.settle();
  for (const actor of actors.values()) actor.received.length = 0;
  return actors;
}

describe('RFC 6121 §8.5.4: which messages go where', () => {
  for (const { name, devices, to, fates } of ROWS) {
    for (const type of MESSAGES) {
      const fate = fates[type];
      test(`${type}; ${name}: ${typeof fate === 'string' ? fate : fate.join(' and ')}`, async (t) => {
        const scene = await openScene(t);
        const juliet = await scene.connect('juliet@example.test/balcony');
        const actors = await devicesOf(scene, devices);
        await juliet.sends(`<message to='${to}' type='${type}' id='m1'><body>Wherefore?</body></message>`);
        await scene.settle();
        const got = [...actors].filter(([, actor]) => actor.received.length > 0).map(([device]) => device);
        assert.deepEqual(got, typeof fate === 'string' ? [] : fate);
        for (const device of got) {
          await actors
            .get(device)!
            .receives(
              `<message from='juliet@example.test/balcony' type='${type}' id='m1'><body>Wherefore?</body></message>`,
            );
        }
        const back = await juliet.all();
        assert.deepEqual(back.map(conditionOf), fate === 'refused' ? ['service-unavailable'] : []);
        for (const error of back) assert.equal(error.attrs.from, to);
        const kept = await scene.stores.offline.count((await scene.account(BARE)).id);
        assert.equal(kept, fate === 'kept' ? 1 : 0);
      });
    }
  }
});

describe('RFC 6121 §8.5.1: to somebody who does not exist', () => {
  // A message is refused as if nobody was there, so that names cannot be found out by the difference.
  for (const to of ['nobody@example.test', 'nobody@example.test/x']) {
    test(to, async (t) => {
      const scene = await openScene(t);
      const juliet = await scene.connect('juliet@example.test/balcony');
      for (const type of ['', 'unavailable', 'subscribed', 'unsubscribe', 'unsubscribed', 'probe']) {
        await juliet.sends(`<presence to='${to}' ${type === '' ? '' : `type='${type}'`}/>`);
      }
      await juliet.sends(`<message to='${to}' type='error'><error type='cancel'/></message>`);
      await juliet.sends(`<iq to='${to}' type='result' id='r1'/>`);
      await juliet.receivesNothing();
      await juliet.sends(`<message to='${to}' type='chat' id='m1'><body>hello</body></message>`);
      const refusal = await juliet.receives(`<message from='${to}' type='error' id='m1'/>`);
      assert.equal(conditionOf(refusal), 'service-unavailable');
      await juliet.isRefused(`<iq to='${to}' type='get'><query xmlns='urn:x'/></iq>`, 'service-unavailable');
    });
  }
});

test('SECURITY 21: a headline does not tell whether somebody is away, has blocked the sender, or does not exist', async (t) => {
  const scene = await openScene(t);
  await scene.account('away@example.test');
  const blocker = await scene.connect('blocker@example.test/x');
  await blocker.gets("<iq type='set'><block xmlns='urn:xmpp:blocking'><item jid='juliet@example.test'/></block></iq>");
  await blocker.sends('<presence/>');
  const juliet = await scene.connect('juliet@example.test/balcony');
  for (const name of ['nobody', 'away', 'blocker']) {
    for (const body of ['', '<body>news</body>']) {
      await juliet.sends(`<message to='${name}@example.test' type='headline'>${body}</message>`);
    }
  }
  await juliet.receivesNothing();
});

describe('RFC 6121 §8.5.2.1.3, §8.5.3: iq', () => {
  const ask = (to: string, type = 'get') => `<iq to='${to}' type='${type}'><query xmlns='urn:x'/></iq>`;
  test('to a device that is there it is handed over, whatever its presence', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect('juliet@example.test/balcony');
    const romeo = await scene.connect('romeo@example.test/orchard');
    await juliet.sends("<iq to='romeo@example.test/orchard' type='set' id='q1'><query xmlns='urn:x'/></iq>");
    await romeo.receives("<iq from='juliet@example.test/balcony' type='set' id='q1'><query xmlns='urn:x'/></iq>");
    await romeo.sends("<iq to='juliet@example.test/balcony' type='error' id='q1'><error type='cancel'/></iq>");
    await juliet.receives("<iq from='romeo@example.test/orchard' type='error' id='q1'/>");
  });
  test('to a device that is not there it is refused', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect('juliet@example.test/balcony');
    await scene.account(BARE);
    await juliet.isRefused(ask(`${BARE}/gone`), 'service-unavailable');
    await juliet.sends(`<iq to='${BARE}/gone' type='result' id='r1'/>`);
    await juliet.receivesNothing();
  });
  test('to an account the server answers for it, never a device', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await juliet.isRefused(ask(BARE), 'service-unavailable');
    await juliet.sends(`<iq to='${BARE}' type='result' id='r1'/>`);
    await romeo.receivesNothing();
    await juliet.receivesNothing();
  });
  test('without an address it is for one’s own account (RFC 6120 §10.3.3)', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect('juliet@example.test/balcony');
    const refusal = await juliet.isRefused("<iq type='get'><query xmlns='urn:x'/></iq>", 'service-unavailable');
    assert.equal(refusal.attrs.from, 'juliet@example.test');
  });
  test('to the server what nobody owns is refused, a result is swallowed', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect('juliet@example.test/balcony');
    await juliet.isRefused(ask('example.test'), 'service-unavailable');
    await juliet.isRefused(ask('example.test', 'set'), 'service-unavailable');
    await juliet.sends("<iq to='example.test' type='result' id='r1'/>");
    await juliet.sends("<iq to='example.test' type='error' id='r1'/>");
    await juliet.receivesNothing();
  });
});

describe('RFC 6121 §8.5.3.2.2: presence', () => {
  test('to an account reaches its available devices; to a device that one, or nobody', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect('juliet@example.test/balcony');
    const orchard = await scene.comes(`${BARE}/orchard`);
    const attic = await scene.comes(`${BARE}/attic`, '<presence><priority>-1</priority></presence>');
    const shy = await scene.connect(`${BARE}/shy`);
    await scene.settle();
    for (const actor of [orchard, attic, shy]) actor.received.length = 0;
    await juliet.sends(`<presence to='${BARE}'><show>chat</show></presence>`);
    for (const actor of [orchard, attic])
      await actor.receives("<presence from='juliet@example.test/balcony'><show>chat</show></presence>");
    await juliet.sends(`<presence to='${BARE}/attic' type='unavailable'/>`);
    await attic.receives("<presence from='juliet@example.test/balcony' type='unavailable'/>");
    await juliet.sends(`<presence to='${BARE}/gone'/>`);
    for (const actor of [orchard, attic, shy, juliet]) await actor.receivesNothing();
  });
});

test('RFC 6120 §10.4: a message to another domain, which nobody serves, comes back', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect('juliet@example.test/balcony');
  await juliet.sends("<message to='romeo@elsewhere.test' id='m1' type='chat'><body>hi</body></message>");
  const refusal = await juliet.receives("<message from='romeo@elsewhere.test' type='error' id='m1'/>");
  assert.equal(conditionOf(refusal), 'remote-server-not-found');
  await juliet.isRefused("<iq to='elsewhere.test' type='get'><query xmlns='urn:x'/></iq>", 'remote-server-not-found');
});

test('two domains of one house talk to each other', async (t) => {
  const scene = await openScene(t, { domains: ['example.test', 'other.test'] });
  const juliet = await scene.comes('juliet@example.test/balcony');
  const romeo = await scene.comes('romeo@other.test/orchard');
  await romeo.sends("<message to='juliet@example.test' type='chat'><body>hi</body></message>");
  await juliet.receives("<message from='romeo@other.test/orchard' to='juliet@example.test'><body>hi</body></message>");
});

test('unknown payloads pass through untouched', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect('juliet@example.test/balcony');
  const romeo = await scene.comes(`${BARE}/orchard`);
  const payload =
    "<message to='romeo@example.test' type='chat' xml:lang='en' id='x'><body xml:lang='it'>Ciao &amp; <![CDATA[<b>]]> \u{1f600}&#13;</body>" +
    "<p:x xmlns:p='urn:p' p:a='1' b='2&#10;'><p:y/><z xmlns=''>t</z></p:x></message>";
  await juliet.sends(payload);
  await romeo.receives(
    "<message type='chat' xml:lang='en' id='x'><body xml:lang='it'>Ciao &amp; &lt;b&gt; \u{1f600}&#13;</body>" +
      "<x xmlns='urn:p' b='2&#10;'><y/><z xmlns=''>t</z></x></message>",
  );
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, type Element, elements, serialize } from '../../server/xmpp/element.ts';
import { parseJid } from '../../server/xmpp/jid.ts';
import { Stanza } from '../../server/xmpp/stanza.ts';
import type { Actor } from '../support/actor.ts';
import { readsArchive } from '../support/archive.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { conditionOf, find, stanza } from '../support/xml.ts';

const NS = 'http://jabber.org/protocol/address';
const J = 'juliet@example.test';
const R = 'romeo@example.test';
const N = 'nurse@example.test';
const T = 'tybalt@example.test';

const to = (jid: string, type = 'to', more = ''): string => `<address type='${type}' jid='${jid}' ${more}/>`;
const header = (...list: string[]): string => `<addresses xmlns='${NS}'>${list.join('')}</addresses>`;
const message = (content: string, rest = "type='chat' id='m'"): string =>
  `<message to='example.test' ${rest}>${content}<body>feast</body></message>`;

async function cast(scene: Scene): Promise<[juliet: Actor, romeo: Actor, nurse: Actor, tybalt: Actor]> {
  const actors: Actor[] = [];
  for (const jid of [`${J}/balcony`, `${R}/orchard`, `${N}/hall`, `${T}/street`]) actors.push(await scene.comes(jid));
  for (const actor of actors) await actor.all();
  return actors as [Actor, Actor, Actor, Actor];
}

/** `type jid delivered` of each address in what somebody got. */
function addressesOf(element: Element): string[] {
  const list = child(element, 'addresses', NS);
  return elements(list!).map(({ attrs }) => `${attrs.type} ${attrs.jid ?? ''} ${attrs.delivered ?? ''}`.trim());
}

async function conditions(actor: Actor): Promise<(string | undefined)[]> {
  return (await actor.all()).map(conditionOf);
}

test('XEP-0033 §2.1: the domain says that it can', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect(`${J}/balcony`);
  const info = await juliet.gets(
    "<iq type='get' to='example.test'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
  );
  assert.ok(elements(find(info, 'query')!).some(({ attrs }) => attrs.var === NS));
});

describe('XEP-0033 §7: one message for several', () => {
  test('all get it, each with its own address; who is meant in secret is seen by nobody else', async (t) => {
    const scene = await openScene(t);
    const [juliet, romeo, nurse, tybalt] = await cast(scene);
    await juliet.sends(message(header(to(R), to(N, 'cc', "desc='Nurse'"), to(T, 'bcc'), "<address type='noreply'/>")));
    const open = [`to ${R} true`, `cc ${N} true`, 'noreply'];
    for (const [actor, bare, seen] of [
      [romeo, R, open],
      [nurse, N, open],
      [tybalt, T, [...open, `bcc ${T} true`]],
    ] as const) {
      const got = await actor.receives(
        `<message from='${J}/balcony' to='${bare}' type='chat' id='m'><body>feast</body></message>`,
      );
      assert.deepEqual(addressesOf(got), seen);
      await actor.receivesNothing();
    }
    await juliet.receivesNothing();
  });

  test('two who are meant in secret do not see each other', async (t) => {
    const scene = await openScene(t);
    const [juliet, romeo, nurse] = await cast(scene);
    await juliet.sends(message(header(to(R, 'bcc'), to(N, 'bcc'))));
    assert.deepEqual(addressesOf((await romeo.all())[0]!), [`bcc ${R} true`]);
    assert.deepEqual(addressesOf((await nurse.all())[0]!), [`bcc ${N} true`]);
  });

  test('nobody gets it twice, and who was seen to not at all (§4.5)', async (t) => {
    const scene = await openScene(t);
    const [juliet, romeo, nurse] = await cast(scene);
    await juliet.sends(message(header(to(R), to(R, 'cc'), to(R, 'bcc'), to(N, 'to', "delivered='true'"))));
    const got = await romeo.receives('<message><body>feast</body></message>');
    assert.ok(!addressesOf(got).some((one) => one.startsWith('bcc')));
    for (const one of [romeo, nurse]) await one.receivesNothing();
  });

  test('each stands in both archives, and waits for who is away', async (t) => {
    const scene = await openScene(t);
    const [juliet, , nurse] = await cast(scene);
    await scene.account('paris@example.test');
    await juliet.sends(message(header(to(N), to('paris@example.test', 'bcc'))));
    await scene.settle();
    assert.equal((await readsArchive(juliet)).found.length, 2);
    assert.equal((await readsArchive(nurse)).found.length, 1);
    assert.equal(await scene.stores.offline.count((await scene.account('paris@example.test')).id), 1);
    const paris = await scene.comes('paris@example.test/x');
    assert.equal((await readsArchive(paris)).found.length, 1);
  });

  test('what cannot be given to one comes back from that one', async (t) => {
    const scene = await openScene(t);
    const [juliet, romeo, , tybalt] = await cast(scene);
    await scene.stores.blocking.add(tybalt.session.account.id, [J]);
    await juliet.sends(message(header(to(R), to(T), to('nobody@example.test'))));
    await romeo.receives('<message><body>feast</body></message>');
    const errors = (await juliet.all()).map((one) => `${one.attrs.from} ${conditionOf(one)}`);
    assert.deepEqual(errors.sort(), ['nobody@example.test service-unavailable', `${T} service-unavailable`]);
    await tybalt.receivesNothing();
  });

  test('one for somebody directly is not touched (§3)', async (t) => {
    const scene = await openScene(t);
    const [juliet, romeo, nurse] = await cast(scene);
    await juliet.sends(`<message to='${R}' type='chat'>${header(to(N), to(T, 'bcc'))}<body>hi</body></message>`);
    assert.deepEqual(addressesOf((await romeo.all())[0]!), [`to ${N}`, `bcc ${T}`]);
    await nurse.receivesNothing();
  });

  test('a request carries none: it is for the server as it is', async (t) => {
    const scene = await openScene(t);
    const [juliet, romeo] = await cast(scene);
    await juliet.gets(
      `<iq type='get' to='example.test'><query xmlns='jabber:iq:version'>${header(to(R))}</query></iq>`,
    );
    await romeo.receivesNothing();
  });
});

describe('XEP-0033 §6.1: directed presence', () => {
  test('reaches all, and so does the goodbye', async (t) => {
    const scene = await openScene(t);
    const [juliet, romeo, nurse] = await cast(scene);
    await juliet.sends(`<presence to='example.test'>${header(to(R, 'bcc'), to(N, 'bcc'))}</presence>`);
    for (const one of [romeo, nurse]) await one.receives(`<presence from='${J}/balcony'/>`);
    juliet.leaves();
    for (const one of [romeo, nurse]) await one.receives(`<presence from='${J}/balcony' type='unavailable'/>`);
  });

  test('asks nobody for a subscription', async (t) => {
    const scene = await openScene(t);
    const [juliet, romeo] = await cast(scene);
    await juliet.sends(`<presence to='example.test' type='subscribe' id='p'>${header(to(R))}</presence>`);
    assert.deepEqual(await conditions(juliet), ['bad-request']);
    await romeo.receivesNothing();
  });
});

describe('attacks', () => {
  test('amplification: more than fifty addresses go to nobody (§9)', async (t) => {
    const scene = await openScene(t);
    const [juliet, romeo] = await cast(scene);
    const many = Array.from({ length: 50 }, (_, i) => to(`a${i}@example.test`, 'bcc', "delivered='true'"));
    await juliet.sends(message(header(...many, to(R))));
    assert.deepEqual(await conditions(juliet), ['not-acceptable']);
    await romeo.receivesNothing();
    await juliet.sends(message(header(...many.slice(1), to(R))));
    await romeo.receives('<message><body>feast</body></message>');
  });

  test('amplification: a long text for many goes to nobody', async (t) => {
    const scene = await openScene(t);
    const [juliet, romeo] = await cast(scene);
    const many = Array.from({ length: 40 }, (_, i) => to(`a${i}@example.test`));
    const long = `<x xmlns='urn:x'>${'x'.repeat(60_000)}</x>`;
    await juliet.sends(message(header(to(R), ...many) + long));
    assert.deepEqual(await conditions(juliet), ['policy-violation']);
    await romeo.receivesNothing();
    await juliet.sends(message(header(to(R)) + long));
    await romeo.receives('<message><body>feast</body></message>');
  });

  test('a circle: the domain among the recipients, openly or in secret', async (t) => {
    const scene = await openScene(t, { domains: ['example.test', 'other.test'] });
    const [juliet, romeo] = await cast(scene);
    await juliet.sends(message(header(to('example.test', 'bcc'), to('other.test', 'bcc'), to('example.test'), to(R))));
    await romeo.receives('<message><body>feast</body></message>');
    await romeo.receivesNothing();
    assert.equal((await conditions(juliet)).length, 2);
    assert.equal(scene.house.counters.messages, 4);
  });

  for (const [what, content, condition] of [
    ['a second list, where the secret ones would be seen', header(to(R)) + header(to(T, 'bcc')), 'bad-request'],
    ['a type that nobody knows', header(to(R), to(T, 'blind')), 'bad-request'],
    ['two ways to say who', header(`<address type='to' jid='${R}' uri='sip:r@example.test'/>`), 'bad-request'],
    ['an address of another network (§9)', header(to(R), "<address type='to' uri='sip:r@x'/>"), 'jid-malformed'],
    ['no address', header(to(R), "<address type='to' desc='you'/>"), 'jid-malformed'],
    ['a broken address', header(to(R), to('@@')), 'jid-malformed'],
    ['nobody', header(), 'service-unavailable'],
    ['hints alone', header("<address type='noreply'/>"), 'service-unavailable'],
  ] as const) {
    test(`${what}: nobody gets anything`, async (t) => {
      const scene = await openScene(t);
      const [juliet, romeo, , tybalt] = await cast(scene);
      await juliet.sends(message(content));
      assert.deepEqual(await conditions(juliet), [condition]);
      for (const one of [romeo, tybalt]) await one.receivesNothing();
    });
  }

  test('an error that comes with addresses is passed on to nobody', async (t) => {
    const scene = await openScene(t);
    const [juliet, romeo] = await cast(scene);
    await juliet.sends(message(header(to(R)), "type='error'"));
    for (const one of [juliet, romeo]) await one.receivesNothing();
  });

  test('relaying (§2.2): for strangers nothing goes to others than our own people, then to nobody at all', async (t) => {
    const scene = await openScene(t, { domains: ['example.test', 'other.test'] });
    const [, romeo, nurse, tybalt] = await cast(scene);
    const stranger = await scene.comes('paris@other.test/x');
    await stranger.all();
    for (const other of ['mercutio@other.test', 'mercutio@elsewhere.test', 'example.test']) {
      await stranger.sends(message(header(to(R), to(other, 'bcc'))));
      assert.deepEqual(await conditions(stranger), ['forbidden'], other);
    }
    await romeo.receivesNothing();
    // Their server hands over one stanza for our people (§7 step 11); it does not matter whom it gave it to itself.
    await scene.stores.blocking.add(tybalt.session.account.id, ['other.test']);
    await stranger.sends(
      message(header(to('mercutio@other.test', 'to', "delivered='true'"), to(R), to(N, 'bcc'), to(T))),
    );
    const got = await romeo.receives("<message from='paris@other.test/x'><body>feast</body></message>");
    assert.deepEqual(addressesOf(got), ['to mercutio@other.test true', `to ${R} true`, `to ${T} true`]);
    await nurse.receives('<message><body>feast</body></message>');
    await tybalt.receivesNothing();
    assert.deepEqual(await conditions(stranger), ['service-unavailable']);
    await scene.settle();
    assert.equal((await readsArchive(romeo)).found.length, 1, 'and it is kept');
  });

  test('in the name of somebody else: the sender stays who sends', async (t) => {
    const scene = await openScene(t);
    const [juliet, romeo] = await cast(scene);
    await juliet.sends(message(header(to(R), to(N, 'ofrom')), `from='${J}/balcony' type='chat'`));
    await romeo.receives(`<message from='${J}/balcony'/>`);
    await assert.rejects(juliet.sends(message(header(to(R)), `from='${N}/hall'`)), /invalid-from|somebody else/);
  });

  test('an id that the archive of one recipient did not give is taken off for that one', async (t) => {
    const scene = await openScene(t);
    const [juliet, romeo, nurse] = await cast(scene);
    const forged = [R, N].map((by) => `<stanza-id xmlns='urn:xmpp:sid:0' by='${by}' id='666'/>`).join('');
    await juliet.sends(message(header(to(R), to(N)) + forged));
    for (const [actor, bare] of [
      [romeo, R],
      [nurse, N],
    ] as const) {
      const text = serialize((await actor.all())[0]!);
      assert.ok(!text.includes(`by='${bare}' id='666'`), text);
    }
  });
});

test('a message to the domain itself is refused in words (XEP-0506 §4)', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect(`${J}/balcony`);
  await juliet.sends("<message to='example.test' id='m'><body>hello?</body></message>");
  const error = await juliet.receives("<message from='example.test' type='error' id='m'/>");
  assert.equal(conditionOf(error), 'service-unavailable');
  assert.match(serialize(error), /does not read messages/);
  await scene
    .host('example.test')
    .post(new Stanza(stanza("<message type='error'/>"), parseJid('a@elsewhere.test'), parseJid('example.test')));
});

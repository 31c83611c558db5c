import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { serialize } from '../../server/xmpp/element.ts';
import { parseJid } from '../../server/xmpp/jid.ts';
import { Stanza } from '../../server/xmpp/stanza.ts';
import type { Actor } from '../support/actor.ts';
import { readsArchive, stanzaIds } from '../support/archive.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { stanza } from '../support/xml.ts';

const JULIET = 'juliet@example.test';
const ROMEO = 'romeo@example.test';
const FULLTEXT = '{urn:xmpp:fulltext:0}fulltext';

const says = (to: string, id: string, body: string, more = '') =>
  `<message to='${to}' type='chat' id='${id}' xml:lang='en'><body>${body}</body>${more}</message>`;
const retracts = (to: string, what: string, id = 'r1', more = '') =>
  says(to, id, '/me retracted', `<retract xmlns='urn:xmpp:message-retract:1' id='${what}'/>${more}`);

async function both(t: TestContext): Promise<{ scene: Scene; juliet: Actor; romeo: Actor }> {
  const scene = await openScene(t);
  return { scene, juliet: await scene.comes(`${JULIET}/balcony`), romeo: await scene.comes(`${ROMEO}/orchard`) };
}

/** What is in somebody's archive: a body, or †id for a tombstone by the retraction of that id. */
async function kept(who: Actor): Promise<string[]> {
  const { found } = await readsArchive(who);
  return found.map(({ message, body }) => {
    const grave = /<retracted xmlns='urn:xmpp:message-retract:1' id='([^']*)' stamp='20[^']*'\/>/.exec(
      serialize(message),
    );
    return grave === null ? body : `${body}†${grave[1]}`;
  });
}

describe('XEP-0424: retraction', () => {
  test('§5: a tombstone takes the place of the message in both archives, and nobody finds its words', async (t) => {
    const { juliet, romeo } = await both(t);
    await romeo.sends(says(JULIET, 'm1', 'my secret', "<active xmlns='http://jabber.org/protocol/chatstates'/>"));
    await romeo.sends(says(JULIET, 'm2', 'good night'));
    const before = await readsArchive(juliet);
    await romeo.sends(retracts(JULIET, 'm1'));
    await juliet.receives(says('*', 'm1', 'my secret'));
    await juliet.receives(says('*', 'm2', 'good night'));
    await juliet.receives(retracts('*', 'm1'));
    for (const who of [juliet, romeo]) {
      assert.deepEqual(await kept(who), ['†r1', 'good night', '/me retracted']);
      assert.deepEqual((await readsArchive(who, { [FULLTEXT]: 'secret' })).bodies, []);
      assert.deepEqual((await readsArchive(who, { with: who === juliet ? ROMEO : JULIET })).found.length, 3);
    }
    const { found } = await readsArchive(juliet);
    assert.deepEqual([found[0]?.id, found[0]?.time], [before.found[0]?.id, before.found[0]?.time]);
    assert.equal(
      serialize(found[0]!.message).replace(/stamp='[^']*'/, "stamp=''"),
      `<message xmlns='jabber:client' to='${JULIET}' from='${ROMEO}/orchard' type='chat' id='m1'><retracted xmlns='urn:xmpp:message-retract:1' id='r1' stamp=''/></message>`,
    );
  });

  test('from another device of the same person (§6: the same bare address)', async (t) => {
    const { scene, juliet, romeo } = await both(t);
    await romeo.sends(says(`${JULIET}/balcony`, 'm1', 'secret'));
    const street = await scene.comes(`${ROMEO}/street`);
    await street.sends(retracts(JULIET, 'm1'));
    await juliet.all();
    assert.deepEqual(await kept(juliet), ['†r1', '/me retracted']);
  });

  test('what corrected it goes with it (XEP-0308), and of two of one id the newer', async (t) => {
    const { juliet, romeo } = await both(t);
    await romeo.sends(says(JULIET, 'm1', 'first of this id'));
    await romeo.sends(says(JULIET, 'm1', 'secert'));
    await romeo.sends(says(JULIET, 'm3', 'secret', "<replace xmlns='urn:xmpp:message-correct:0' id='m1'/>"));
    await romeo.sends(retracts(JULIET, 'm1'));
    await juliet.all();
    assert.deepEqual(await kept(juliet), ['first of this id', '†r1', '†r1', '/me retracted']);
  });

  test('§6: what waits for somebody who is away is not delivered any more', async (t) => {
    const scene = await openScene(t);
    await scene.account(JULIET);
    const romeo = await scene.comes(`${ROMEO}/orchard`);
    await romeo.sends(says(JULIET, 'm1', 'secret'));
    await romeo.sends(says(JULIET, 'm2', 'good night'));
    await romeo.sends(retracts(JULIET, 'm1'));
    const juliet = await scene.comes(`${JULIET}/balcony`, '<presence><priority>-1</priority></presence>');
    await juliet.sends('<presence/>');
    const got = (await juliet.all()).filter(({ name }) => name === 'message').map(serialize);
    assert.equal(got.length, 2);
    assert.match(got[0]!, /good night/);
    assert.match(got[1]!, /<retract /);
  });

  test('of who keeps no archive: in the other’s', async (t) => {
    const { juliet, romeo } = await both(t);
    await romeo.gets("<iq type='set'><prefs xmlns='urn:xmpp:mam:2' default='never'/></iq>");
    await romeo.sends(says(JULIET, 'm1', 'secret'));
    await romeo.sends(retracts(JULIET, 'm1'));
    await juliet.all();
    assert.deepEqual(await kept(juliet), ['†r1', '/me retracted']);
    assert.deepEqual(await kept(romeo), []);
  });

  test('one that is not archived itself changes nothing (§5: it MUST be in the archive)', async (t) => {
    const { juliet, romeo } = await both(t);
    await romeo.sends(says(JULIET, 'm1', 'secret'));
    await romeo.sends(retracts(JULIET, 'm1', 'r1', "<no-store xmlns='urn:xmpp:hints'/>"));
    await juliet.all();
    assert.deepEqual(await kept(juliet), ['secret']);
  });

  test('once only, not of a retraction, and unknown ids do no harm', async (t) => {
    const { juliet, romeo } = await both(t);
    await romeo.sends(says(JULIET, 'm1', 'secret'));
    await romeo.sends(retracts(JULIET, 'm1', 'r1'));
    for (const [what, id] of [
      ['m1', 'r2'],
      ['r1', 'r3'],
      ['nothing', 'r4'],
      ["a'b", 'r5'],
      ['', 'r6'],
      ['r7', 'r7'],
    ] as const) {
      await romeo.sends(retracts(JULIET, what.replace("'", '&apos;'), id));
    }
    await juliet.all();
    assert.deepEqual(await kept(juliet), ['†r1', ...Array(7).fill('/me retracted')]);
  });
});

describe('XEP-0424 §6, SECURITY 41, 42: attacks', () => {
  test('retraction of somebody else’s message', async (t) => {
    const { scene, juliet, romeo } = await both(t);
    const tybalt = await scene.comes('tybalt@example.test/x');
    await romeo.sends(says(JULIET, 'm1', 'I love thee'));
    await juliet.sends(says(ROMEO, 'm2', 'and I thee'));
    // He was never part of it; she was, but it is not hers.
    await tybalt.sends(retracts(JULIET, 'm1'));
    await tybalt.sends(retracts(ROMEO, 'm1'));
    await juliet.sends(retracts(ROMEO, 'm1'));
    await romeo.sends(retracts(JULIET, 'm2'));
    await juliet.all();
    await romeo.all();
    for (const [who, peer] of [
      [juliet, ROMEO],
      [romeo, JULIET],
    ] as const) {
      const { bodies } = await readsArchive(who, { with: peer });
      assert.deepEqual(bodies, ['I love thee', 'and I thee', '/me retracted', '/me retracted']);
    }
  });

  test('of the id that an archive gave (a forged stanza-id)', async (t) => {
    const { juliet, romeo } = await both(t);
    await juliet.sends(says(ROMEO, 'm1', 'hers'));
    const [given] = stanzaIds((await romeo.all())[0]);
    await romeo.sends(
      says(JULIET, 'm2', 'his', `<stanza-id xmlns='urn:xmpp:sid:0' by='${JULIET}' id='${given!.id}'/>`),
    );
    const [his] = (await juliet.all()).map((one) => stanzaIds(one)[0]);
    for (const id of [given!.id, his!.id]) {
      await romeo.sends(
        retracts(JULIET, id, 'r1', `<stanza-id xmlns='urn:xmpp:sid:0' by='${JULIET}' id='${given!.id}'/>`),
      );
    }
    await juliet.all();
    assert.deepEqual(await kept(juliet), ['hers', 'his', '/me retracted', '/me retracted']);
  });

  test('of a message in another conversation, and of a text that looks like an id', async (t) => {
    const { scene, juliet, romeo } = await both(t);
    await scene.account('nurse@example.test');
    await romeo.sends(says('nurse@example.test', 'm1', 'to the nurse'));
    await juliet.sends(says(ROMEO, 'x', "it says id='m1' "));
    await romeo.sends(says(JULIET, 'y', "and id='m1' "));
    await romeo.sends(retracts(JULIET, 'm1'));
    await romeo.all();
    assert.deepEqual(await kept(romeo), ['to the nurse', "it says id='m1' ", "and id='m1' ", '/me retracted']);
  });

  test('very many: they are looked for no more, and still archived and delivered', async (t) => {
    const { juliet, romeo } = await both(t);
    await romeo.sends(says(JULIET, 'm1', 'kept'));
    for (let n = 0; n < 40; n++) await romeo.sends(retracts(JULIET, `no${n}`, `r${n}`));
    await romeo.sends(retracts(JULIET, 'm1', 'late'));
    assert.equal((await juliet.all()).length, 42);
    assert.equal((await kept(juliet))[0], 'kept');
  });

  test('§6: private messages of a room that does not tell its occupants apart are retracted under the same nickname only', async (t) => {
    const { scene, juliet } = await both(t);
    const inRoom = "<x xmlns='http://jabber.org/protocol/muc#user'/>";
    const whisper = async (nick: string, xml: string): Promise<void> => {
      const from = parseJid(`cave@rooms.elsewhere.test/${nick}`);
      await scene.host('example.test').post(new Stanza(stanza(xml), from, parseJid(`${JULIET}/balcony`)));
      await juliet.all();
    };
    await whisper('Witch', says('*', 'm1', 'secret', inRoom));
    await whisper('Hecate', retracts('*', 'm1', 'r1', inRoom));
    assert.deepEqual(await kept(juliet), ['secret', '/me retracted']);
    await whisper('Witch', retracts('*', 'm1', 'r2', inRoom));
    assert.deepEqual((await kept(juliet))[0], '†r2');
  });
});

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type Element, serialize } from '../../../server/xmpp/element.ts';
import type { Actor } from '../../support/actor.ts';
import { readsArchive, stanzaIds } from '../../support/archive.ts';
import { enter, enters, leave, makes, ROOM, say } from '../../support/rooms.ts';
import { openScene } from '../../support/scene.ts';

const RETRACT = 'urn:xmpp:message-retract:1';
const MODERATE = 'urn:xmpp:message-moderate:1';
const EARLY = 'urn:xmpp:message-moderate:0';
const INFO = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
const FULLTEXT = '{urn:xmpp:fulltext:0}fulltext';

const retracts = (what: string, more = '', id = 'r1') =>
  `<message to='${ROOM}' type='groupchat' id='${id}'><body>/me retracted</body><retract xmlns='${RETRACT}' id='${what}'/>${more}</message>`;
const moderates = (what: string, inner = `<retract xmlns='${RETRACT}'/><reason>Not here.</reason>`) =>
  `<iq type='set' to='${ROOM}'><moderate xmlns='${MODERATE}' id='${what}'>${inner}</moderate></iq>`;

const fastened = (what: string, inner: string) =>
  `<iq type='set' to='${ROOM}'><apply-to xmlns='urn:xmpp:fasten:0' id='${what}'>${inner}</apply-to></iq>`;
const moderatesEarly = (what: string, retract = "<retract xmlns='urn:xmpp:message-retract:0'/>") =>
  fastened(what, `<moderate xmlns='${EARLY}'>${retract}<reason>Not &lt;here&gt;.</reason></moderate>`);

/** Juliet's room, with Romeo and Mercutio in it; Romeo has said a secret, whose id it gives. */
async function garden(t: TestContext, fields: Record<string, string> = {}) {
  const scene = await openScene(t);
  const juliet = await scene.comes('juliet@example.test/balcony');
  const romeo = await scene.comes('romeo@example.test/orchard');
  const mercutio = await scene.comes('mercutio@example.test/street');
  await makes(juliet, 'Juliet', fields);
  await enters(romeo, 'Romeo');
  await enters(mercutio, 'Mercutio');
  const secret = await says(romeo, say('secret'));
  const all = [juliet, romeo, mercutio];
  return { scene, juliet, romeo, mercutio, secret, all, quiet: () => quiet(all) };
}

async function quiet(all: readonly Actor[]): Promise<void> {
  for (const who of all) await who.all();
}

/** Says it, and gives the id that the room gave it. */
async function says(who: Actor, xml: string): Promise<string> {
  await who.all();
  await who.sends(xml);
  const heard = (await who.all()).at(-1);
  return stanzaIds(heard).at(-1)!.id;
}

/** What is in the archive: bodies, or † with the id of the retraction. */
async function kept(who: Actor): Promise<string[]> {
  const { found } = await readsArchive(who, {}, '', ROOM);
  return found.map(({ message, body }) => body + graveIn(message));
}

function graveIn(message: Element): string {
  const grave = /<retracted xmlns='[^']*' id='([^']*)' stamp='20[^']*'/.exec(serialize(message));
  return grave === null ? '' : `†${grave[1]}`;
}

/** What somebody who comes is told of what was said before. */
async function history(who: Actor, nick = 'Nurse'): Promise<string[]> {
  await who.sends(enter(nick));
  const told = (await who.all()).filter(({ name }) => name === 'message').map(serialize);
  await who.sends(leave(nick));
  await who.all();
  return told.filter((one) => !one.includes('<subject'));
}

describe('XEP-0424: retraction in rooms', () => {
  test('§5: a tombstone takes the place of the message in the archive and in the history, everybody is told', async (t) => {
    const { scene, juliet, romeo, mercutio, secret, quiet } = await garden(t);
    await quiet();
    await romeo.sends(retracts(secret));
    for (const who of [juliet, romeo, mercutio]) {
      const [told, ...more] = await who.all();
      assert.deepEqual(more, []);
      assert.match(serialize(told!), new RegExp(`<retract xmlns='${RETRACT}' id='${secret}'/>`));
    }
    assert.deepEqual(await kept(juliet), ['†r1', '/me retracted']);
    assert.deepEqual((await readsArchive(juliet, { [FULLTEXT]: 'secret' }, '', ROOM)).bodies, []);
    const { found } = await readsArchive(juliet, { with: `${ROOM}/Romeo` }, '', ROOM);
    assert.equal(found[0]?.id, secret);
    assert.match(
      serialize(found[0]!.message).replace(/stamp='[^']*'/, ''),
      new RegExp(
        `^<message xmlns='jabber:client' from='${ROOM}/Romeo' type='groupchat' id='secret'>` +
          `<occupant-id [^>]*/><stanza-id [^>]*id='${secret}'/><retracted xmlns='${RETRACT}' id='r1' /></message>$`,
      ),
    );
    const nurse = await scene.comes('nurse@example.test/hall');
    const [grave, retraction] = await history(nurse);
    assert.match(grave!, /<retracted .*<delay/);
    assert.match(retraction!, /<retract .*<delay/);
    assert.doesNotMatch(grave!, /secret<|orchard/);
  });

  test('§5: with what corrected it (XEP-0308), and nothing else under the same id', async (t) => {
    const { romeo, mercutio, juliet } = await garden(t);
    const replace = "<replace xmlns='urn:xmpp:message-correct:0' id='m'/>";
    const saying = (text: string, id: string, more = '') =>
      `<message to='${ROOM}' type='groupchat' id='${id}'><body>${text}</body>${more}</message>`;
    await says(romeo, saying('before', 'm'));
    const first = await says(romeo, saying('wrong', 'm'));
    await says(mercutio, saying('mine', 'x', replace));
    const correction = await says(romeo, saying('still wrong', 'c', replace));
    await says(romeo, saying('another', 'm'));
    await says(romeo, saying('of the other', 'd', replace));
    const all = ['secret', 'before', '†r1', 'mine', '†r1', 'another', 'of the other'];
    for (const id of [correction, first]) {
      await romeo.sends(retracts(id));
      assert.deepEqual((await kept(juliet)).slice(0, all.length), all);
    }
  });

  test('also after a restart, from another device, under another nickname, by the hint not to store it', async (t) => {
    const { scene, juliet, romeo, mercutio, secret, quiet } = await garden(t);
    for (const who of [juliet, romeo, mercutio]) await who.sends(leave('x'));
    await quiet();
    await enters(juliet, 'Juliet');
    const phone = await scene.comes('romeo@example.test/phone');
    await enters(phone, 'Montague');
    await phone.sends(retracts(secret, "<no-store xmlns='urn:xmpp:hints'/>"));
    await juliet.all();
    assert.deepEqual(await kept(juliet), ['†r1', '/me retracted']);
    await quiet();
    const nurse = await scene.comes('nurse@example.test/hall');
    assert.doesNotMatch((await history(nurse)).join(), /<body>secret/);
  });

  test('where nothing is archived, newcomers are not told either', async (t) => {
    const scene = await openScene(t);
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(romeo, 'Romeo');
    await romeo.sends(leave('Romeo'));
    await scene.settle();
    const stored = (await scene.stores.rooms.get('conference.example.test', 'garden'))!;
    await scene.stores.rooms.configure(stored.id, { ...stored.config, archived: false });
    await enters(romeo, 'Romeo');
    const secret = await says(romeo, say('secret'));
    await romeo.sends(retracts(secret));
    const nurse = await scene.comes('nurse@example.test/hall');
    const told = await history(nurse);
    assert.equal(told.length, 2);
    assert.doesNotMatch(told.join(), /<body>secret/);
  });

  test('attack: somebody retracts what another said', async (t) => {
    const { juliet, mercutio, romeo, secret, quiet } = await garden(t);
    await quiet();
    await mercutio.sends(retracts(secret));
    assert.match(serialize((await mercutio.all())[0]!), /type='error'.*<forbidden/);
    assert.deepEqual(await romeo.all(), []);
    assert.deepEqual(await kept(juliet), ['secret']);
  });

  test('attack: under the nickname of an author who has left (§6: the occupant id decides)', async (t) => {
    const { juliet, mercutio, romeo, secret, quiet } = await garden(t);
    await romeo.sends(leave('Romeo'));
    await mercutio.sends(`<presence to='${ROOM}/Romeo'/>`);
    await quiet();
    await mercutio.sends(retracts(secret, "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='forged'/>"));
    assert.match(serialize((await mercutio.all())[0]!), /type='error'.*<forbidden/);
    assert.deepEqual(await kept(juliet), ['secret']);
  });

  test('attack: two retractions in one message, of which clients may read either; ids that are not the room’s', async (t) => {
    const { juliet, mercutio, secret, quiet } = await garden(t);
    const own = await says(mercutio, say('mine'));
    await quiet();
    await mercutio.sends(retracts(own, `<retract xmlns='${RETRACT}' id='${secret}'/>`));
    await mercutio.sends(retracts('secret'));
    await mercutio.sends(retracts(''));
    const answers = (await mercutio.all()).map(serialize);
    for (const [i, condition] of ['bad-request', 'item-not-found', 'item-not-found'].entries())
      assert.match(answers[i]!, new RegExp(`type='error'.*<${condition}`));
    await juliet.receivesNothing();
    assert.deepEqual(await kept(juliet), ['secret', 'mine']);
  });

  test('attack: moderation and tombstones that somebody made themselves are taken out', async (t) => {
    const { juliet, mercutio, quiet } = await garden(t);
    const own = await says(mercutio, say('mine'));
    await quiet();
    const moderated = `<moderated xmlns='${MODERATE}' by='${ROOM}/Juliet'/>`;
    await mercutio.sends(
      `<message to='${ROOM}' type='groupchat' id='r1'><body>x</body><retract xmlns='${RETRACT}' id='${own}'>${moderated}</retract>` +
        `${moderated}<retracted xmlns='${RETRACT}' id='x' stamp='2020-01-01T00:00:00Z'>${moderated}</retracted></message>`,
    );
    const [told] = await juliet.all();
    assert.match(serialize(told!), new RegExp(`<retract xmlns='${RETRACT}' id='${own}'/>`));
    assert.doesNotMatch(serialize(told!), /moderated|retracted/);
    await mercutio.sends(
      `<message to='${ROOM}/Juliet' type='chat' id='r2'><body>x</body><retract xmlns='${RETRACT}' id='${own}'>${moderated}</retract></message>`,
    );
    const [whispered] = await juliet.all();
    assert.doesNotMatch(serialize(whispered!), /moderated/);
  });

  test('attack: a visitor, who may not speak, may not retract either', async (t) => {
    const { scene, juliet, romeo, mercutio, secret } = await garden(t);
    for (const who of [juliet, romeo, mercutio]) await who.sends(leave('x'));
    await scene.settle();
    const stored = (await scene.stores.rooms.get('conference.example.test', 'garden'))!;
    await scene.stores.rooms.configure(stored.id, { ...stored.config, moderated: true });
    await enters(romeo, 'Romeo');
    await romeo.sends(retracts(secret));
    assert.match(serialize((await romeo.all())[0]!), /type='error'.*<forbidden/);
    assert.deepEqual(await kept(romeo), ['secret']);
  });

  test('attack: one occupant retracts another’s private message in its reader’s own archive', async (t) => {
    const { juliet, romeo, mercutio, quiet } = await garden(t);
    const whisper = (id: string, more = '') =>
      `<message to='${ROOM}/Juliet' type='chat' id='${id}'><body>${id}</body>${more}</message>`;
    await romeo.sends(whisper('m1'));
    await juliet.all();
    const own = async () => {
      await juliet.all();
      return (await readsArchive(juliet)).found.map(({ message, body }) => body + graveIn(message));
    };
    await mercutio.sends(whisper('r1', `<retract xmlns='${RETRACT}' id='m1'/>`));
    assert.deepEqual(await own(), ['m1', 'r1']);
    await romeo.sends(`<presence to='${ROOM}/Montague'/>`);
    await quiet();
    await mercutio.sends(`<presence to='${ROOM}/Romeo'/>`);
    await mercutio.sends(whisper('r2', `<retract xmlns='${RETRACT}' id='m1'/>`));
    assert.deepEqual(await own(), ['m1', 'r1', 'r2']);
    await romeo.sends(whisper('r3', `<retract xmlns='${RETRACT}' id='m1'/>`));
    assert.deepEqual(await own(), ['†r3', 'r1', 'r2', 'r3']);
  });

  test('a retraction of what is not known any more goes to those who may have it', async (t) => {
    const { juliet, romeo, quiet } = await garden(t);
    await quiet();
    await romeo.sends(retracts('4096'));
    assert.equal((await juliet.all()).length, 1);
    assert.deepEqual(await kept(juliet), ['secret', '/me retracted']);
  });
});

describe('XEP-0425: moderators retract', () => {
  test('§3, §4: everybody is told by the room who did it and why; a tombstone says the same; both are there after a restart', async (t) => {
    const { scene, juliet, romeo, mercutio, secret, quiet } = await garden(t);
    await quiet();
    await juliet.gets(moderates(secret));
    const seen: string[] = [];
    for (const who of [juliet, romeo, mercutio]) {
      const [told, ...more] = await who.all();
      assert.deepEqual(more, []);
      assert.equal(told!.attrs.from, ROOM);
      seen.push(serialize(told!));
      assert.match(
        seen.at(-1)!,
        new RegExp(
          `<retract xmlns='${RETRACT}' id='${secret}'><moderated xmlns='${MODERATE}' by='${ROOM}/Juliet'>` +
            `<occupant-id xmlns='urn:xmpp:occupant-id:0' id='[^']+'/></moderated><reason>Not here.</reason></retract><apply-to .*</apply-to><stanza-id`,
        ),
      );
    }
    const id = /<message .*? id='([^']*)'/.exec(seen[0]!)![1]!;
    const nurse = await scene.comes('nurse@example.test/hall');
    const before = await history(nurse);
    assert.match(before[0]!, /<retracted .*<moderated .*<reason>Not here\.<.*<delay/);
    const check = async (): Promise<void> => {
      const { found } = await readsArchive(nurse, {}, '', ROOM);
      assert.deepEqual(
        found.map(({ message, body }) => body + graveIn(message)),
        [`†${id}`, ''],
      );
      const grave = serialize(found[0]!.message);
      assert.match(
        grave,
        new RegExp(`<moderated xmlns='${MODERATE}' by='${ROOM}/Juliet'><occupant-id [^>]*/></moderated>`),
      );
      assert.doesNotMatch(grave, /<body|example\.test'>secret/);
      assert.equal(found[0]!.message.attrs.from, `${ROOM}/Romeo`);
      assert.equal(found[1]!.message.attrs.from, ROOM);
    };
    await check();
    for (const who of [juliet, romeo, mercutio]) await who.sends(leave('x'));
    await quiet();
    await check();
    assert.deepEqual(await history(nurse), before);
  });

  test('0.2.1 §3: clients that know moderation as it was ask in their words, and all hear it in theirs, in one message', async (t) => {
    const { scene, juliet, romeo, mercutio, secret, quiet } = await garden(t);
    await quiet();
    await juliet.gets(moderatesEarly(secret));
    for (const who of [juliet, romeo, mercutio]) {
      const [told, ...more] = (await who.all()).map(serialize);
      assert.deepEqual(more, []);
      assert.match(told!, new RegExp(`<retract xmlns='${RETRACT}' id='${secret}'><moderated xmlns='${MODERATE}'`));
      const early =
        `<apply-to xmlns='urn:xmpp:fasten:0' id='${secret}'><moderated xmlns='${EARLY}' by='${ROOM}/Juliet'>` +
        "<retract xmlns='urn:xmpp:message-retract:0'/><reason>Not &lt;here&gt;.</reason></moderated></apply-to>";
      assert.ok(told!.includes(early), told!);
    }
    assert.match((await kept(juliet))[0]!, /^†/);
    const nurse = await scene.comes('nurse@example.test/hall');
    assert.match((await history(nurse)).join(), /<retracted .*<apply-to /);
    for (const feature of [MODERATE, EARLY]) {
      const info = serialize(await juliet.gets(`<iq type='get' to='${ROOM}'>${INFO}</iq>`));
      assert.ok(info.includes(`<feature var='${feature}'/>`));
    }
  });

  test('attack: in those words nobody gets more than in ours, or makes believe that moderators did something', async (t) => {
    const { juliet, romeo, secret, quiet } = await garden(t);
    await quiet();
    await romeo.isRefused(moderatesEarly(secret), 'forbidden');
    for (const [xml, condition] of [
      [moderatesEarly('4096'), 'item-not-found'],
      [moderatesEarly(secret, ''), 'feature-not-implemented'],
      [fastened(secret, "<other xmlns='urn:other'/>"), 'feature-not-implemented'],
    ] as const)
      await juliet.isRefused(xml, condition);
    const moderated = `<moderated xmlns='${EARLY}' by='${ROOM}/Juliet'><retract xmlns='urn:xmpp:message-retract:0'/></moderated>`;
    const lie = `<apply-to xmlns='urn:xmpp:fasten:0' id='${secret}'>${moderated}</apply-to>${moderated}`;
    for (const to of [`to='${ROOM}' type='groupchat'`, `to='${ROOM}/Juliet' type='chat'`]) {
      await romeo.sends(`<message ${to} id='l'><body>x</body>${lie}</message>`);
      assert.doesNotMatch(serialize((await juliet.all()).at(-1)!), /moderated|apply-to/);
    }
    assert.equal((await kept(juliet))[0], 'secret');
  });

  test('attack: who is no moderator, or not in the room with this device, moderates nothing (SECURITY 46)', async (t) => {
    const { scene, juliet, romeo, mercutio, secret, quiet } = await garden(t);
    const owner = await scene.comes('juliet@example.test/chamber');
    await quiet();
    for (const who of [romeo, mercutio, owner, await scene.comes('nurse@example.test/hall')]) {
      await who.isRefused(moderates(secret), 'forbidden');
    }
    await juliet.receivesNothing();
    assert.deepEqual(await kept(juliet), ['secret']);
  });

  test('§3.2: refused is what is not there, what the room said, a subject, and what is not a retraction', async (t) => {
    const { juliet, secret } = await garden(t);
    const subject = await says(juliet, `<message to='${ROOM}' type='groupchat'><subject>Love</subject></message>`);
    for (const id of ['4096', 'secret', '']) await juliet.isRefused(moderates(id), 'item-not-found');
    await juliet.isRefused(moderates(subject), 'not-allowed');
    await juliet.isRefused(moderates(secret, ''), 'feature-not-implemented');
    await juliet.isRefused(
      moderates(secret, `<retract xmlns='${RETRACT}'/><reason>${'x'.repeat(1_001)}</reason>`),
      'not-acceptable',
    );
    await juliet.all();
    await juliet.gets(moderates(secret));
    const notice = stanzaIds((await juliet.all())[0])[0]!.id;
    await juliet.isRefused(moderates(notice), 'not-allowed');
    await juliet.isRefused(moderates(secret), 'conflict');
  });

  test('words in a retraction can be moderated, and it stays a retraction', async (t) => {
    const { juliet, romeo, secret } = await garden(t);
    const abuse = await says(romeo, retracts(secret, '', 'r1').replace('/me retracted', 'worse'));
    await juliet.gets(moderates(abuse));
    await juliet.all();
    const { found, bodies } = await readsArchive(juliet, {}, '', ROOM);
    assert.deepEqual(bodies, ['', '', '']);
    assert.match(serialize(found[1]!.message), new RegExp(`<retract xmlns='${RETRACT}' id='${secret}'/><retracted`));
  });
});

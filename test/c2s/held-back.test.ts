import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { HeldBack } from '../../server/c2s/held-back.ts';
import { serialize } from '../../server/xmpp/element.ts';
import { parseJid } from '../../server/xmpp/jid.ts';
import { Stanza } from '../../server/xmpp/stanza.ts';
import { openScene } from '../support/scene.ts';
import { dial, openDoor } from '../support/wire.ts';
import { find, stanza as read } from '../support/xml.ts';

const J = 'juliet@example.test/balcony';
const EVENT = 'http://jabber.org/protocol/pubsub#event';
const TYPING = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";

function made(xml: string): Stanza {
  const element = read(xml);
  return new Stanza(element, parseJid(element.attrs.from), parseJid(J));
}

/** What of these a client that does not look is sent at once, and what it is sent when it looks. */
function walk(...xml: string[]): { atOnce: string[]; later: string[] } {
  const held = new HeldBack();
  const atOnce = xml.filter((one) => {
    const stanza = made(one);
    return !held.hold(stanza, stanza.text);
  });
  return { atOnce, later: held.release().map(({ stanza }) => stanza.id) };
}

const event = (id: string, from: string, node: string, item: string, more = ''): string =>
  `<message from='${from}' type='headline' id='${id}'><event xmlns='${EVENT}'><items node='${node}'><item id='${item}'/></items></event>${more}</message>`;

test('XEP-0352 §3.2: presence, the newest of each device, in the order of the newest', () => {
  const { atOnce, later } = walk(
    "<presence from='a@b.test/1' id='1'/>",
    "<presence from='a@b.test/2' id='2'/>",
    "<presence from='a@b.test/1' id='3'><show>away</show></presence>",
    "<presence from='a@b.test/2' type='unavailable' id='4'/>",
    "<presence from='room@muc.test/nick' id='5'><x xmlns='http://jabber.org/protocol/muc#user'><item/></x></presence>",
  );
  assert.deepEqual([atOnce, later], [[], ['3', '4', '5']]);
});

test('subscriptions, errors, requests, answers and roster pushes do not wait', () => {
  const all = [
    "<presence from='a@b.test' type='subscribe'/>",
    "<presence from='a@b.test' type='subscribed'/>",
    "<presence from='a@b.test' type='error'/>",
    "<iq from='a@b.test/1' type='get' id='1'/>",
    "<iq from='a@b.test/1' type='result' id='1'/>",
    "<iq from='juliet@example.test' type='set' id='1'><query xmlns='jabber:iq:roster'/></iq>",
  ];
  assert.deepEqual(walk(...all).atOnce, all);
});

test('texts, encrypted or not, calls, invitations, receipts (XEP-0184), markers (XEP-0333) and errors do not wait', () => {
  const all = [
    '<body>x</body>',
    `<body>x</body>${TYPING}`,
    "<encrypted xmlns='eu.siacs.conversations.axolotl'/>",
    "<encrypted xmlns='urn:xmpp:omemo:2'/>",
    "<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>",
    "<retract xmlns='urn:xmpp:jingle-message:0' id='1'/>",
    "<x xmlns='http://jabber.org/protocol/muc#user'><invite/></x>",
    "<x xmlns='jabber:x:conference' jid='room@muc.test'/>",
    "<received xmlns='urn:xmpp:receipts' id='1'/>",
    "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>",
    `${TYPING}<received xmlns='urn:xmpp:receipts' id='1'/>`,
    "<result xmlns='urn:xmpp:mam:2' id='1'/>",
    "<retract xmlns='urn:xmpp:message-retract:1' id='1'/>",
    '<subject>of a chat, not of a room</subject>',
  ].map((inner) => `<message from='a@b.test/1' type='chat'>${inner}</message>`);
  const error = `<message from='a@b.test/1' type='error'>${TYPING}</message>`;
  const groupchat = "<message from='room@muc.test/n' type='groupchat'><subject>s</subject><body>b</body></message>";
  assert.deepEqual(walk(...all, error, groupchat).atOnce, [...all, error, groupchat]);
});

test('typing waits, the newest of each sender, with what may stand beside it', () => {
  const typing = (id: string, from: string, inner = TYPING) =>
    `<message from='${from}' id='${id}' type='chat'>${inner}</message>`;
  const { atOnce, later } = walk(
    typing('1', 'a@b.test/1'),
    typing('2', 'c@d.test/1', `${TYPING}<thread>t</thread><no-store xmlns='urn:xmpp:hints'/>`),
    typing('3', 'a@b.test/1', "<paused xmlns='http://jabber.org/protocol/chatstates'/>"),
  );
  assert.deepEqual([atOnce, later], [[], ['2', '3']]);
});

test('XEP-0163 §4.3: news of people’s nodes wait, the newest of each item', () => {
  const avatar = 'urn:xmpp:avatar:metadata';
  const bookmarks = 'urn:xmpp:bookmarks:1';
  const { atOnce, later } = walk(
    event('1', 'a@b.test', avatar, 'x'),
    event('2', 'a@b.test', bookmarks, 'room1'),
    event('3', 'a@b.test', bookmarks, 'room2'),
    event('4', 'c@b.test', avatar, 'x'),
    event('5', 'a@b.test', avatar, 'x'),
    event('6', 'a@b.test', bookmarks, 'room2').replace('<item ', '<retract '),
  );
  assert.deepEqual([atOnce, later], [[], ['2', '4', '5', '6']]);
});

test('what was read elsewhere, what a service sends, and what has a text, does not wait', () => {
  const all = [
    event('1', 'juliet@example.test', 'urn:xmpp:mds:displayed:0', 'romeo@example.test'),
    event('2', 'pubsub.example.test', 'news', 'x'),
    event('3', 'a@b.test', 'news', 'x', '<body>x</body>'),
    `<message from='a@b.test' type='headline'><event xmlns='${EVENT}'><delete node='n'/></event></message>`,
  ];
  assert.deepEqual(walk(...all).atOnce, all);
});

test('XEP-0045: subjects and others’ coming wait, the end of one’s own joining does not', () => {
  const subject = (id: string) =>
    `<message from='room@muc.test/n' type='groupchat' id='${id}'><subject>${id}</subject></message>`;
  const own =
    "<presence from='room@muc.test/me'><x xmlns='http://jabber.org/protocol/muc#user'><item/><status code='110'/></x></presence>";
  const { atOnce, later } = walk(subject('1'), own, subject('2'));
  assert.deepEqual([atOnce, later], [[own], ['2']]);
});

test('what is held back is bounded, in number and in size', () => {
  const held = new HeldBack();
  const hold = (from: string, status = ''): boolean => {
    const stanza = made(`<presence from='${from}'><status>${status}</status></presence>`);
    return held.hold(stanza, stanza.text);
  };
  let n = 0;
  while (n < 2_000 && hold(`a@b.test/${n}`)) n++;
  assert.equal(n, 500);
  assert.ok(hold('a@b.test/7', 'newer'), 'in the place of an older one');
  held.release();
  n = 0;
  while (n < 2_000 && hold(`a@b.test/${n}`, 'x'.repeat(100_000))) n++;
  assert.ok(n >= 9 && n <= 10, `${n} of 100,000 characters`);
  assert.ok(!hold('a@b.test/0', 'x'.repeat(300_000)), 'nor in the place of an older one');
});

async function phone(t: TestContext) {
  const scene = await openScene(t);
  const romeo = await scene.comes('romeo@example.test/orchard');
  const desk = await scene.comes('juliet@example.test/desk');
  await scene.friends('juliet@example.test', 'romeo@example.test');
  const door = openDoor(t, scene);
  const { wire } = dial(door);
  await wire.binds(J);
  wire.write("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
  const { attrs } = await wire.receives("<enabled xmlns='urn:xmpp:sm:3'/>");
  wire.write("<presence/><iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
  wire.write("<inactive xmlns='urn:xmpp:csi:0'/>");
  await scene.settle();
  await wire.all();
  return { scene, romeo, desk, door, wire, token: attrs.id as string };
}

test('XEP-0280: one’s own typing on another device waits; what one says there does not', async (t) => {
  const { desk, wire } = await phone(t);
  for (const state of ['composing', 'paused', 'composing']) {
    await desk.sends(
      `<message to='romeo@example.test' type='chat'><${state} xmlns='http://jabber.org/protocol/chatstates'/></message>`,
    );
  }
  await wire.receivesNothing();
  await desk.sends(`<message to='romeo@example.test' type='chat'><body>x</body>${TYPING}</message>`);
  const inner = async () => find(await wire.element(), 'sent', 'forwarded', 'message')!;
  const typing = serialize(await inner());
  assert.ok(typing.includes('<composing') && !typing.includes('<body'), typing);
  assert.ok(serialize(await inner()).includes('<body>x</body>'));
});

test('XEP-0352 §5.1: what waited is sent before the answer to what was asked after <active/>', async (t) => {
  const { romeo, wire } = await phone(t);
  await romeo.sends('<presence><show>away</show></presence>');
  await wire.receivesNothing();
  wire.write(
    "<active xmlns='urn:xmpp:csi:0'/><iq type='get' id='ping1' to='example.test'><ping xmlns='urn:xmpp:ping'/></iq>",
  );
  await wire.receives('<presence><show>away</show></presence>');
  await wire.receives("<iq type='result' id='ping1'/>");
});

test('XEP-0352 §5.2: who resumes is active, and gets what waited', async (t) => {
  const { scene, romeo, door, wire, token } = await phone(t);
  await romeo.sends('<presence><show>away</show></presence>');
  await wire.receivesNothing();
  wire.cut();
  await scene.settle();
  await romeo.sends('<presence><show>dnd</show></presence>');
  const { wire: again } = dial(door);
  await again.logsIn('juliet@example.test');
  again.write(`<resume xmlns='urn:xmpp:sm:3' previd='${token}' h='0'/>`);
  const got = await again.all(60);
  const shows = got.filter(({ name }) => name === 'presence').map((one) => find(one, 'show')?.children[0]);
  assert.deepEqual(
    shows.filter((show) => show !== undefined),
    ['dnd'],
  );
  await romeo.sends('<presence><show>xa</show></presence>');
  await again.receives('<presence><show>xa</show></presence>');
});

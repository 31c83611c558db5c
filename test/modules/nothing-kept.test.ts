import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { firstIdAt } from '../../server/storage/archive-id.ts';
import { child, type Element, elements, textOf } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import { archiveQuery, readsArchive } from '../support/archive.ts';
import { enter, enters, leave, makes, ROOM, say } from '../support/rooms.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { find } from '../support/xml.ts';

const J = 'juliet@example.test';
const R = 'romeo@example.test';
const DOMAIN = 'example.test';
/** “Zanzibar” as the index has it. */
const INDEXED = 'zanzibar';
const by = { name: 'olga', door: 'panel' } as const;

async function keeps(scene: Scene, silent: boolean, remove = false): Promise<void> {
  const { rules } = scene.commands.archive;
  const wish = { domain: DOMAIN, kind: 'domain', rule: { days: 0, silent }, remove } as const;
  await rules.set(by, { ...wish, ...(await rules.effect(wish)) });
  await scene.settle();
}

async function onDisk(t: TestContext): Promise<{ scene: Scene; has: (text: string) => Promise<boolean> }> {
  const folder = await mkdtemp(join(tmpdir(), 'hallway-kept-'));
  t.after(() => rm(folder, { recursive: true }));
  const scene = await openScene(t, { file: join(folder, 'hallway.db') });
  const has = async (text: string): Promise<boolean> => {
    for (const name of await readdir(folder)) if ((await readFile(join(folder, name))).includes(text)) return true;
    return false;
  };
  return { scene, has };
}

async function disco(who: Actor, to: string): Promise<string> {
  const answer = await who.gets(
    `<iq type='get' to='${to}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
  );
  return elements(find(answer, 'query')!)
    .filter(({ name }) => name === 'feature')
    .map(({ attrs }) => attrs.var)
    .join(' ');
}

const heard = (elements: readonly Element[]): string[] =>
  elements.filter(({ name }) => name === 'message').flatMap((one) => textOf(child(one, 'body')) || []);

/** The journal is emptied in the next quiet moment, and with it what was there before. */
async function gone(has: (text: string) => Promise<boolean>, text: string): Promise<void> {
  for (let tries = 0; await has(text); tries++) {
    assert.ok(tries < 300, `${text} is there still`);
    await pause(100);
  }
}

const codes = (element: { name: string } & Parameters<typeof elements>[0]): string =>
  elements(find(element, 'x') ?? element)
    .filter(({ name }) => name === 'status')
    .map(({ attrs }) => attrs.code)
    .join(' ');

describe('a domain that keeps nothing', () => {
  test('has no byte of what was said in its files: chats, rooms, links to files; what waited is gone when it was read', async (t) => {
    const { scene, has } = await onDisk(t);
    const juliet = await scene.comes(`${J}/balcony`);
    const romeo = await scene.comes(`${R}/orchard`);
    await juliet.sends(`<message to='${R}' type='chat' id='1'><body>kept-as-a-control Zanzibar</body></message>`);
    scene.stores.archives.settle();
    await scene.settle();
    for (const text of ['kept-as-a-control', INDEXED])
      assert.ok(await has(text), 'what is kept is found by this search');
    await keeps(scene, true, true);

    await juliet.sends(`<message to='${R}' type='chat' id='2'><body>chat-Xq7</body></message>`);
    await juliet.sends(
      `<message to='${R}' type='chat' id='3'><body>https://chat.example.test/file-Xq7.pdf</body>
        <x xmlns='jabber:x:oob'><url>https://chat.example.test/file-Xq7.pdf</url></x></message>`,
    );
    await makes(juliet, 'Juliet');
    await enters(romeo, 'Romeo');
    await juliet.sends(say('room-Xq7'));
    await romeo.sends(`<message to='${ROOM}/Juliet' type='chat' id='4'><body>whisper-Xq7</body></message>`);
    await juliet.sends(
      `<message to='${R}' type='chat' id='5'><retract id='2' xmlns='urn:xmpp:message-retract:1'/><body>taken-Xq7</body></message>`,
    );
    await scene.settle();
    for (const text of ['chat-Xq7', 'file-Xq7', 'room-Xq7', 'whisper-Xq7', 'taken-Xq7']) {
      assert.equal(await has(text), false, text);
    }

    await romeo.sends("<presence type='unavailable'/>");
    await juliet.sends(`<message to='${R}' type='chat' id='6'><body>waits-Xq7</body></message>`);
    await scene.settle();
    assert.ok(await has('waits-Xq7'), 'it is held until it is read');
    await romeo.all();
    await romeo.sends('<presence/>');
    const got = (await romeo.all()).map((one) => textOf(child(one, 'body')));
    assert.ok(got.includes('waits-Xq7'), 'who was away is given it');
    await scene.settle();
    for (const text of ['Xq7', 'kept-as-a-control', 'Zanzibar', INDEXED]) await gone(has, text);
  });

  test('what is older than its days is off the disk, from the index as well, and the rest is there', async (t) => {
    const { scene, has } = await onDisk(t);
    const { id: owner } = await scene.account(J);
    const said = (days: number, text: string): void => {
      const stanza = `<message from='${R}' to='${J}'><body>${text}</body></message>`;
      scene.stores.archives.append(firstIdAt(Date.now() - days * 86_400_000), stanza, [{ owner, peer: R }]);
    };
    said(40, 'old Zanzibar');
    said(20, 'young Quagmire');
    scene.stores.archives.settle();
    await scene.settle();
    for (const text of ['old Zanzibar', INDEXED, 'young Quagmire', 'quagmire']) assert.ok(await has(text), text);
    const wish = { domain: DOMAIN, kind: 'domain', rule: { days: 30, silent: false } } as const;
    const { rules } = scene.commands.archive;
    await rules.set(by, { ...wish, ...(await rules.effect(wish)) });
    for (const text of ['old Zanzibar', INDEXED]) await gone(has, text);
    assert.ok(await has('young Quagmire'));
    const juliet = await scene.connect(`${J}/balcony`);
    assert.deepEqual((await readsArchive(juliet, { '{urn:xmpp:fulltext:0}fulltext': 'quagmire' })).bodies, [
      'young Quagmire',
    ]);
  });

  test('offers no archive, and says so to who asks all the same (XEP-0313 §7)', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes(`${J}/balcony`);
    await makes(juliet, 'Juliet');
    const places = [DOMAIN, J, ROOM];
    for (const place of places) assert.match(await disco(juliet, place), /urn:xmpp:mam:2/, place);
    const before = scene.host(DOMAIN).capabilities.features;
    await keeps(scene, true);
    for (const place of places) assert.doesNotMatch(await disco(juliet, place), /urn:xmpp:(mam|fulltext)/, place);
    assert.notDeepEqual(scene.host(DOMAIN).capabilities.features, before, 'the hash of it changes, too');
    const asked = [
      archiveQuery(),
      archiveQuery({}, '', `to='${ROOM}'`),
      "<iq type='get'><query xmlns='urn:xmpp:mam:2'/></iq>",
      "<iq type='get'><metadata xmlns='urn:xmpp:mam:2'/></iq>",
      "<iq type='get'><prefs xmlns='urn:xmpp:mam:2'/></iq>",
      "<iq type='set'><prefs xmlns='urn:xmpp:mam:2' default='always'/></iq>",
      `<iq type='get' to='${ROOM}'><metadata xmlns='urn:xmpp:mam:2'/></iq>`,
    ];
    for (const xml of asked) await juliet.isRefused(xml, 'service-unavailable');
    await keeps(scene, false);
    for (const place of places) assert.match(await disco(juliet, place), /urn:xmpp:mam:2/, place);
  });

  test('tells who is in a room, and shows newcomers nothing of before (XEP-0045 §10.2.1, §7.2.12)', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes(`${J}/balcony`);
    const romeo = await scene.comes(`${R}/orchard`);
    await makes(juliet, 'Juliet');
    await juliet.sends(say('before'));
    await juliet.all();
    await keeps(scene, true);
    assert.deepEqual((await juliet.all()).map(codes), ['171']);
    await juliet.sends(say('now'));
    await romeo.all();
    await romeo.sends(enter('Romeo'));
    const seen = await romeo.all();
    assert.deepEqual(heard(seen), []);
    assert.ok(!seen.some((one) => codes(one).includes('170')));
    await juliet.all();
    await keeps(scene, false);
    assert.deepEqual((await juliet.all()).map(codes), ['170']);
    assert.deepEqual(
      (await readsArchive(juliet, {}, '', ROOM)).bodies,
      ['before'],
      'what was said meanwhile is nowhere',
    );
    const nurse = await scene.comes('nurse@example.test/kitchen');
    await nurse.sends(enter('Nurse'));
    assert.deepEqual(heard(await nurse.all()), [], 'nor does the room tell newcomers, who remembers it for moderators');
    await nurse.sends(leave('Nurse'));
    await juliet.sends(say('after'));
    await nurse.all();
    await nurse.sends(enter('Nurse'));
    assert.deepEqual(heard(await nurse.all()), ['after']);
  });

  test('leaves what was kept before to its days, when nobody wants it removed', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes(`${J}/balcony`);
    await scene.comes(`${R}/orchard`);
    await juliet.sends(`<message to='${R}' type='chat' id='1'><body>before</body></message>`);
    await keeps(scene, true);
    await juliet.sends(`<message to='${R}' type='chat' id='2'><body>now</body></message>`);
    await keeps(scene, false);
    await juliet.sends(`<message to='${R}' type='chat' id='3'><body>after</body></message>`);
    await scene.settle();
    assert.deepEqual((await readsArchive(juliet)).bodies, ['before', 'after']);
  });

  test('says nothing for another domain of the house, whose people keep what they said and heard', async (t) => {
    const scene = await openScene(t, { domains: [DOMAIN, 'other.test'] });
    const juliet = await scene.comes(`${J}/balcony`);
    const nurse = await scene.comes('nurse@other.test/kitchen');
    await keeps(scene, true);
    await juliet.sends("<message to='nurse@other.test' type='chat' id='1'><body>hello</body></message>");
    await scene.settle();
    assert.deepEqual((await readsArchive(nurse)).bodies, ['hello']);
    await keeps(scene, false);
    assert.deepEqual((await readsArchive(juliet)).bodies, []);
  });
});

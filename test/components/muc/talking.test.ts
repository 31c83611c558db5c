import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { elements, serialize } from '../../../server/xmpp/element.ts';
import { configure, enter, enters, leave, MUC, makes, ROOM, say } from '../../support/rooms.ts';
import { openScene } from '../../support/scene.ts';

const item = (attrs: string, codes: readonly number[] = []): string =>
  `<x xmlns='${MUC}#user'><item ${attrs}/>${codes.map((code) => `<status code='${code}'/>`).join('')}</x>`;

describe('XEP-0045: coming, talking, going', () => {
  test('§10.1: a room is its maker’s alone until it is made', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await juliet.sends(enter('Juliet'));
    await juliet.receives(
      `<presence from='${ROOM}/Juliet'>${item("affiliation='owner' role='moderator'", [201, 110])}</presence>`,
    );
    await juliet.receives(`<message from='${ROOM}' type='groupchat'><subject/></message>`);
    await romeo.sends(enter('Romeo'));
    const [refused] = await romeo.all();
    // §7.2.10: with the sign by which clients know what was refused
    assert.match(
      serialize(refused!),
      /type='error'.*<x xmlns='http:\/\/jabber.org\/protocol\/muc'\/>.*<item-not-found/,
    );
    await juliet.gets(configure());
    await romeo.sends(enter('Romeo'));
    assert.equal((await romeo.all()).length, 3);
  });

  test('§7.2: who enters is shown the others first, then themselves, then the history, then the subject', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet');
    await juliet.sends(say('one'));
    await juliet.sends(`<message to='${ROOM}' type='groupchat'><subject>Love</subject></message>`);
    await juliet.sends(say('two'));
    await juliet.all();
    await romeo.sends(enter('Romeo', "<history maxstanzas='1'/>"));
    await romeo.receives(`<presence from='${ROOM}/Juliet'>${item("affiliation='owner' role='moderator'")}</presence>`);
    await romeo.receives(
      `<presence from='${ROOM}/Romeo'>${item("affiliation='none' role='participant'", [170, 110])}</presence>`,
    );
    const two = await romeo.receives(`<message from='${ROOM}/Juliet' type='groupchat'><body>two</body></message>`);
    assert.match(serialize(two), /<delay [^>]*from='garden@conference\.example\.test'/);
    await romeo.receives(`<message from='${ROOM}/Juliet' type='groupchat'><subject>Love</subject></message>`);
    await juliet.receives(
      `<presence from='${ROOM}/Romeo'>${item("affiliation='none' role='participant' jid='romeo@example.test/orchard'")}</presence>`,
    );
  });

  test('§7.4: what one says all get, from the room, once; SECURITY 42: with ids that only the room gives', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet');
    await enters(romeo, 'Romeo');
    await juliet.all();
    await romeo.sends(
      `<message to='${ROOM}' type='groupchat' id='m'><body>hi</body>` +
        `<stanza-id xmlns='urn:xmpp:sid:0' by='${ROOM}' id='forged'/><stanza-id xmlns='urn:xmpp:sid:0' by='${ROOM}' id='twice'/>` +
        `<occupant-id xmlns='urn:xmpp:occupant-id:0' id='forged'/>` +
        `<delay xmlns='urn:xmpp:delay' from='${ROOM}' stamp='2001-01-01T00:00:00Z'/></message>`,
    );
    for (const one of [juliet, romeo]) {
      const [heard, ...more] = await one.all();
      assert.deepEqual(more, []);
      assert.equal(heard?.attrs.from, `${ROOM}/Romeo`);
      assert.deepEqual(
        elements(heard!).map(({ name }) => name),
        ['body', 'occupant-id', 'stanza-id'],
      );
      assert.doesNotMatch(serialize(heard!), /forged|twice/);
    }
  });

  test('§7.14: who goes is told, and so are the others; a session that ends without a word goes like that', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet');
    await enters(romeo, 'Romeo');
    await juliet.all();
    await romeo.sends(leave('Romeo'));
    const gone = (extra = '', codes: number[] = []): string =>
      `<presence from='${ROOM}/Romeo' type='unavailable'>${item(`affiliation='none' role='none'${extra}`, codes)}</presence>`;
    await romeo.receives(gone('', [110]));
    await juliet.receives(gone(" jid='romeo@example.test/orchard'"));
    await enters(romeo, 'Romeo');
    await juliet.all();
    romeo.leaves();
    await juliet.receives(gone());
  });

  test('a room that nobody is in is let go of, with its history and subject kept', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    await makes(juliet, 'Juliet');
    await juliet.sends(say('one'));
    await juliet.sends(`<message to='${ROOM}' type='groupchat'><subject>Love</subject></message>`);
    await juliet.sends(leave('Juliet'));
    await juliet.all();
    const romeo = await scene.comes('romeo@example.test/orchard');
    await romeo.sends(enter('Romeo'));
    const got = (await romeo.all()).map(serialize);
    assert.equal(got.length, 3, got.join('\n'));
    assert.match(got[1]!, /<body>one<\/body>.*<delay/);
    assert.match(got[2]!, /<subject>Love<\/subject>.*<delay/);
  });
});

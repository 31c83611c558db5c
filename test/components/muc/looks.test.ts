import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serialize } from '../../../server/xmpp/element.ts';
import { enter, enters, leave, makes, ROOM, say } from '../../support/rooms.ts';
import { openScene } from '../../support/scene.ts';
import { conditionOf } from '../../support/xml.ts';

describe('XEP-0045 §14.6, §17.1: what nicknames look like', () => {
  const open = async (t: Parameters<typeof openScene>[0]) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const tybalt = await scene.comes('tybalt@example.test/street');
    await makes(juliet, 'Juliet');
    return { scene, juliet, tybalt };
  };

  test('attack: the name of somebody who is in, with other capitals, wide letters or spaces', async (t) => {
    const { scene, juliet, tybalt } = await open(t);
    for (const nick of ['juliet', 'JULIET', 'Juliet ', ' Juliet', 'Ｊuliet', 'Juliet']) {
      await tybalt.sends(enter(nick));
      assert.equal(conditionOf((await tybalt.all()).at(-1)!), 'conflict', nick);
    }
    await enters(tybalt, 'Tybalt');
    await tybalt.sends(`<presence to='${ROOM}/juliet'/>`);
    assert.equal(conditionOf((await tybalt.all()).at(-1)!), 'conflict', 'not by another name later either');
    const phone = await scene.comes('juliet@example.test/phone');
    await enters(phone, 'juliet');
    await juliet.sends(`<presence to='${ROOM}/JULIET'/>`);
    await juliet.sends(leave('JULIET'));
    await tybalt.all();
    await tybalt.sends(enter('Juliet').replace('/Juliet', '/JuLiet'));
    assert.equal(conditionOf((await tybalt.all()).at(-1)!), 'conflict', 'another device has it still');
    await phone.sends(leave('juliet'));
    await tybalt.all();
    await tybalt.sends(`<presence to='${ROOM}/JuLiet'/>`);
    assert.match(serialize((await tybalt.all()).at(-1)!), /JuLiet.*code='110'/, 'it is free now');
  });

  test('attack: a name that nobody sees', async (t) => {
    const { tybalt } = await open(t);
    for (const nick of [' ', '\u00a0', '\u2800', '\u3000 ', '\u0301']) {
      await tybalt.sends(enter(nick));
      assert.equal(conditionOf((await tybalt.all()).at(-1)!), 'jid-malformed', JSON.stringify(nick));
    }
    await enters(tybalt, '🜲');
  });

  test('attack: a subject with much else beside it, which everybody who comes would get', async (t) => {
    const { juliet, tybalt } = await open(t);
    await enters(tybalt, 'Tybalt');
    await juliet.all();
    const much = 'x'.repeat(20_000);
    for (const beside of [`<subject xml:lang='de'>${much}</subject>`, `<y xmlns='urn:example:y'>${much}</y>`]) {
      await tybalt.sends(`<message to='${ROOM}' type='groupchat'><subject>s</subject>${beside}</message>`);
      assert.equal(conditionOf((await tybalt.all()).at(-1)!), 'not-acceptable');
    }
    assert.deepEqual(await juliet.all(), []);
  });

  test('SECURITY 39, 41: attack: what looks like an archive or like one’s own devices', async (t) => {
    const { juliet, tybalt } = await open(t);
    await enters(tybalt, 'Tybalt');
    await juliet.all();
    const message = "<forwarded xmlns='urn:xmpp:forward:0'><message from='juliet@example.test'/></forwarded>";
    const forged =
      `<result xmlns='urn:xmpp:mam:2' id='1'>${message}</result><fin xmlns='urn:xmpp:mam:2'/>` +
      `<sent xmlns='urn:xmpp:carbons:2'>${message}</sent>`;
    await tybalt.sends(say('hi').replace('</message>', `${forged}</message>`));
    await tybalt.sends(`<message to='${ROOM}/Juliet' type='chat'><body>hi</body>${forged}</message>`);
    await tybalt.sends(`<presence to='${ROOM}/Tybalt'>${forged}</presence>`);
    const heard = (await juliet.all()).map(serialize);
    assert.equal(heard.length, 3);
    for (const one of heard) assert.doesNotMatch(one, /urn:xmpp:(mam|carbons)/);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, type Element, serialize, textOf } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import { itemsOf, lastOf, publishing } from '../support/pubsub-words.ts';
import { openScene, type Scene } from '../support/scene.ts';

const JULIET = 'juliet@example.test';
const ROMEO = 'romeo@example.test';
const NODE = 'urn:xmpp:vcard4';
const NICK = 'http://jabber.org/protocol/nick';
const BY = { name: 'olga', door: 'panel' } as const;
const setCard = (inner: string): string => `<iq type='set'><vCard xmlns='vcard-temp'>${inner}</vCard></iq>`;
const publish = (inner: string, access = ''): string =>
  publishing(NODE, `<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'>${inner}</vcard>`, 'current', access);
const nicknamed = (nick: string, access = ''): string =>
  publishing(NICK, `<nick xmlns='${NICK}'>${nick}</nick>`, 'current', access);

async function cardOf(actor: Actor, owner = JULIET): Promise<string> {
  const answer = await actor.asks(`<iq type='get' to='${owner}'><vCard xmlns='vcard-temp'/></iq>`);
  return answer.attrs.type === 'result' ? serialize(child(answer, 'vCard', 'vcard-temp')!) : 'nothing';
}
const nickOf = async (actor: Actor): Promise<string> => textOf((await lastOf(actor, NICK)) as Element);
async function scenery(scene: Scene): Promise<{ juliet: Actor; romeo: Actor; tybalt: Actor }> {
  await scene.friends(ROMEO, JULIET);
  return {
    juliet: await scene.comes(`${JULIET}/balcony`),
    romeo: await scene.comes(`${ROMEO}/orchard`),
    tybalt: await scene.comes('tybalt@example.test/street'),
  };
}

describe('both kinds of clients see the same person (XEP-0292)', () => {
  test('§3.1, §7: a card in the old format is published in the new one', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo, tybalt } = await scenery(scene);
    await juliet.gets(setCard('<FN>Juliet</FN><EMAIL><USERID>j@example.test</USERID></EMAIL>'));
    await scene.settle();
    const expected =
      "<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'><fn><text>Juliet</text></fn><email><text>j@example.test</text></email></vcard>";
    assert.equal(serialize((await lastOf(romeo, NODE, JULIET))!), expected);
    assert.deepEqual(await itemsOf(tybalt, NODE, JULIET), [], 'a node has no rule for colleagues');
    const info = await juliet.gets(
      `<iq type='get' to='${JULIET}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
    );
    assert.match(serialize(info), /var='urn:ietf:params:xml:ns:vcard-4.0'/);
  });

  test('where everybody may look at cards, strangers may read it, too', async (t) => {
    const scene = await openScene(t);
    const { juliet, tybalt } = await scenery(scene);
    await scene.commands.options.set(BY, 'profile.visible', 'everyone', 'example.test');
    await juliet.gets(setCard('<FN>Juliet</FN>'));
    await scene.settle();
    assert.equal((await itemsOf(tybalt, NODE, JULIET)).length, 1);
  });

  test('a card in the new format is what old clients get, and each keeps what the other cannot say', async (t) => {
    const scene = await openScene(t);
    const { juliet, tybalt } = await scenery(scene);
    await juliet.gets(setCard('<FN>J</FN><LABEL><LINE>Verona</LINE></LABEL>'));
    await scene.settle();
    await juliet.gets(
      publish(
        '<fn><text>Juliet</text></fn><lang><language-tag>it</language-tag></lang><title><text>Heir</text></title>',
        '',
      ),
    );
    await scene.settle();
    assert.equal(
      await cardOf(tybalt),
      "<vCard xmlns='vcard-temp'><LABEL><LINE>Verona</LINE></LABEL><FN>Juliet</FN><TITLE>Heir</TITLE></vCard>",
    );
    await juliet.gets(setCard('<FN>Juliet C.</FN>'));
    await scene.settle();
    const four = serialize((await lastOf(juliet, NODE))!);
    assert.match(four, /<lang>/);
    assert.match(four, /Juliet C\./);
    assert.doesNotMatch(four, /Heir/);
  });

  test('what is published for contacts, colleagues do not get by the old way', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo, tybalt } = await scenery(scene);
    await juliet.gets(publish('<fn><text>Juliet</text></fn>'));
    await scene.settle();
    assert.match(await cardOf(romeo), /Juliet/);
    assert.equal(await cardOf(tybalt), 'nothing');
    await juliet.gets(publish('<fn><text>Julietta</text></fn>'));
    await scene.settle();
    assert.match(await cardOf(romeo), /Julietta/);
    const nurse = await scene.connect('nurse@example.test/x');
    await nurse.gets(publish('<fn><text>Nurse</text></fn>', 'open'));
    await scene.settle();
    assert.match(await cardOf(tybalt, 'nurse@example.test'), /Nurse/);
    const friar = await scene.connect('friar@example.test/x');
    await friar.gets(publish('<fn><text>Laurence</text></fn>', 'whitelist'));
    await scene.settle();
    assert.equal(await cardOf(friar, 'friar@example.test'), 'nothing');
  });

  test('attack: a card that is too long, or none at all, changes nothing', async (t) => {
    const scene = await openScene(t);
    const { juliet } = await scenery(scene);
    await juliet.gets(setCard('<FN>Juliet</FN>'));
    await scene.settle();
    await juliet.gets(publish(`<note><text>${'x'.repeat(40_000)}</text></note>`));
    await juliet.gets(publishing(NODE, "<vcard xmlns='other'><fn><text>Fool</text></fn></vcard>", 'current'));
    await scene.settle();
    assert.equal(await cardOf(juliet), "<vCard xmlns='vcard-temp'><FN>Juliet</FN></vCard>");
  });

  test('attack: somebody else’s node is not published on, and no card changes', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await scenery(scene);
    await juliet.gets(setCard('<FN>Juliet</FN>'));
    await scene.settle();
    const answer = await romeo.asks(
      publish('<fn><text>Fool</text></fn>').replace("<iq type='set'>", `<iq type='set' to='${JULIET}'>`),
    );
    assert.equal(answer.attrs.type, 'error');
    await scene.settle();
    assert.match(await cardOf(romeo), /<FN>Juliet</);
  });
});

describe('nicknames (XEP-0172)', () => {
  test('§3: the nickname on its node and the one in the card are the same', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo, tybalt } = await scenery(scene);
    await juliet.gets(setCard('<FN>Juliet</FN><NICKNAME>JuliC</NICKNAME>'));
    await scene.settle();
    assert.equal(await nickOf(juliet), 'JuliC');
    await juliet.gets(nicknamed('Jule'));
    await scene.settle();
    assert.equal(await cardOf(tybalt), "<vCard xmlns='vcard-temp'><FN>Juliet</FN><NICKNAME>Jule</NICKNAME></vCard>");
    assert.match(serialize((await lastOf(romeo, NODE, JULIET))!), /<nickname><text>Jule<\/text><\/nickname>/);
    await juliet.gets(publish('<fn><text>Juliet</text></fn><nickname><text>Dove</text></nickname>'));
    await scene.settle();
    assert.equal(await nickOf(juliet), 'Dove');
    await juliet.gets(setCard('<FN>Juliet</FN>'));
    await scene.settle();
    assert.equal(await nickOf(juliet), '');
  });

  test('who has no card has one with the nickname, for those who may see the nickname', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo, tybalt } = await scenery(scene);
    await scene.commands.accounts.setName(BY, 'example.test', 'juliet', 'Juliet Capulet');
    await juliet.gets(nicknamed('Jule'));
    await scene.settle();
    assert.match(await cardOf(romeo), /<NICKNAME>Jule<\/NICKNAME>/);
    assert.equal(await cardOf(tybalt), "<vCard xmlns='vcard-temp'><FN>Juliet Capulet</FN></vCard>");
  });

  test('§4.1: a nickname in a subscription request arrives', async (t) => {
    const scene = await openScene(t);
    const tybalt = await scene.comes('tybalt@example.test/street');
    const juliet = await scene.comes(`${JULIET}/balcony`);
    await juliet.sends(
      `<presence type='subscribe' to='tybalt@example.test'><nick xmlns='${NICK}'>Jule</nick></presence>`,
    );
    await tybalt.receives(`<presence type='subscribe' from='${JULIET}'><nick xmlns='${NICK}'>Jule</nick></presence>`);
  });

  test('attack: three copies of a name do not chase each other', async (t) => {
    const scene = await openScene(t);
    const { juliet } = await scenery(scene);
    let published = 0;
    scene.host('example.test').events.add({ published: () => void published++ });
    const tel = '<TEL><WORK/><MSG/><ISDN/><NUMBER>12 34</NUMBER></TEL>';
    await juliet.gets(setCard(`<FN> J </FN>${tel}<NICKNAME> a , b,</NICKNAME><ORG/><GEO><LAT>1</LAT></GEO>`));
    await scene.settle();
    assert.equal(published, 2, 'one card, one nickname');
    await Promise.all(
      [1, 2, 3, 4, 5].map((n) =>
        juliet.asks(
          n % 2
            ? nicknamed(`n${n}`).replace('<iq', `<iq id='n${n}'`)
            : setCard(`<FN>${n}</FN><NICKNAME>c${n}</NICKNAME>`).replace('<iq', `<iq id='c${n}'`),
        ),
      ),
    );
    await scene.settle();
    assert.ok(published <= 2 + 5 * 3, String(published));
    const nick = await nickOf(juliet);
    assert.match(await cardOf(juliet), new RegExp(`<NICKNAME>${nick}<`));
    assert.match(serialize((await lastOf(juliet, NODE))!), new RegExp(`<nickname><text>${nick}<`));
  });
});

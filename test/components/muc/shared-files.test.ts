import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FileLinks } from '../../../server/host/file-links.ts';
import { child } from '../../../server/xmpp/element.ts';
import type { Actor } from '../../support/actor.ts';
import { openScene, type Scene } from '../../support/scene.ts';

const ROOM = 'garden@conference.example.test';
let made = 0;

/** A file of somebody's, as if it had been uploaded; gives the link. */
async function file(scene: Scene, jid: string, who: Actor): Promise<{ readonly link: string; readonly token: string }> {
  const answer = await who.gets(
    "<iq type='get' to='upload.example.test'><request xmlns='urn:xmpp:http:upload:0' filename='a b.jpg' size='5'/></iq>",
  );
  const slot = child(answer, 'slot', 'urn:xmpp:http:upload:0')!;
  const link: string = child(slot, 'get')!.attrs.url;
  const token = link.split('/')[4]!;
  const { id } = await scene.account(jid);
  const row = {
    file: `ab/${++made}`,
    account: id,
    name: 'a',
    type: '',
    bytes: 5,
    purpose: 'message',
    createdAt: 1,
    expiresAt: undefined,
  } as const;
  await scene.stores.uploads.add(token, row);
  return { link, token };
}

const body = (text: string): string => `<body>${text}</body>`;
const oob = (url: string): string => `<x xmlns='jabber:x:oob'><url>${url}</url></x>`;

describe('the room to which a file was shown', () => {
  async function open(t: Parameters<typeof openScene>[0]) {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/phone');
    await juliet.sends(`<presence to='${ROOM}/juliet'><x xmlns='http://jabber.org/protocol/muc'/></presence>`);
    await juliet.all();
    const shows = async (inner: string, type = 'groupchat', to = ROOM) => {
      await juliet.sends(`<message to='${to}' type='${type}'>${inner}</message>`);
      await scene.settle();
    };
    const roomOf = async (token: string) => (await scene.stores.uploads.find(token))?.room;
    return { scene, juliet, shows, roomOf };
  }

  test('is noticed by the link beside the text (XEP-0066), or by a text that is one', async (t) => {
    const { scene, juliet, shows, roomOf } = await open(t);
    const one = await file(scene, 'juliet@example.test', juliet);
    await shows(body(one.link) + oob(one.link));
    assert.equal(await roomOf(one.token), ROOM);
    const other = await file(scene, 'juliet@example.test', juliet);
    await shows(body(` ${other.link}\n`));
    assert.equal(await roomOf(other.token), ROOM);
    await juliet.sends(
      "<presence to='other@conference.example.test/juliet'><x xmlns='http://jabber.org/protocol/muc'/></presence>",
    );
    await juliet.all();
    await shows(body(other.link), 'groupchat', 'other@conference.example.test');
    assert.equal(await roomOf(other.token), ROOM, 'the first counts');
  });

  test('is none for what is shown to a person, named in passing, is not one’s own, or is no link of ours', async (t) => {
    const { scene, juliet, shows, roomOf } = await open(t);
    const { link, token } = await file(scene, 'juliet@example.test', juliet);
    await shows(body(link), 'chat', 'romeo@example.test');
    await shows(body(`look at ${link}`));
    await shows(oob(link.replace('chat.example.test', 'evil.example')));
    await shows(oob(link.replace('https', 'http')));
    await shows(oob(link.replace('/file/', '/upload/')));
    await shows(oob(link.replace(token, `${token}x`)));
    await shows(body(link) + oob('https://elsewhere.example/'));
    await shows(body(link), 'groupchat', 'romeo@example.test');
    await shows(body(link), 'groupchat', 'nobody.example');
    await shows(body(link), 'groupchat', 'never-joined@conference.example.test');
    assert.equal(await roomOf(token), '');
    const romeo = await scene.comes('romeo@example.test/phone');
    await romeo.sends(`<presence to='${ROOM}/romeo'><x xmlns='http://jabber.org/protocol/muc'/></presence>`);
    await romeo.all();
    const his = await file(scene, 'romeo@example.test', romeo);
    await shows(body(his.link));
    assert.equal(await roomOf(his.token), '', 'she did not upload it');
  });

  test('costs messages without a link no look at the base of links', () => {
    let asked = 0;
    const links = new FileLinks(() => {
      asked++;
      return 'https://chat.example.test/';
    });
    for (const text of ['', 'hello', 'http://chat.example.test/file/x', 'geo:45,10', 'HTTPS'])
      assert.equal(links.secretOf(text), undefined);
    assert.equal(asked, 0);
    const secret = 'abcdefghijklmnopqrstuv-_';
    assert.equal(links.secretOf(links.toGet(secret, 'a/b.jpg')), secret);
    assert.equal(links.secretOf(`https://chat.example.test/file/${secret}`), secret);
    assert.equal(links.secretOf(`https://chat.example.test/file/${secret}0/`), undefined);
    assert.equal(links.secretOf(links.toPut(secret, 'a')), undefined);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RoomService } from '../../../server/components/muc/service.ts';
import { sweep } from '../../../server/components/muc/temporary.ts';
import { serialize } from '../../../server/xmpp/element.ts';
import type { Actor } from '../../support/actor.ts';
import { configure, enter, enters, leave, MUC, makes, ROOM, say } from '../../support/rooms.ts';
import { openScene, type Scene } from '../../support/scene.ts';
import { conditionOf, find } from '../../support/xml.ts';

type Context = Parameters<typeof openScene>[0];
const SERVICE = 'conference.example.test';
const OTHER = `cave@${SERVICE}`;

const destroy = (inner = '', attrs = ''): string =>
  `<iq type='set' to='${ROOM}'><query xmlns='${MUC}#owner'><destroy${attrs}>${inner}</destroy></query></iq>`;
const CANCEL = `<iq type='set' to='${ROOM}'><query xmlns='${MUC}#owner'><x xmlns='jabber:x:data' type='cancel'/></query></iq>`;

interface Stage {
  readonly scene: Scene;
  readonly juliet: Actor;
  readonly romeo: Actor;
}

async function open(t: Context, fields: Record<string, string> = {}): Promise<Stage> {
  const scene = await openScene(t);
  const juliet = await scene.comes('juliet@example.test/balcony');
  const romeo = await scene.comes('romeo@example.test/orchard');
  await makes(juliet, 'Juliet', fields);
  await juliet.sends(say('one'));
  await juliet.all();
  return { scene, juliet, romeo };
}

/** The answer to an attempt to come in. */
async function refusal(actor: Actor, inner = ''): Promise<{ condition: string; text: string }> {
  await actor.all();
  await actor.sends(enter('Me', inner));
  const [answer] = await actor.all();
  return { condition: conditionOf(answer!), text: serialize(answer!) };
}

describe('XEP-0045 §10.9: a room is destroyed', () => {
  test('each occupant gets one stanza with all that was said of it, on every device; then there is no room', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    const phone = await scene.comes('romeo@example.test/phone');
    await enters(romeo, 'Romeo');
    await enters(phone, 'Romeo');
    for (const one of [juliet, romeo]) await one.all();
    const { id } = (await scene.stores.rooms.get(SERVICE, 'garden'))!;
    await scene.settle();
    assert.equal((await scene.stores.archives.page(id, { limit: 5, fromEnd: true })).rows.length, 1);
    await juliet.gets(destroy('<password>sesame</password><reason>Macbeth doth come.</reason>', ` jid='${OTHER}'`));
    for (const [actor, nick] of [
      [juliet, 'Juliet'],
      [romeo, 'Romeo'],
      [phone, 'Romeo'],
    ] as const) {
      await actor.receives(
        `<presence type='unavailable' from='${ROOM}/${nick}'><x xmlns='${MUC}#user'><item affiliation='none' role='none'/>` +
          `<destroy jid='${OTHER}'><password>sesame</password><reason>Macbeth doth come.</reason></destroy>` +
          "<status code='110'/></x></presence>",
      );
      await actor.receivesNothing();
    }
    assert.equal(await scene.stores.rooms.get(SERVICE, 'garden'), undefined);
    assert.equal(
      (await scene.stores.archives.page(id, { limit: 5, fromEnd: true })).rows.length,
      0,
      'the archive is gone',
    );
    await romeo.sends(say('hello?'));
    assert.equal(conditionOf((await romeo.all())[0]!), 'gone');
  });

  test('the element is there also when nothing is said of it', async (t) => {
    const { juliet } = await open(t);
    await juliet.gets(destroy());
    const [gone] = await juliet.all();
    assert.deepEqual(find(gone!, 'x', 'destroy')?.children, []);
  });

  test('RFC 6120 §8.3.3.5: who wants to come in later learns that it is gone, why and where to', async (t) => {
    const { juliet, romeo } = await open(t);
    await juliet.gets(destroy('<reason>Macbeth doth come.</reason>', ` jid='${OTHER}'`));
    const { condition, text } = await refusal(romeo);
    assert.equal(condition, 'gone');
    assert.match(text, /<gone [^>]*>xmpp:cave@conference\.example\.test\?join<\/gone>/);
    assert.match(text, /Macbeth doth come\./);
    assert.doesNotMatch(text, /juliet/);
    const info = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
    await romeo.isRefused(`<iq type='get' to='${ROOM}'>${info}</iq>`, 'gone');
  });

  test('attack: nobody takes the name of a destroyed room, its old owner neither, until an administrator frees it', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    await juliet.gets(destroy());
    await juliet.all();
    for (const one of [romeo, juliet]) assert.equal((await refusal(one)).condition, 'gone');
    await scene.stores.retiredRooms.free(SERVICE, 'garden');
    await makes(romeo, 'Romeo');
    assert.equal((await scene.stores.rooms.get(SERVICE, 'garden'))?.createdBy, 'romeo@example.test');
  });

  for (const [what, fields] of Object.entries({
    hidden: { publicroom: '0' },
    'for members': { membersonly: '1' },
    'with a password': { roomsecret: 'x' },
  })) {
    test(`attack: where a room went that was ${what} is told to who had a place in it, and to nobody else`, async (t) => {
      const { scene, juliet, romeo } = await open(t, fields as unknown as Record<string, string>);
      const nurse = await scene.comes('nurse@example.test/phone');
      await juliet.gets(configure({ roomadmins: ['nurse@example.test'] }));
      await juliet.gets(destroy('<reason>Found out.</reason>', ` jid='${OTHER}'`));
      const strange = await refusal(romeo);
      assert.equal(strange.condition, 'gone');
      assert.doesNotMatch(strange.text, /cave|Found/);
      assert.match((await refusal(nurse)).text, /cave@.*Found out/);
      // Whoever has the address of a member next inherits nothing.
      const account = (await scene.stores.accounts.find('example.test', 'nurse'))!;
      await scene.stores.accounts.remove(account);
      assert.equal(await scene.stores.retiredRooms.knew(SERVICE, 'garden', 'nurse@example.test'), false);
    });
  }

  test('only owners destroy: forbidden to admins and strangers, in it or not', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    const nurse = await scene.comes('nurse@example.test/phone');
    await juliet.gets(configure({ roomadmins: ['nurse@example.test'] }));
    await enters(nurse, 'Nurse');
    for (const one of [nurse, romeo]) await one.isRefused(destroy(), 'forbidden');
    await juliet.gets(configure({ roomname: 'still there' }));
  });

  test('an alternate venue that is no room, or this one, and a reason that is too long are refused; the room stays', async (t) => {
    const { juliet } = await open(t);
    await juliet.isRefused(destroy('', " jid='@@'"), 'jid-malformed');
    await juliet.isRefused(destroy('', ` jid='${SERVICE}'`), 'jid-malformed');
    await juliet.isRefused(destroy('', ` jid='${ROOM}'`), 'not-acceptable');
    await juliet.isRefused(destroy(`<reason>${'x'.repeat(1_001)}</reason>`), 'not-acceptable');
    await juliet.gets(configure({ roomname: 'still there' }));
  });

  test('attack: destroyed twice at once, and entered while it goes, it is gone once and for all', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    const twice = ['a', 'b'].map((id) => juliet.sends(destroy().replace('<iq ', `<iq id='${id}' `)));
    const entering = romeo.sends(enter('Romeo'));
    await Promise.all([...twice, entering]);
    assert.equal(conditionOf((await romeo.all())[0]!), 'gone');
    assert.equal((await juliet.all()).filter(({ name }) => name === 'presence').length, 1);
    assert.equal(await scene.stores.rooms.get(SERVICE, 'garden'), undefined);
  });
});

describe('XEP-0045 §10.1: rooms that are not to stay', () => {
  test('§10.1.3: who cancels has no room: destroyed, the name free', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await juliet.sends(enter('Juliet'));
    await juliet.all();
    await juliet.gets(CANCEL);
    await juliet.receives(
      `<presence type='unavailable' from='${ROOM}/Juliet'><x xmlns='${MUC}#user'><item affiliation='none' role='none'/><destroy/></x></presence>`,
    );
    await makes(romeo, 'Romeo');
  });

  test('§10.1.3: with its maker an unfinished room goes, and is said to', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await juliet.sends(enter('Juliet'));
    await juliet.all();
    await juliet.sends(leave('Juliet'));
    await juliet.receives(`<presence type='unavailable'><x xmlns='${MUC}#user'><destroy/></x></presence>`);
    await juliet.isRefused(configure(), 'item-not-found');
    await juliet.sends(enter('Juliet'));
    juliet.leaves();
    await scene.settle();
    await makes(romeo, 'Romeo');
  });

  test('§14.6: a room that nobody finishes is given up after half an hour', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    t.mock.timers.enable({ apis: ['setTimeout'] });
    await juliet.sends(enter('Juliet'));
    await juliet.all();
    t.mock.timers.tick(29 * 60_000);
    await juliet.receivesNothing();
    t.mock.timers.tick(2 * 60_000);
    const [gone] = await juliet.all();
    assert.ok(find(gone!, 'x', 'destroy', 'reason'));
  });

  test('a temporary room vanishes with the last who is in it, its archive too; its name is anybody’s', async (t) => {
    const { scene, juliet, romeo } = await open(t, { persistentroom: '0' });
    const { id } = (await scene.stores.rooms.get(SERVICE, 'garden'))!;
    await juliet.sends(leave('Juliet'));
    await scene.settle();
    assert.equal(await scene.stores.rooms.get(SERVICE, 'garden'), undefined);
    assert.equal((await scene.stores.archives.page(id, { limit: 5, fromEnd: true })).rows.length, 0);
    await makes(romeo, 'Romeo');
    await romeo.gets(configure({ persistentroom: '0' }));
    await romeo.gets(configure({ persistentroom: '1' }));
    await romeo.sends(leave('Romeo'));
    await scene.settle();
    assert.equal((await scene.stores.rooms.get(SERVICE, 'garden'))?.createdBy, 'romeo@example.test');
  });

  test('who comes in while a temporary room goes makes a new one', async (t) => {
    const { scene, juliet, romeo } = await open(t, { persistentroom: '0' });
    scene.db.hold();
    await juliet.sends(leave('Juliet'));
    const coming = romeo.sends(enter('Romeo'));
    scene.db.release();
    await coming;
    const [self] = await romeo.all();
    assert.match(serialize(self!), /affiliation=['"]owner['"].*code=['"]201['"]/);
  });

  test('a temporary room that a crash left behind is found to be gone', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet');
    await juliet.sends(leave('Juliet'));
    await scene.settle();
    const left = (await scene.stores.rooms.get(SERVICE, 'garden'))!;
    await scene.stores.rooms.configure(left.id, { ...left.config, persistent: false });
    await romeo.sends(enter('Romeo'));
    assert.match(serialize((await romeo.all())[0]!), /code=['"]201['"]/);
    assert.equal(await scene.stores.rooms.get(SERVICE, 'garden'), undefined);
  });

  test('what a crash left behind is removed when the house starts, and a room that is in use is not', async (t) => {
    const { scene, juliet } = await open(t, { persistentroom: '0' });
    const { rooms } = scene.host('example.test').components.get(SERVICE) as RoomService;
    const used = (await scene.stores.rooms.get(SERVICE, 'garden'))!;
    await scene.stores.rooms.create({ ...used, id: used.id + 1, name: 'left' }, []);
    await sweep(rooms);
    assert.equal(await scene.stores.rooms.get(SERVICE, 'left'), undefined);
    await juliet.sends(say('still here'));
    assert.equal(find((await juliet.all())[0]!, 'body')?.children[0], 'still here');
    assert.ok((await scene.stores.rooms.get(SERVICE, 'garden')) !== undefined);
  });
});

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { Former } from '../../../server/components/muc/former.ts';
import { serialize } from '../../../server/xmpp/element.ts';
import { admin, askFor, enter, enters, leave, makes, ROOM, roomOf, say, shape } from '../../support/rooms.ts';
import { openScene } from '../../support/scene.ts';
import { conditionOf } from '../../support/xml.ts';

async function open(t: TestContext) {
  const scene = await openScene(t);
  const juliet = await scene.comes('juliet@example.test/balcony');
  const romeo = await scene.comes('romeo@example.test/orchard');
  const nurse = await scene.comes('nurse@example.test/chamber');
  await makes(juliet, 'Juliet');
  await enters(romeo, 'Romeo');
  await enters(nurse, 'Nurse');
  for (const one of [juliet, romeo, nurse]) await one.all();
  return { scene, juliet, romeo, nurse };
}

describe('XEP-0045: attacks on who is what', () => {
  test('SECURITY 46: role change race: what a demoted admin has asked for before is refused when its turn comes', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    await juliet.gets(admin(["jid='romeo@example.test' affiliation='admin'"]));
    await romeo.all();
    scene.db.hold();
    const demotion = juliet.sends(
      admin(["jid='romeo@example.test' affiliation='none'"]).replace('<iq ', "<iq id='a' "),
    );
    const revenge = romeo.sends(
      admin(["jid='nurse@example.test' affiliation='outcast'"]).replace('<iq ', "<iq id='b' "),
    );
    const kick = romeo.sends(admin(["nick='Nurse' role='none'"]).replace('<iq ', "<iq id='c' "));
    scene.db.release();
    await Promise.all([demotion, revenge, kick]);
    const answers = (await romeo.all()).filter(({ name }) => name === 'iq').map(conditionOf);
    assert.deepEqual(answers, ['forbidden', 'forbidden']);
    assert.equal(roomOf(scene).occupants.has('Nurse'), true);
    assert.equal(roomOf(scene).members.has('nurse@example.test'), false);
  });

  test('SECURITY 46: ban evasion: no name, device, spelling of the address or change of nickname gets past a ban', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    await juliet.gets(admin(["jid='ROMEO@Example.Test/anything' affiliation='outcast'"]));
    assert.deepEqual([...roomOf(scene).members.keys()].sort(), ['juliet@example.test', 'romeo@example.test']);
    for (const [device, nick] of [
      ['orchard', 'Romeo'],
      ['orchard', 'Montague'],
      ['phone', 'Nurse'],
      ['phone', 'Juliet'],
    ] as const) {
      const actor = device === 'orchard' ? romeo : await scene.comes(`romeo@example.test/${device}`);
      await actor.all();
      await actor.sends(enter(nick));
      assert.equal(conditionOf((await actor.all())[0]!), 'forbidden', `${device} as ${nick}`);
      await actor.sends(`<presence to='${ROOM}/${nick}'/>`);
      assert.match(serialize((await actor.all())[0]!), /type='unavailable'/, '§7.2.18: nor as clients from before did');
    }
    assert.deepEqual([...roomOf(scene).occupants.keys()].sort(), ['Juliet', 'Nurse']);
  });

  test('SECURITY 46: acting on admins and owners by lesser: neither moderators nor admins touch who is above them', async (t) => {
    const { scene, juliet, romeo, nurse } = await open(t);
    await juliet.gets(admin(["jid='romeo@example.test' affiliation='admin'"]));
    await juliet.gets(admin(["nick='Nurse' role='moderator'"]));
    for (const [who, whom] of [
      [nurse, 'Romeo'],
      [nurse, 'Juliet'],
      [romeo, 'Juliet'],
    ] as const) {
      await who.isRefused(admin([`nick='${whom}' role='none'`]), 'not-allowed');
      await who.isRefused(admin([`nick='${whom}' role='visitor'`]), 'not-allowed');
      await who.isRefused(admin([`nick='${whom}' role='participant'`]), 'not-allowed');
      for (const affiliation of ['outcast', 'none', 'member', 'admin', 'owner']) {
        const answer = await who.asks(admin([`nick='${whom}' affiliation='${affiliation}'`]));
        assert.match(conditionOf(answer), /^(forbidden|not-allowed)$/, `${who.jid} makes ${whom} ${affiliation}`);
      }
    }
    // Nor is anybody raised that way, oneself least of all.
    for (const own of ["jid='romeo@example.test' affiliation='owner'", "nick='Romeo' affiliation='owner'"]) {
      await romeo.isRefused(admin([own]), 'forbidden');
    }
    await nurse.isRefused(admin(["jid='nurse@example.test' affiliation='member'"]), 'forbidden');
    const room = roomOf(scene);
    assert.deepEqual(
      [...room.occupants.values()].map(({ role }) => role),
      ['moderator', 'moderator', 'moderator'],
    );
    assert.equal(room.members.get('juliet@example.test')?.affiliation, 'owner');
    assert.equal(room.members.get('romeo@example.test')?.affiliation, 'admin');
  });

  test('SECURITY 46: who comes in while their ban is being written is out when it is', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    await romeo.sends(leave('Romeo'));
    await romeo.all();
    scene.db.hold();
    const ban = juliet.sends(admin(["jid='romeo@example.test' affiliation='outcast'"]).replace('<iq ', "<iq id='a' "));
    await romeo.sends(enter('Romeo'));
    scene.db.release();
    await ban;
    assert.equal(roomOf(scene).occupants.has('Romeo'), false);
    assert.match((await romeo.all()).map(serialize).join(), /code='301'/);
  });

  test('SECURITY 46: a change that could not be written has not happened', async (t) => {
    const { scene, juliet, romeo, nurse } = await open(t);
    const { rooms } = scene.stores;
    t.mock.method(rooms, 'affiliate', async () => {
      throw new Error('the disk is full');
    });
    const errors = scene.errors.length;
    await juliet.isRefused(admin(["jid='romeo@example.test' affiliation='outcast'"]), 'internal-server-error');
    scene.errors.splice(errors);
    await romeo.receivesNothing();
    await nurse.receivesNothing();
    assert.equal(roomOf(scene).members.size, 1);
  });

  test('SECURITY 45: lists of members, admins and owners are not for everybody, nor for outcasts and strangers', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    const stranger = await scene.comes('paris@example.test/hall');
    await juliet.gets(admin(["jid='banned@example.test' affiliation='outcast'"]));
    for (const open of [false, true]) {
      shape(scene, { openAddresses: open, membersOnly: open });
      for (const who of [romeo, stranger]) {
        for (const affiliation of ['member', 'admin', 'owner', 'outcast']) {
          const told = await who.isRefused(askFor(`affiliation='${affiliation}'`), 'forbidden');
          assert.doesNotMatch(serialize(told), /juliet@|banned@/);
        }
        for (const role of ['moderator', 'participant', 'visitor'])
          await who.isRefused(askFor(`role='${role}'`), 'forbidden');
      }
    }
    // §9.5, memberList: as the owner has set it.
    shape(scene, { openAddresses: true, membersOnly: false });
    await romeo.gets(askFor("affiliation='owner'"));
    await stranger.isRefused(askFor("affiliation='owner'"), 'forbidden');
    shape(scene, { memberList: ['moderator'] });
    await romeo.isRefused(askFor("affiliation='owner'"), 'forbidden');
  });

  test('SECURITY 50: whoever gets the address of an account that was removed is nobody in the room', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    await juliet.gets(
      admin([
        "jid='romeo@example.test' affiliation='owner' nick='Romeo'",
        "jid='nurse@example.test' affiliation='outcast'",
      ]),
    );
    const before = roomOf(scene).occupants.get('Romeo')!.id;
    const by = { name: 'admin', door: 'panel' } as const;
    for (const local of ['romeo', 'nurse']) {
      await scene.commands.accounts.remove(by as never, 'example.test', local, `${local}@example.test`);
    }
    await scene.settle();
    assert.ok(romeo.ended);
    const room = roomOf(scene);
    assert.deepEqual([...room.occupants.keys()], ['Juliet']);
    assert.equal(room.members.has('romeo@example.test'), false);
    const heir = await scene.comes('romeo@example.test/new');
    await enters(heir, 'Romeo');
    assert.notEqual(room.occupants.get('Romeo')?.id, before, 'what the old one wrote is not the new one’s (XEP-0421)');
    assert.equal(room.occupants.get('Romeo')?.role, 'participant');
    await heir.isRefused(admin(["jid='juliet@example.test' affiliation='none'"]), 'forbidden');
    const former = new Former(scene.stores.accounts, 'example.test');
    await former.known();
    assert.notEqual(former.whoIs('romeo@example.test'), 'romeo@example.test', 'also after a restart');
    for (const other of ['juliet@example.test', 'romeo@example.org', 'example.test'])
      assert.equal(former.whoIs(other), other);
    const rows = await scene.stores.rooms.members(room.id);
    assert.deepEqual(
      rows.map(({ jid, affiliation }) => [jid, affiliation]),
      [
        ['juliet@example.test', 'owner'],
        ['nurse@example.test', 'outcast'],
      ],
    );
  });

  test('SECURITY 50: a change that was under way does not bring a removed account back', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    const account = await scene.account('romeo@example.test');
    await juliet.gets(admin(["jid='romeo@example.test' affiliation='member'"]));
    scene.db.hold();
    const raise = juliet.sends(admin(["jid='romeo@example.test' affiliation='owner'"]).replace('<iq ', "<iq id='a' "));
    scene.host('example.test').events.emit('removed', { account });
    assert.equal(roomOf(scene).members.has('romeo@example.test'), false, 'at once');
    scene.db.release();
    await raise;
    await scene.settle();
    assert.equal(roomOf(scene).members.has('romeo@example.test'), false);
    const rows = await scene.stores.rooms.members(roomOf(scene).id);
    assert.deepEqual(
      rows.map(({ jid }) => jid),
      ['juliet@example.test'],
    );
    await romeo.all();
  });

  test('a note of an affiliation is not a way to write to the whole world', async (t) => {
    const { scene, juliet } = await open(t);
    const sent: string[] = [];
    scene.house.router.add('example.net', {
      title: '',
      accept: (stanza: { text: string }) => void sent.push(stanza.text),
    } as never);
    for (let round = 0; round < 3; round++) {
      await juliet.gets(
        admin(Array.from({ length: 40 }, (_, i) => `jid='p${round}-${i}@example.net' affiliation='member'`)),
      );
    }
    await scene.settle();
    assert.equal(sent.length, 50);
    await juliet.sends(say('x'));
  });
});

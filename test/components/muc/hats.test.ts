import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RoomService } from '../../../server/components/muc/service.ts';
import { child, serialize } from '../../../server/xmpp/element.ts';
import { enters, leave, makes, ROOM, roomOf } from '../../support/rooms.ts';
import { openScene } from '../../support/scene.ts';

const HAT = 'http://tech.example.test/hats#Assistant';

function command(name: string, fields?: Record<string, string>, attributes = "action='execute'"): string {
  const all = Object.entries(fields ?? {}).map(
    ([key, value]) => `<field var='hats#${key}'><value>${value}</value></field>`,
  );
  const type = "<field var='FORM_TYPE'><value>urn:xmpp:hats:commands</value></field>";
  const form = fields === undefined ? '' : `<x xmlns='jabber:x:data' type='submit'>${type}${all.join('')}</x>`;
  return `<iq type='set' to='${ROOM}'><command xmlns='http://jabber.org/protocol/commands' node='urn:xmpp:hats:commands:${name}' ${attributes}>${form}</command></iq>`;
}

describe('XEP-0317: hats', () => {
  const open = async (t: Parameters<typeof openScene>[0]) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet');
    await enters(romeo, 'Romeo');
    await juliet.all();
    return { scene, juliet, romeo };
  };

  test('§3.2, §3.5: a hat is made and given, and presence shows it, now and to who comes later', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    const asked = serialize(await juliet.gets(command('create')));
    assert.match(asked, /status='executing'.*hats#title.*hats#uri.*hats#hue/);
    const made = await juliet.gets(command('create', { title: 'Assistant', uri: HAT, hue: '327.255249' }));
    assert.match(serialize(made), /status='completed'/);
    assert.match((await romeo.all()).map(serialize).join(), /type='groupchat'.*code='104'/);
    assert.match(serialize(await juliet.gets(command('assign'))), /option label='Assistant'/);
    await juliet.gets(command('assign', { jid: 'romeo@example.test', uri: HAT }));
    const worn = `<hats xmlns='urn:xmpp:hats:0'><hat title='Assistant' uri='${HAT}' hue='327.255249'/></hats>`;
    await romeo.receives(`<presence from='${ROOM}/Romeo'>${worn}</presence>`);
    const paris = await scene.comes('paris@example.test/hall');
    await enters(paris, 'Paris');
    await romeo.sends(`<presence to='${ROOM}/Romeo'><show>away</show></presence>`);
    assert.ok(serialize((await paris.all())[0]!).includes(worn));
    const assigned = serialize(await juliet.gets(command('list-assigned')));
    assert.match(assigned, /romeo@example\.test.*Assistant/);
    assert.match(serialize(await romeo.gets(command('list'))), /Assistant/);
  });

  test('§3.6, §3.3: a hat is taken off, and a destroyed one is off everybody', async (t) => {
    const { juliet, romeo } = await open(t);
    await juliet.gets(command('create', { title: 'Assistant', uri: HAT, hue: '' }));
    for (const jid of ['romeo@example.test', 'juliet@example.test/x'])
      await juliet.gets(command('assign', { jid, uri: HAT }));
    await romeo.all();
    await juliet.gets(command('unassign', { jid: 'romeo@example.test', uri: HAT }));
    assert.equal(child((await romeo.all())[0]!, 'hats', 'urn:xmpp:hats:0'), undefined);
    await juliet.gets(command('destroy', { uri: HAT }));
    const seen = (await romeo.all()).find(({ attrs }) => attrs.from === `${ROOM}/Juliet`);
    assert.equal(child(seen!, 'hats', 'urn:xmpp:hats:0'), undefined);
    await juliet.isRefused(command('assign', { jid: 'romeo@example.test', uri: HAT }), 'item-not-found');
  });

  test('hats are kept with the room, and go with the account', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    await juliet.gets(command('create', { title: 'Assistant', uri: HAT, hue: '' }));
    await juliet.gets(command('assign', { jid: 'romeo@example.test', uri: HAT }));
    await juliet.sends(leave('Juliet'));
    await romeo.sends(leave('Romeo'));
    await scene.settle();
    assert.throws(() => roomOf(scene));
    await enters(juliet, 'Juliet');
    assert.deepEqual([...roomOf(scene).hats.worn()], [{ jid: 'romeo@example.test', uri: HAT }]);
    const by = { name: 'admin', door: 'panel' } as const;
    await scene.commands.accounts.remove(by as never, 'example.test', 'romeo', 'romeo@example.test');
    await scene.settle();
    assert.deepEqual([...roomOf(scene).hats.worn()], []);
    assert.deepEqual((await scene.stores.roomHats.of(roomOf(scene).id)).worn, []);
  });

  test('SECURITY 46: nobody makes, gives or wears a hat but by the room’s admins', async (t) => {
    const { juliet, romeo } = await open(t);
    await juliet.gets(command('create', { title: 'Assistant', uri: HAT, hue: '' }));
    for (const name of ['create', 'destroy', 'assign', 'unassign', 'list-assigned']) {
      await romeo.isRefused(command(name), 'forbidden');
      await romeo.isRefused(command(name, { jid: 'romeo@example.test', uri: HAT, title: 'x' }), 'forbidden');
    }
    await juliet.all();
    await romeo.sends(
      `<presence to='${ROOM}/Romeo'><hats xmlns='urn:xmpp:hats:0'><hat title='Assistant' uri='${HAT}'/></hats></presence>`,
    );
    assert.equal(child((await juliet.all())[0]!, 'hats', 'urn:xmpp:hats:0'), undefined);
  });

  test('attack: the longest list of who wears what, asked for without end', async (t) => {
    const { scene, juliet } = await open(t);
    await juliet.gets(command('create', { title: 'Assistant', uri: HAT }));
    const { hats } = roomOf(scene);
    for (let i = 0; i < 2_000; i++) hats.assign({ jid: `guest${i}@example.test`, uri: HAT });
    await juliet.isRefused(command('assign', { jid: 'romeo@example.test', uri: HAT }), 'resource-constraint');
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const list = serialize(await juliet.gets(command('list-assigned')));
    assert.equal(list.split('<item>').length, 2_001);
    const service = scene.host('example.test').components.get('conference.example.test') as unknown as RoomService;
    service.rooms.pace.lists(juliet.session.jid, 297_000); // as if she had asked many times
    await juliet.isRefused(command('list-assigned'), 'resource-constraint');
  });

  test('hats are few and short, and what is no command is refused', async (t) => {
    const { juliet } = await open(t);
    for (const wrong of [
      { title: '', uri: HAT },
      { title: 'x'.repeat(101), uri: HAT },
      { title: 'x', uri: 'no uri' },
      { title: 'x', uri: `http://x/${'y'.repeat(500)}` },
      { title: 'x', uri: HAT, hue: '400' },
    ]) {
      await juliet.isRefused(command('create', wrong), 'not-acceptable');
    }
    for (let i = 0; i < 100; i++) await juliet.gets(command('create', { title: `${i}`, uri: `urn:hat:${i}` }));
    await juliet.isRefused(command('create', { title: 'x', uri: 'urn:hat:x' }), 'resource-constraint');
    for (let i = 0; i < 20; i++) await juliet.gets(command('assign', { jid: 'a@b.example', uri: `urn:hat:${i}` }));
    await juliet.isRefused(command('assign', { jid: 'a@b.example', uri: 'urn:hat:20' }), 'resource-constraint');
    await juliet.isRefused(command('wear'), 'item-not-found');
    await juliet.isRefused(command('assign', { jid: 'example.org', uri: 'urn:hat:0' }), 'jid-malformed');
    assert.match(serialize(await juliet.gets(command('create', undefined, "action='cancel'"))), /status='canceled'/);
    // Whatever follows for all who wear one, as a new configuration does.
    for (let i = 0; i < 20; i++) await juliet.gets(command('create', { title: `${i}x`, uri: 'urn:hat:0' }));
    await juliet.isRefused(command('create', { title: 'x', uri: 'urn:hat:0' }), 'policy-violation');
    await juliet.isRefused(command('destroy', { uri: 'urn:hat:0' }), 'policy-violation');
  });
});

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { RoomAffiliation, RoomConfig } from '../../../server/storage/stores/rooms.ts';
import { serialize } from '../../../server/xmpp/element.ts';
import { refused } from '../../support/refused.ts';
import { enter, enters, makes, ROOM, say } from '../../support/rooms.ts';
import { openScene, type Scene } from '../../support/scene.ts';

const by = { name: 'olga', door: 'panel' } as const;
const DOMAIN = 'example.test';

/** A house with Juliet in it. */
async function openHouse(t: TestContext): Promise<Scene> {
  const scene = await openScene(t);
  await scene.account('juliet@example.test');
  return scene;
}

async function audited(scene: Scene): Promise<string[]> {
  const { rows } = await scene.commands.audit.page(undefined, 100);
  return rows.map((row) => `${row.action} ${row.subject} ${JSON.stringify(row.detail)}`).reverse();
}

describe('administrators and rooms', () => {
  test('a room that was made is there for its owner, who need not make it again (§10.1.2)', async (t) => {
    const scene = await openHouse(t);
    const { rooms } = scene.commands;
    const wish = { name: 'Garden', owner: 'juliet', title: 'The garden', membersOnly: true, password: 'rose' };
    const made = await rooms.create(by, DOMAIN, wish);
    assert.deepEqual(
      [made.room.jid, made.room.title, made.config.membersOnly, made.config.hasPassword, made.config.persistent],
      [ROOM, 'The garden', true, true, true],
    );
    assert.equal('password' in made.config, false);
    const juliet = await scene.comes('juliet@example.test/balcony');
    await juliet.sends(enter('Juliet'));
    const [self] = await juliet.all();
    assert.match(serialize(self!), /affiliation="owner"|affiliation='owner'/);
    assert.doesNotMatch(serialize(self!), /201/);
    assert.deepEqual(await audited(scene), [
      `room.create ${ROOM} ${JSON.stringify({ owner: 'juliet@example.test', title: 'The garden', membersOnly: 'on', password: 'changed' })}`,
    ]);
  });

  test('what cannot be made is refused, and nothing is audited', async (t) => {
    const scene = await openHouse(t);
    const { rooms } = scene.commands;
    const juliet = await scene.comes('juliet@example.test/balcony');
    await juliet.sends(enter('Juliet'));
    await assert.rejects(rooms.get(DOMAIN, 'garden'), refused('room-not-found'), '§10.1.3: it is its maker’s alone');
    const wishes: [string, string, string, string | undefined][] = [
      ['garden', 'juliet', 'room-exists', 'name'],
      ['a b', 'juliet', 'invalid', 'name'],
      ['', 'juliet', 'invalid', 'name'],
      ['hall', 'juliet@example.test/balcony', 'invalid', 'owner'],
      ['hall', 'spy@elsewhere.test', 'account-not-found', 'owner'],
      ['hall', 'nobody', 'account-not-found', 'owner'],
    ];
    for (const [name, owner, code, field] of wishes) {
      await assert.rejects(rooms.create(by, DOMAIN, { name, owner }), refused(code, field), `${name} ${owner}`);
    }
    await assert.rejects(rooms.create(by, 'elsewhere.test', { name: 'x', owner: 'x' }), refused('domain-not-found'));
    await assert.rejects(rooms.configure(by, DOMAIN, 'hall', { title: 'x' }), refused('room-not-found'));
    assert.deepEqual(await audited(scene), []);
  });

  test('of two who make the same room at once, one is told that it is there', async (t) => {
    const scene = await openHouse(t);
    const { rooms } = scene.commands;
    const make = () => rooms.create(by, DOMAIN, { name: 'garden', owner: 'juliet' });
    const made = await Promise.allSettled([make(), make(), make()]);
    const lost = made.filter((one) => one.status === 'rejected');
    assert.equal(lost.length, 2);
    for (const { reason } of lost) refused('room-exists', 'name')(reason);
    assert.equal((await rooms.list(DOMAIN)).rooms.length, 1);
  });

  test('the list is by name, in pages, and by words of name, title and description', async (t) => {
    const scene = await openHouse(t);
    const { rooms } = scene.commands;
    for (const [name, title, description] of [
      ['cellar', 'Wine', ''],
      ['attic', '', 'Old WINE bottles'],
      ['winery', 'Wine tasting', ''],
      ['hall', '', ''],
    ] as const) {
      await rooms.create(by, DOMAIN, { name, owner: 'juliet', title, description });
    }
    const first = await rooms.list(DOMAIN, { limit: 3 });
    assert.deepEqual(
      [first.rooms.map(({ name }) => name), first.total, first.next],
      [['attic', 'cellar', 'hall'], 4, 'hall'],
    );
    const second = await rooms.list(DOMAIN, { limit: 3, after: first.next! });
    assert.deepEqual([second.rooms.map(({ name }) => name), second.next], [['winery'], null]);
    const found = async (search: string, limit = 50) =>
      (await rooms.list(DOMAIN, { search, limit })).rooms.map(({ name }) => name);
    assert.deepEqual(await found('wine'), ['attic', 'cellar', 'winery']);
    assert.deepEqual(await found('tasting WINE'), ['winery']);
    assert.deepEqual(await found('wine', 2), ['attic', 'cellar']);
    assert.deepEqual(await found('nothing'), []);
    assert.equal((await rooms.list(DOMAIN)).rooms[0]?.people, 0);
  });

  test('who is in, with how many devices, and when the last message was', async (t) => {
    const scene = await openHouse(t);
    const { rooms } = scene.commands;
    const juliet = await scene.comes('juliet@example.test/balcony');
    const phone = await scene.comes('juliet@example.test/phone');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet');
    await enters(phone, 'Juliet');
    await enters(romeo, 'Romeo');
    assert.equal((await rooms.list(DOMAIN)).rooms[0]?.lastMessage, null);
    await juliet.sends(say('one'));
    await scene.settle();
    const [room] = (await rooms.list(DOMAIN)).rooms;
    assert.equal(room?.people, 2);
    assert.ok(Math.abs(Date.now() - room!.lastMessage!) < 60_000);
    const { occupants } = await rooms.get(DOMAIN, 'garden');
    assert.deepEqual(
      occupants.map(({ nick, jid, role, affiliation, devices }) => [
        nick,
        jid,
        role,
        affiliation,
        devices.sort().join(),
      ]),
      [
        ['Juliet', 'juliet@example.test', 'moderator', 'owner', 'balcony,phone'],
        ['Romeo', 'romeo@example.test', 'participant', 'none', 'orchard'],
      ],
    );
  });

  test('§8.2: whom an administrator takes out is told so, as are the others', async (t) => {
    const scene = await openHouse(t);
    const { rooms } = scene.commands;
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet');
    await enters(romeo, 'Romeo');
    await juliet.all();
    await rooms.kick(by, DOMAIN, 'garden', 'Romeo', 'Too loud <b>');
    for (const actor of [juliet, romeo]) {
      const [gone] = await actor.all();
      const text = serialize(gone!);
      assert.match(text, /type=['"]unavailable/);
      assert.match(text, /code=['"]307/);
      assert.match(text, /<reason>Too loud &lt;b/);
    }
    await assert.rejects(rooms.kick(by, DOMAIN, 'garden', 'Romeo'), refused('invalid', 'nick'));
    await assert.rejects(rooms.kick(by, DOMAIN, 'hall', 'Romeo'), refused('room-not-found'));
    assert.deepEqual(await audited(scene), [
      `room.kick ${ROOM} ${JSON.stringify({ who: 'romeo@example.test', nick: 'Romeo', reason: 'Too loud <b>' })}`,
    ]);
  });

  test('§10.2: what an administrator changes is checked and told like an owner’s change', async (t) => {
    const scene = await openHouse(t);
    const { rooms } = scene.commands;
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet');
    await enters(romeo, 'Romeo');
    await juliet.all();
    const title = 'Roses';
    const { config } = await rooms.configure(by, DOMAIN, 'garden', {
      title,
      password: 'thorn',
      contacts: ['juliet@example.test'],
    });
    assert.deepEqual([config.title, config.hasPassword, config.contacts], [title, true, ['juliet@example.test']]);
    for (const actor of [juliet, romeo]) {
      const [told, ...more] = await actor.all();
      assert.match(serialize(told!), /code=['"]104['"]/);
      assert.doesNotMatch(serialize(told!), /olga|thorn/);
      assert.equal(more.length, 0);
    }
    await rooms.configure(by, DOMAIN, 'garden', { membersOnly: true });
    assert.match((await romeo.all()).map(serialize).join(''), /type=['"]unavailable.*code=['"]322['"]/);
    assert.equal((await rooms.get(DOMAIN, 'garden')).room.people, 1);
    const before = await audited(scene);
    assert.deepEqual(before, [
      `room.configure ${ROOM} ${JSON.stringify({ title, password: 'changed', contacts: 'juliet@example.test' })}`,
      `room.configure ${ROOM} ${JSON.stringify({ membersOnly: 'on' })}`,
    ]);
    await rooms.configure(by, DOMAIN, 'garden', { title, membersOnly: true });
    const wrong: [Partial<RoomConfig>, RegExp][] = [
      [{ title: 'x'.repeat(201) }, /200/],
      [{ lang: 'English, please' }, /code like en/],
      [{ contacts: ['nobody'] }, /addresses of people/],
      [{ historyLength: 100_000 }, /100000 is more than/],
      [{ maxOccupants: 1_000_000 }, /1000000 is more than/],
      [{ slowMode: 10_000_000 }, /more than/],
    ];
    for (const [changes, message] of wrong) {
      await assert.rejects(rooms.configure(by, DOMAIN, 'garden', changes), (error: unknown) => {
        refused('invalid', undefined)(error);
        assert.match((error as Error).message, message);
        return true;
      });
    }
    await rooms.create(by, DOMAIN, { name: 'hall', owner: 'juliet' });
    await assert.rejects(rooms.configure(by, DOMAIN, 'hall', { persistent: false }), refused('invalid'));
    await assert.rejects(
      rooms.create(by, DOMAIN, { name: 'cellar', owner: 'juliet', persistent: false }),
      refused('invalid', 'name'),
    );
    const all = await audited(scene);
    assert.deepEqual(all.slice(0, -1), before, 'what is refused or nothing new is not written down');
    await juliet.all();
    await rooms.configure(by, DOMAIN, 'garden', { historyLength: 5 });
    assert.equal((await juliet.all()).length, 1, 'one change is told once');
  });

  test('§9.1, §10.4: whom an administrator bans is out and told, and a room keeps an owner', async (t) => {
    const scene = await openHouse(t);
    const { rooms } = scene.commands;
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet');
    await enters(romeo, 'Romeo');
    await juliet.all();
    const put = (who: string, affiliation: RoomAffiliation, reason?: string) =>
      rooms.affiliate(by, DOMAIN, 'garden', who, { affiliation, ...(reason !== undefined && { reason }) });
    await put('Romeo@example.test', 'admin');
    assert.match(serialize((await romeo.all())[0]!), /affiliation=['"]admin['"].*role=['"]moderator['"]/);
    await put('romeo@example.test', 'outcast', 'Enough');
    const text = serialize((await romeo.all())[0]!);
    assert.match(text, /type=['"]unavailable/);
    assert.match(text, /<reason>Enough/);
    assert.match(text, /code=['"]301['"]/);
    await put('spam.test', 'outcast');
    await put('spam.test', 'outcast');
    const { members } = await rooms.members(DOMAIN, 'garden');
    assert.deepEqual(
      members.map(({ jid, affiliation }) => `${jid} ${affiliation}`),
      ['juliet@example.test owner', 'romeo@example.test outcast', 'spam.test outcast'],
    );
    const page = await rooms.members(DOMAIN, 'garden', { limit: 1, after: 'juliet@example.test' });
    assert.deepEqual([page.members[0]?.jid, page.hasMore, page.total], ['romeo@example.test', true, 3]);
    assert.deepEqual((await rooms.members(DOMAIN, 'garden', { search: 'SPAM' })).total, 1);
    const wrong: [string, RoomAffiliation, string][] = [
      ['juliet@example.test', 'none', 'affiliation'],
      ['spam.test', 'member', 'jid'],
      ['spam', 'outcast', 'jid'],
      ['a b@c', 'member', 'jid'],
      ['juliet@example.test/balcony', 'member', 'jid'],
      ['garden@conference.example.test', 'member', 'jid'],
      ['conference.example.test', 'outcast', 'jid'],
    ];
    for (const [who, affiliation, field] of wrong) {
      await assert.rejects(put(who, affiliation), refused('invalid', field), who);
    }
    const log = (await audited(scene)).map((row) => row.replace(/^room\.member \S+ /, ''));
    assert.deepEqual(log, [
      '{"who":"romeo@example.test","from":"none","to":"admin"}',
      '{"who":"romeo@example.test","from":"admin","to":"outcast","reason":"Enough"}',
      '{"who":"spam.test","from":"none","to":"outcast"}',
    ]);
  });

  test('reading what was said takes a reason, and every page is in the audit log', async (t) => {
    const scene = await openHouse(t);
    const { rooms } = scene.commands;
    const juliet = await scene.comes('juliet@example.test/balcony');
    await makes(juliet, 'Juliet');
    await juliet.sends(`<message to='${ROOM}' type='groupchat'><subject>Love</subject></message>`);
    for (const text of ['one', 'two', 'three']) await juliet.sends(say(text));
    await scene.settle();
    for (const reason of ['', '  ', 'why ']) {
      await assert.rejects(rooms.archive(by, DOMAIN, 'garden', { reason }), refused('invalid', 'reason'));
    }
    assert.deepEqual(await audited(scene), []);
    const reason = 'Complaint of Romeo';
    const { append } = scene.stores.audit;
    scene.stores.audit.append = () => Promise.reject(new Error('the disk is full'));
    await assert.rejects(
      rooms.archive(by, DOMAIN, 'garden', { reason }),
      /disk is full/,
      'what cannot be written down',
    );
    scene.stores.audit.append = append;
    const page = await rooms.archive(by, DOMAIN, 'garden', { reason, limit: 2 });
    assert.deepEqual(
      page.messages.map(({ nick, kind, text }) => [nick, kind, text]),
      [
        ['Juliet', 'message', 'two'],
        ['Juliet', 'message', 'three'],
      ],
    );
    assert.equal(page.hasMore, true);
    const older = await rooms.archive(by, DOMAIN, 'garden', { reason, limit: 2, before: page.messages[0]!.id });
    assert.deepEqual(
      older.messages.map(({ kind, text }) => [kind, text]),
      [
        ['subject', 'Love'],
        ['message', 'one'],
      ],
    );
    assert.equal(older.hasMore, false);
    const log = await audited(scene);
    assert.equal(log.length, 2);
    for (const row of log)
      assert.match(row, /^room\.archive-read garden@.*"reason":"Complaint of Romeo","messages":2,"since":"/);
  });

  test('§10.9: a destroyed room is no more, its archive neither, and its name is retired until it is freed', async (t) => {
    const scene = await openHouse(t);
    const { rooms } = scene.commands;
    const juliet = await scene.comes('juliet@example.test/balcony');
    await makes(juliet, 'Juliet');
    await juliet.sends(say('one'));
    await juliet.all();
    const { id } = (await scene.stores.rooms.get('conference.example.test', 'garden'))!;
    await assert.rejects(rooms.destroy(by, DOMAIN, 'garden', { confirm: 'hall' }), refused('not-confirmed', 'confirm'));
    await assert.rejects(
      rooms.destroy(by, DOMAIN, 'garden', { confirm: 'garden', alternate: 'garden' }),
      refused('invalid', 'alternate'),
    );
    await rooms.destroy(by, DOMAIN, 'garden', { confirm: ROOM, reason: 'Winter', alternate: 'hall' });
    const [gone] = await juliet.all();
    assert.match(serialize(gone!), /<destroy [^>]*jid=['"]hall@conference\.example\.test['"]><reason>Winter/);
    await assert.rejects(rooms.get(DOMAIN, 'garden'), refused('room-not-found'));
    assert.deepEqual((await scene.stores.archives.page(id, { limit: 5, fromEnd: true })).rows, []);
    await assert.rejects(rooms.create(by, DOMAIN, { name: 'garden', owner: 'juliet' }), refused('room-exists', 'name'));
    const { rooms: retired } = await rooms.retired(DOMAIN);
    assert.deepEqual(
      retired.map(({ name, reason, alternate }) => [name, reason, alternate]),
      [['garden', 'Winter', 'hall@conference.example.test']],
    );
    await rooms.free(by, DOMAIN, 'garden');
    await assert.rejects(rooms.free(by, DOMAIN, 'garden'), refused('room-not-found'));
    await rooms.create(by, DOMAIN, { name: 'garden', owner: 'juliet' });
    assert.deepEqual(
      (await audited(scene)).map((row) => row.split(' ')[0]),
      ['room.destroy', 'room.free', 'room.create'],
    );
  });

  test('rooms that are switched off can be seen and changed still', async (t) => {
    const scene = await openHouse(t);
    const { rooms, options } = scene.commands;
    await rooms.create(by, DOMAIN, { name: 'garden', owner: 'juliet' });
    assert.equal((await rooms.list(DOMAIN)).on, true);
    await options.set(by, 'rooms.on', false);
    assert.equal((await rooms.list(DOMAIN)).on, false);
    assert.equal((await rooms.configure(by, DOMAIN, 'garden', { title: 'Closed' })).room.title, 'Closed');
    await rooms.destroy(by, DOMAIN, 'garden', { confirm: 'garden' });
    assert.equal((await rooms.list(DOMAIN)).total, 0);
  });

  test('a domain that is served no more leaves no rooms to whoever serves it next', async (t) => {
    const scene = await openScene(t, { domains: ['example.test', 'second.test'] });
    const { rooms, domains } = scene.commands;
    for (const name of ['example.test', 'second.test']) await scene.stores.domains.add(name);
    const juliet = await scene.account('juliet@second.test');
    for (const name of ['a', 'b']) await rooms.create(by, 'second.test', { name, owner: 'juliet@second.test' });
    await rooms.destroy(by, 'second.test', 'b', { confirm: 'b' });
    await scene.stores.accounts.remove(juliet);
    await domains.remove(by, 'second.test');
    await domains.add(by, 'second.test');
    assert.deepEqual((await rooms.list('second.test')).rooms, []);
    assert.deepEqual((await rooms.retired('second.test')).rooms, []);
  });
});

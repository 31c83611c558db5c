import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Ctl, openCtl } from '../support/ctl.ts';
import { openLastingScene } from '../support/lasting-scene.ts';
import { enters, say } from '../support/rooms.ts';
import type { Scene } from '../support/scene.ts';

let tool: Ctl;
let scene: Scene;
let close: () => Promise<void>;

before(async () => {
  ({ scene, close } = await openLastingScene());
  await scene.stores.domains.add('example.test');
  await scene.account('juliet@example.test');
  tool = await openCtl({ commands: scene.commands, log: scene.house.log });
});
after(async () => {
  await tool.close();
  await close();
});

const ctl: Ctl['call'] = (words, options) => tool.call(words, options);

async function does(line: string, more: readonly string[] = []): Promise<string> {
  const { exit, out, err } = await ctl([...line.split(' '), ...more]);
  assert.equal(exit, 0, err);
  return out;
}

async function newest(): Promise<string> {
  const [row] = await scene.stores.audit.page({ limit: 1 });
  return `${row?.actor} ${row?.door} ${row?.action} ${row?.subject} ${JSON.stringify(row?.detail)}`;
}

describe('hallwayctl room', () => {
  test('create, list, show', async () => {
    assert.equal(
      await does('room create garden --owner juliet@example.test --members-only --title', ['The garden']),
      'Made garden@conference.example.test.\n',
    );
    assert.match(await newest(), /^tester cli room\.create garden@conference\.example\.test .*juliet@example\.test/);
    await does('room create cellar@conference.example.test --owner juliet --hidden');
    const list = await does('room list');
    assert.match(list, /^garden@conference\.example\.test +The garden +0 +public, members only$/m);
    assert.match(list, /^cellar@conference\.example\.test +0 +hidden$/m);
    assert.match(list, /2 in all\n$/);
    assert.match(await does('room list --limit 1'), /More: --after cellar\n$/);
    assert.doesNotMatch(await does('room list example.test --search garden'), /cellar/);
    const show = await does('room show garden');
    assert.match(show, /^members-only +on +only members come in$/m);
    assert.match(show, /^Members: +1 owner, 0 admins/m);
    assert.match(show, /Nobody is in it/);
    const reply = JSON.parse(await does('room show garden@example.test --json'));
    assert.equal(reply.room.jid, 'garden@conference.example.test');
    assert.equal('password' in reply.config, false);
  });

  test('set: one thing after the other; a password is asked for and shown nowhere', async () => {
    assert.match(await does('room set garden members-only off'), /^members-only: +off$/m);
    assert.match(await does('room set garden slow-mode 30'), /30/);
    assert.match(await does('room set garden show-members moderator participant'), /moderator participant/);
    assert.match(await does('room set garden title', ['']), /\(none\)/);
    const typed = await ctl(['room', 'set', 'garden', 'password'], { typed: ['rose-4711'] });
    assert.equal(typed.exit, 0, typed.err);
    assert.ok(!`${typed.out}${typed.err}`.includes('4711'));
    assert.match(await newest(), /room\.configure .*"password":"changed"/);
    assert.ok(!(await newest()).includes('4711'));
    assert.match(await does('room set garden password off'), /\(none\)/);
  });

  test('members and member', async () => {
    await does('room member garden romeo@example.test member');
    await does('room member garden spam.test banned --reason Advertising');
    const members = await does('room members garden');
    assert.match(members, /^juliet@example\.test +owner/m);
    assert.match(members, /^romeo@example\.test +member/m);
    assert.match(members, /^spam\.test +banned/m);
    await does('room member garden romeo@example.test none');
    assert.doesNotMatch(await does('room members garden'), /romeo/);
  });

  test('kick and archive: what others say cannot drive the terminal', async () => {
    const romeo = await scene.comes('romeo@example.test/orchard');
    await enters(romeo, 'Romeo');
    await romeo.sends(say('hello \u009b31m'));
    await scene.settle();
    assert.match(await does('room show garden'), /^Romeo +romeo@example\.test +participant +none +orchard$/m);
    const archive = await does('room archive garden --reason', ['Complaint of Juliet']);
    const [, id] = /(\d{15,}) +Romeo +hello \ufffd31m/.exec(archive)!;
    assert.match(await newest(), /tester cli room\.archive-read .*"reason":"Complaint of Juliet","messages":1/);
    assert.match(await does(`room archive garden --before ${Number.MAX_SAFE_INTEGER} --reason`, ['As above']), /hello/);
    assert.match(
      await does(`room moderate garden ${id}`, ['--reason', 'Not here']),
      /gone; everybody in garden was told/,
    );
    assert.match(await newest(), /tester cli room\.moderate .*"nick":"Romeo","reason":"Not here"/);
    assert.match(
      await does('room archive garden --reason', ['As above']),
      new RegExp(`${id} +Romeo +\\(taken away: Not`),
    );
    await does('room kick garden', ['Romeo', '--reason', 'Noise']);
    assert.equal((await scene.commands.rooms.get('example.test', 'garden')).room.people, 0);
  });

  test('destroy asks first; the name is retired until it is freed', async () => {
    const unsure = await ctl(['room', 'destroy', 'garden'], { typed: ['cellar'] });
    assert.equal(unsure.exit, 2);
    assert.equal((await ctl(['room', 'destroy', 'garden'])).exit, 2, 'nobody to ask');
    const sure = await ctl(['room', 'destroy', 'garden', '--reason', 'Winter', '--alternate', 'cellar'], {
      typed: ['garden'],
    });
    assert.equal(sure.exit, 0, sure.err);
    assert.match(await does('room retired'), /^garden .* cellar@conference\.example\.test +Winter$/m);
    assert.equal((await ctl(['room', 'create', 'garden', '--owner', 'juliet'])).exit, 1);
    await does('room free garden');
    assert.equal(await does('room retired'), 'No name is retired.\n');
    await does('room destroy cellar --yes');
  });

  test('what is wrong is said in plain words', async () => {
    const wrong: [string, number, RegExp][] = [
      ['room create hall', 2, /Say whose room/],
      ['room create hall --owner nobody', 1, /nobody with the address nobody@example\.test/],
      ['room show hall', 1, /There is no room hall@conference\.example\.test/],
      ['room show hall --domain elsewhere.test', 1, /not served here/],
      ['room show hall/x', 2, /is not a room/],
      ['room set hall colour red', 2, /no “colour”.*members-only/],
      ['room set hall constructor on', 2, /no “constructor”/],
      ['room set hall public maybe', 2, /on or off/],
      ['room set hall private-messages all', 2, /anyone, participants/],
      ['room set hall password secret', 2, /asked for it/],
      ['room member hall juliet@example.test king', 2, /owner, admin, member, banned, none/],
      ['room archive hall', 2, /--reason/],
      ['room archive hall --reason x', 1, /few words why/],
      ['room moderate hall x1', 2, /not the ID/],
      ['room moderate hall 99999999999999999', 2, /not the ID/],
      ['room moderate hall 1', 1, /There is no room hall/],
      ['room free hall', 1, /not retired/],
    ];
    for (const [line, exit, message] of wrong) {
      const outcome = await ctl(line.split(' '));
      assert.equal(outcome.exit, exit, line);
      assert.match(outcome.err, message);
      assert.equal(outcome.out, '');
    }
  });
});

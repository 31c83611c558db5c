import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { selfSigned } from '../http/support.ts';
import { Appliance } from '../support/appliance.ts';
import { noSlixmpp, type People, playScene } from '../support/slixmpp.ts';

const PEOPLE: People = {
  juliet: 'what’s in a name? 名',
  romeo: 'but soft, what light',
  nurse: 'an old housekeeper',
  tybalt: 'prince of cats',
  olga: 'who administers',
};

/** An appliance with all these people in it. */
async function house(): Promise<Appliance> {
  const appliance = await Appliance.start();
  for (const [local, password] of Object.entries(PEOPLE)) await appliance.addPerson(local, password);
  return appliance;
}

/** Each scene has an appliance of its own, so what one leaves behind is nobody else's business. */
describe('clients made with slixmpp, TLS verified', { skip: noSlixmpp, timeout: 600_000 }, () => {
  it('log in at the first try, by SCRAM with channel binding, and only with the password', async () => {
    await using appliance = await house();
    const stranger = join(appliance.folder, 'stranger.pem');
    await writeFile(stranger, selfSigned().cert);
    const { ways } = await playScene(appliance, 'login', PEOPLE, { stranger });
    for (const way of ways as { mechanism: string; tls: string; seconds: number }[]) {
      assert.equal(way.mechanism, 'SCRAM-SHA-512-PLUS');
      assert.equal(way.tls, 'TLSv1.3');
      assert.ok(way.seconds < 5, `a login took ${way.seconds} s`);
    }
  });

  for (const [scene, title] of [
    ['roster', 'keep contacts and see whom they subscribed to (RFC 6121 §2, §3, §4)'],
    ['chat', 'chat, on several devices (RFC 6121 §8, XEP-0280)'],
    ['offline', 'find what was said while they were away (XEP-0160)'],
    ['archive', 'read what was said long ago (XEP-0313)'],
    ['search', 'find what was said by its words and its ids, unless it was retracted (XEP-0313, 0431, 0424)'],
    ['blocking', 'are rid of whom they block (XEP-0191)'],
    ['resumption', 'lose nothing when a socket is cut (XEP-0198)'],
    ['profiles', 'see one person, one picture and one list of rooms, old and new clients (XEP-0398, 0292, 0402, 0055)'],
    ['nodes', 'publish, are notified, and read what others published (XEP-0060, 0163, 0084, 0402)'],
    [
      'reach',
      'find a room, are invited, see its picture, and hear that they were spoken of (XEP-0045, 0249, 0433, 0486)',
    ],
    ['rooms', 'make a room, talk in it, rule it, read its archive, and end it (XEP-0045, 0313, 0421)'],
    [
      'room_staff',
      'cancel a room’s form, look into its lists, change roles and affiliations, ask for voice (XEP-0045)',
    ],
    ['queries', 'learn about the server and each other, and may look away (XEP-0030, 0012, 0092, 0199, 0202, 0352)'],
  ] as const) {
    it(title, async () => {
      await using appliance = await house();
      await playScene(appliance, scene, PEOPLE);
    });
  }

  it('talk on over a restart of the server, and nobody is seen to go (XEP-0198)', async () => {
    await using appliance = await house();
    const [ready, back] = [join(appliance.folder, 'ready'), join(appliance.folder, 'back')];
    let over = false;
    const scene = playScene(appliance, 'restart', PEOPLE, { ready, back }).finally(() => {
      over = true;
    });
    const restarted = (async () => {
      while (!existsSync(ready)) {
        if (over) return;
        await sleep(50);
      }
      await appliance.restart();
      await writeFile(`${back}.new`, JSON.stringify(appliance.ports));
      await rename(`${back}.new`, back);
    })();
    const [{ said }] = await Promise.all([scene, Promise.race([restarted, scene])]);
    assert.ok(Number(said) > 10);
  });

  it('tell everybody, write to several, are there unseen, and find the relay (XEP-0133, 0033, 0186, 0215)', async () => {
    await using appliance = await house();
    for (const line of [
      ['user', 'grant', 'olga@example.test'],
      ['setting', 'set', 'calls.host', 'turn.example.test'],
      ['setting', 'set', 'calls.secret', 'sesame and thistle'],
    ]) {
      const { code, stderr } = await appliance.ctl(line);
      assert.equal(code, 0, stderr);
    }
    await playScene(appliance, 'office', PEOPLE, { relays: 4 });
    const { stdout } = await appliance.ctl(['motd', 'show']);
    assert.match(stdout, /Bring a mask/);
    for (const line of [
      ['motd', 'clear'],
      ['announce', 'All is well.'],
      ['announcement', 'list'],
    ]) {
      assert.equal((await appliance.ctl(line)).code, 0, line.join(' '));
    }
    const notice = await appliance.ctl(['outage', 'show']);
    assert.deepEqual(JSON.parse(notice.stdout), {});
  });

  it('are woken when they are away, by a component that is the server of their app (XEP-0357, 0114)', async () => {
    await using appliance = await house();
    const added = await appliance.ctl(['component', 'add', 'push', '--domain', 'example.test', '--json']);
    assert.equal(added.code, 0, added.stderr);
    const { component, secret, addresses } = JSON.parse(added.stdout) as {
      component: { name: string };
      secret: string;
      addresses: string[];
    };
    assert.deepEqual(addresses, [`127.0.0.1:${appliance.ports.component}`]);
    assert.match(secret, /^[\w-]{32}$/);
    await playScene(appliance, 'mobile', PEOPLE, { name: component.name, secret });
    const listed = await appliance.ctl(['component', 'list']);
    assert.match(listed.stdout, /push\.example\.test/);
    assert.ok(!listed.stdout.includes(secret) && !appliance.log.includes(secret), 'a secret is shown');
    const again = await appliance.ctl(['component', 'add', 'push.example.test']);
    assert.deepEqual([again.code, /already/.test(again.stderr)], [1, true]);
    for (const code of [0, 1]) {
      const removed = await appliance.ctl(['component', 'remove', 'push.example.test']);
      assert.equal(removed.code, code, removed.stderr);
    }
  });

  it('have and lose contacts by their departments while they are connected (RFC 6121 §2.1.6)', async () => {
    await using appliance = await house();
    const cwd = join(import.meta.dirname, '../..');
    const ctl = [process.execPath, 'server/cli/hallwayctl.js', '--data', appliance.data];
    await playScene(appliance, 'departments', PEOPLE, { ctl, cwd });
  });

  it('administer when they may (XEP-0133)', async () => {
    await using appliance = await house();
    const granted = await appliance.ctl(['user', 'grant', 'olga@example.test']);
    assert.equal(granted.code, 0, granted.stderr);
    await playScene(appliance, 'admin', PEOPLE);
  });
});

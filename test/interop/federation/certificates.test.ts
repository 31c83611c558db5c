import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Neighbours } from '../../support/federation.ts';
import type { PeerServer } from '../../support/peer-server.ts';
import { federates } from './federates.ts';

const lines = (name: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${name} ${n}`);

/** Both of them at once, with somebody of ours for each. */
function scenes(open: () => Neighbours) {
  const each = (work: (peer: PeerServer, who: number) => Promise<unknown>): Promise<unknown> => {
    const { prosody, ejabberd } = open();
    return Promise.all([prosody, ejabberd].map(work));
  };
  const part = (name: string, bodies: readonly string[], more = {}) =>
    each((peer, who) => open().meets('outage', peer, { part: name, bodies, who, ...more }));
  const quiet = (): Promise<unknown> => each(({ domain }) => open().quiet(domain));
  /** All have heard each other, and nothing is under way. */
  const well = async (name: string): Promise<void> => {
    await part('all_is_well', lines(name, 3));
    await quiet();
  };
  return { each, part, quiet, well };
}

// TLS from the first byte in both directions, and SASL EXTERNAL.
federates('certificates', (open) => {
  const { each, part, quiet, well } = scenes(open);

  describe('servers that go down', () => {
    it('their server comes back: what was written meanwhile arrives once, in order', async () => {
      await well('before');
      await each((peer) => peer.stop());
      await part('ours_write', lines('theirs is down', 20));
      await each((peer) => peer.start());
      // Nobody does anything: the next attempt comes by itself.
      await quiet();
      await part('they_read', lines('theirs is down', 20));
    });

    it('ours is killed while theirs is down: what it has acknowledged arrives once, in order', async () => {
      await quiet();
      await each((peer) => peer.stop());
      await part('ours_write', lines('both are down', 20));
      await open().hallway.kill();
      await open().hallway.start();
      await each((peer) => peer.start());
      await each(({ domain }) => open().tryNow(domain));
      await quiet();
      await part('they_read', lines('both are down', 20));
    });

    it('ours comes back: they were told what did not arrive, and all is well', async () => {
      await quiet();
      await open().hallway.stop();
      await part('they_write', lines('ours is down', 5));
      await open().hallway.start();
      await well('ours is back');
      await open().hallway.kill();
      await open().hallway.start();
      await well('ours was killed');
    });

    it('theirs is killed amid what it is sent: all of it arrives, in order', async () => {
      // Of Prosody it is known that what it has confirmed for somebody who is not there is in a file.
      const { prosody } = open();
      const bodies = lines('amid', 300);
      const sent = async (): Promise<number> =>
        (await open().why(prosody.domain)).links.reduce((sum, link) => sum + link.sent, 0);
      const before = await sent();
      const written = open().meets('outage', prosody, { part: 'ours_write', bodies, who: 0 });
      while ((await sent()) < before + 30) await pause(1);
      await prosody.stop('SIGKILL');
      await prosody.start();
      await written;
      await open().tryNow(prosody.domain);
      await open().quiet(prosody.domain);
      await open().meets('outage', prosody, { part: 'they_read_at_least', bodies, who: 0 });
    });

    it('theirs is killed: its people are seen to leave a room of ours', async () => {
      const { hallway } = open();
      await each(async (peer, who) => {
        const [ready, killed] = ['ready', 'killed'].map((name) => join(hallway.folder, `${peer.domain}.${name}`));
        const files = { ready, killed };
        const played = open().meets('outage', peer, { part: 'room_is_left', bodies: ['anybody?'], who, ...files });
        const left = played.then(() => true);
        while (!existsSync(ready!) && !(await Promise.race([left, pause(50, false)])));
        await peer.stop('SIGKILL');
        await peer.start();
        await writeFile(killed!, '');
        await open().tryNow(peer.domain);
        await played;
      });
      await well('theirs was killed');
    });
  });
});

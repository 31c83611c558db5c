import { it } from 'node:test';
import { federates } from './federates.ts';

const lines = (name: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${name} ${n}`);

// TLS from the first byte in both directions, and SASL EXTERNAL.
federates('certificates', (open, which) => {
  const part = (name: string, bodies: readonly string[]): Promise<unknown> =>
    open().meets('outage', which(open()), { part: name, bodies });
  /** Both have heard each other, and nothing is under way. */
  const well = async (name: string): Promise<void> => {
    await part('all_is_well', lines(name, 3));
    await open().quiet(which(open()).domain);
  };

  it('their server goes down and comes back: what was written meanwhile arrives once, in order', async () => {
    const peer = which(open());
    await well('before');
    await peer.stop();
    await part('ours_write', lines('their server is down', 20));
    await peer.start();
    // Nobody does anything: the next attempt comes by itself.
    await open().quiet(peer.domain);
    await part('they_read', lines('their server is down', 20));
  });

  it('ours is killed while theirs is down: what it has acknowledged arrives once, in order', async () => {
    const peer = which(open());
    await open().quiet(peer.domain);
    await peer.stop();
    await part('ours_write', lines('both are down', 20));
    await open().hallway.kill();
    await open().hallway.start();
    await peer.start();
    await open().tryNow(peer.domain);
    await open().quiet(peer.domain);
    await part('they_read', lines('both are down', 20));
  });

  it('ours goes down: they are told what did not arrive, and all is well when it is back', async () => {
    await open().quiet(which(open()).domain);
    await open().hallway.stop();
    await part('they_write', lines('our server is down', 5));
    await open().hallway.start();
    await well('ours is back');
  });

  it('either is killed: all is well when it is back', async () => {
    const peer = which(open());
    await open().hallway.kill();
    await open().hallway.start();
    await well('ours was killed');
    await peer.stop('SIGKILL');
    await peer.start();
    await well('theirs was killed');
  });
});

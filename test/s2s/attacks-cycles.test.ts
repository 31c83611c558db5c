import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { ServerPeer } from '../support/server-peer.ts';
import { EVIL, siege, until } from '../support/siege.ts';

const HEADER =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' to='verona.test' from='evil.test' version='1.0'>";
const STEPS = ['', '<stream:str', HEADER, `${HEADER}<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`] as const;

/** Things of this kind that keep the process going. */
const resources = (kind: string): number => process.getActiveResourcesInfo().filter((one) => one === kind).length;

test('SECURITY 4: connections that come and go leave nothing behind', async (stage) => {
  const s = await siege(stage);
  await s.stands();
  const cycle = async (step: string): Promise<void> => {
    const socket = connect({ port: s.house.port, host: '127.0.0.1' });
    socket.on('error', () => undefined).resume();
    await once(socket, 'connect');
    if (step === '') socket.destroy();
    else {
      socket.write(step);
      if (step.startsWith('<?xml')) await once(socket, 'data');
      socket.resetAndDestroy();
    }
  };
  const cycles = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 20) {
      await Promise.all(Array.from({ length: 20 }, (_, at) => cycle(STEPS[at % STEPS.length]!)));
    }
    await s.isClear();
  };
  await stage.test('2,000 times, at each step', async (t) => {
    await s.begins(t);
    await cycles(200);
    await until(() => resources('TCPSocketWrap') <= 4, 'the end of sockets');
    const [timers, sockets] = [resources('Timeout'), resources('TCPSocketWrap')];
    const before = process.memoryUsage().heapUsed;
    await cycles(2_000);
    await until(() => resources('TCPSocketWrap') <= sockets, 'the end of sockets');
    assert.ok(resources('Timeout') <= timers + 2, `${resources('Timeout')} timers, there were ${timers}`);
    // A stream with its parser is some 20 kB; 2,000 of them would be 40 MB.
    const grown = process.memoryUsage().heapUsed - before;
    assert.ok(grown < 30 * 1024 * 1024, `${grown} bytes more`);
    await s.stands();
  });
  await stage.test('as many calls of ours that are cut off', async (t) => {
    await s.begins(t);
    const peer = await ServerPeer.listens(t);
    s.book.set('evil.test', peer.place);
    let n = 0;
    peer.handles(async (wire) => {
      if (n++ % 2 === 0) wire.cut();
      else {
        await wire.heads();
        wire.cut();
      }
    });
    for (let tries = 0; tries < 100; tries++) {
      const attempt = await s.house.federation.tryNow('verona.test', 'evil.test');
      assert.equal(attempt.problem?.code, 'closed');
    }
    await s.isClear();
    await until(() => resources('TCPSocketWrap') <= 4, 'the end of sockets');
    assert.equal(peer.count, 100);
  });
  await stage.test('as many claims of who is gone before they were asked about', async (t) => {
    await s.begins(t, { proof: 'dialback' });
    const peer = await ServerPeer.listens(t);
    s.book.set('evil.test', peer.place);
    peer.vouches(EVIL, 'evil.test');
    for (let tries = 0; tries < 50; tries++) {
      const wire = await s.calls();
      await wire.introduces({ to: 'verona.test', from: 'evil.test' });
      wire.claims('evil.test', 'verona.test');
      wire.cut();
    }
    await s.isClear();
    await until(() => resources('TCPSocketWrap') <= 4, 'the end of sockets');
    await s.stands();
  });
});

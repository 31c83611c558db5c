import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { connect as dial, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { createPanelDoor } from '../../server/http/door.ts';
import { openHouse, selfSigned } from './support.ts';

test('attack: who only connects, sends slowly or reads slowly keeps nobody of the same address out for long', async (t) => {
  const panel = await mkdtemp(join(tmpdir(), 'hallway-crowds-'));
  await writeFile(join(panel, 'index.html'), 'x'.repeat(20_000_000));
  const { commands, log, close } = await openHouse();
  const upgrades = new Map([['/chat', (_: unknown, socket: { write(text: string): void }) => socket.write('welcome')]]);
  const door = await createPanelDoor({ commands, log, panel, tls: selfSigned(), upgrades, connectionsPerAddress: 5 });
  const { port, server } = await door.listen({ host: '127.0.0.1', port: 0 });
  const connections = promisify(server.getConnections.bind(server));
  t.after(async () => {
    await door.close();
    await close();
    await rm(panel, { recursive: true });
  });
  const gone = (socket: Socket) => {
    const state = { gone: false };
    socket
      .on('error', () => undefined)
      .on('close', () => {
        state.gone = true;
      });
    return state;
  };
  const secure = async (text: string) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    const state = gone(socket);
    await once(socket, 'secureConnect');
    if (text !== '') socket.write(text);
    return { socket, state };
  };
  const head = (first: string, more = '') => `${first} HTTP/1.1\r\nhost: example.test\r\n${more}\r\n`;
  const upgrade = head('GET /chat', 'connection: upgrade\r\nupgrade: websocket\r\n');
  const chatting = await secure(upgrade);
  assert.equal(String((await once(chatting.socket, 'data'))[0]), 'welcome');
  const silent = dial({ host: '127.0.0.1', port });
  const others = [
    gone(silent),
    (await secure('')).state,
    (await secure(head('POST /api/sign-in', 'content-type: application/json\r\ncontent-length: 9\r\n'))).state,
  ];
  const reader = await secure(head('GET /'));
  reader.socket.pause();
  others.push(reader.state);
  await sleep(100);
  const asks = async () => {
    const sent = request({ host: '127.0.0.1', port, rejectUnauthorized: false, path: '/api/session', agent: false });
    sent.end();
    const [response] = await once(sent, 'response');
    response.resume();
    // Who asked has gone for the server, too, or it would be in the way of who comes next.
    while ((await connections()) > 4) await sleep(5);
    return response.statusCode;
  };
  await assert.rejects(asks(), 'they have a moment');
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 4_000 });
  for (const state of others) {
    assert.equal(await asks(), 200);
    const held = await secure(''); // and stays
    assert.equal(held.state.gone, false);
    await sleep(50);
    assert.equal(state.gone || state === others[3], true);
  }
  reader.socket.resume();
  await sleep(100);
  assert.equal(reader.state.gone, true);
  assert.equal(chatting.state.gone, false, 'what is in use stays');
  chatting.socket.destroy();
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, it } from 'node:test';
import type { Listening } from '../../server/listening.ts';
import { SelfCheck } from '../../server/self-check.ts';

const well = async (): Promise<number> => 1;
const never = (): Promise<never> => new Promise<never>(() => {});

async function door(name: string): Promise<{ listening: Listening; close(): Promise<unknown> }> {
  const server = createServer().listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.close();
    return once(server, 'close');
  };
  return { listening: { name, address: `127.0.0.1:${port}` }, close };
}

describe('the self-check', () => {
  it('finds nothing wrong with a store that answers and doors that let people in', async () => {
    const one = await door('c2s');
    const check = new SelfCheck({ store: well, listening: () => [one.listening] });
    assert.equal(await check.look(), undefined);
    await one.close();
  });

  it('notices a store that hangs, and one that is gone', async () => {
    for (const store of [never, () => Promise.reject(new Error('the storage thread ended'))]) {
      const check = new SelfCheck({ store, listening: () => [], patienceMs: 1 });
      assert.equal(await check.look(), 'The store does not answer');
    }
  });

  it('notices a door that let people in and does not any more, and which', async () => {
    const [one, other] = [await door('c2s'), await door('https')];
    const check = new SelfCheck({ store: well, listening: () => [one.listening, other.listening] });
    assert.equal(await check.look(), undefined);
    await other.close();
    assert.equal(await check.look(), `Nobody is let in at ${other.listening.address} (https) any more`);
    await one.close();
  });

  it('does not blame the house for a door that the machine itself never came through', async () => {
    const one = await door('s2s');
    await one.close();
    const check = new SelfCheck({ store: well, listening: () => [one.listening] });
    for (let round = 0; round < 3; round++) assert.equal(await check.look(), undefined);
  });

  it('does not blame the house for an address that the machine has lost', async () => {
    const said = [true, false, false];
    const check = new SelfCheck({
      store: well,
      listening: () => [{ name: 'c2s', address: '192.0.2.7:5222' }],
      answers: async () => said.shift()!,
    });
    for (let round = 0; round < 3; round++) assert.equal(await check.look(), undefined);
  });
});

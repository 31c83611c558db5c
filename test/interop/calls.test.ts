import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { elements } from '../../server/xmpp/element.ts';
import { Coturn, documented } from '../support/coturn.ts';
import { without } from '../support/packages.ts';
import { openScene } from '../support/scene.ts';
import { find } from '../support/xml.ts';

const OFFICE = { name: 'office', door: 'panel' } as const;
const SECRET = 'two households both alike';

/** The pass that Juliet's app is given, `ago` ms ago. */
async function pass(t: Parameters<typeof openScene>[0], ago = 0): Promise<{ username: string; password: string }> {
  const scene = await openScene(t);
  for (const [key, value] of [
    ['host', '127.0.0.1'],
    ['secret', SECRET],
    ['minutes', 5],
  ] as const) {
    await scene.commands.options.set(OFFICE, `calls.${key}`, value);
  }
  const juliet = await scene.connect('juliet@example.test/balcony');
  const now = Date.now();
  t.mock.method(Date, 'now', () => now - ago);
  const answer = await juliet.gets(
    "<iq type='get' to='example.test'><services xmlns='urn:xmpp:extdisco:2' type='turn'/></iq>",
  );
  t.mock.restoreAll();
  const { username, password } = elements(find(answer, 'services')!)[0]!.attrs;
  return { username, password };
}

const settings = async () => (await documented()).replace('PUT-THE-SECRET-HERE', SECRET);

describe('coturn, with the settings of docs/CALLS.md', { skip: without('coturn'), timeout: 120_000 }, () => {
  test('takes a pass of ours, and none that has run out, was altered, or was made with another secret', async (t) => {
    // For this test the relay may send to itself, which is the only peer there is.
    const open = (await settings()).replaceAll(/^denied-peer-ip=.*$/gm, '');
    await using relay = await Coturn.start(`${open}\nallow-loopback-peers\n`);
    const { username, password } = await pass(t);
    const good = await relay.uses(username, password);
    assert.equal(good.code, 0, good.said);
    assert.match(good.said, /Total lost packets 0 /);

    const [until, whom] = username.split(':') as [string, string];
    const refused = async (name: string, word: string) => {
      const { code, said } = await relay.uses(name, word);
      assert.notEqual(code, 0, `${name} was let in`);
      assert.match(said, /Cannot complete Allocation/);
    };
    await refused(`${Number(until) + 3_600}:${whom}`, password); // good for longer
    await refused(`${until}:somebody`, password);
    await refused(username, (password.startsWith('A') ? 'B' : 'A') + password.slice(1));
    const old = await pass(t, 600_000);
    await refused(old.username, old.password);
  });

  test('SECURITY 57: the relay is no way into the office: it sends to no address of this machine or its networks', async (t) => {
    await using relay = await Coturn.start(await settings());
    const { username, password } = await pass(t);
    const peers = ['127.0.0.1', '10.1.2.3', '172.16.9.9', '192.168.1.1', '169.254.169.254', '100.64.1.1', '0.0.0.0'];
    await Promise.all(
      peers.map(async (peer) => {
        const { said } = await relay.uses(username, password, peer);
        assert.match(said, /403 \(Forbidden IP\)/, `${peer}: ${said}`);
      }),
    );
  });
});

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Appliance } from '../support/appliance.ts';
import { certificate } from '../support/authority.ts';
import { neighbour } from '../support/two-houses.ts';
import { XmppClient } from '../support/xmpp-client.ts';

const JULIET = 'juliet@mantua.test';
const SM = "xmlns='urn:xmpp:sm:3'";
const MESSAGES = 200;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('the server is killed while another one is down', { timeout: 120_000 }, () => {
  it('what it acknowledged arrives there, once and in order, when both are back', async (t) => {
    await using appliance = await Appliance.start();
    await appliance.addPerson('romeo', 'montague');
    const port = await freePort();
    const theirs = certificate({ dns: ['mantua.test'] });
    const authority = join(appliance.folder, 'mantua.pem');
    await writeFile(authority, theirs.pem);
    const rule = ['allow', 'mantua.test', '--address', `127.0.0.1:${port}`, '--authority', authority];
    const allowed = await appliance.ctl(['federation', ...rule]);
    assert.equal(allowed.code, 0, allowed.stderr);

    const romeo = await XmppClient.login(appliance, 'romeo', 'montague');
    romeo.send(`<enable ${SM}/>`);
    await romeo.next('enabled');
    let acked = 0;
    romeo.on('element', (element) => {
      if (element.name === 'a') acked = Number(element.attrs.h);
    });
    for (let n = 0; n < MESSAGES; n++) {
      romeo.send(
        `<message to='${JULIET}' type='chat' id='m${n}'><body>${n}</body></message>${n % 7 === 6 ? `<r ${SM}/>` : ''}`,
      );
      if (n % 20 === 0) await sleep(1);
    }
    while (acked === 0) await sleep(1);
    await appliance.kill();
    await romeo.closed;
    const known = acked;

    const book = new Map<string, string>();
    const { scene } = await neighbour(t, { domain: 'mantua.test', certificate: theirs, book, port });
    const juliet = await scene.comes(`${JULIET}/balcony`);
    juliet.patience = 30_000;
    await appliance.start();
    const heard: number[] = [];
    while (heard.length < known) heard.push(Number((await juliet.receivesAny()).getChildText('body')));
    assert.deepEqual(heard, [...heard.keys()], 'nothing lost, nothing twice, in order');
    t.diagnostic(`${known} of ${MESSAGES} were acknowledged`);
  });
});

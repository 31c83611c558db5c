import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Appliance } from '../support/appliance.ts';
import { noSlixmpp, type People, playScene } from '../support/slixmpp.ts';

const PEOPLE: People = { juliet: 'what’s in a name? 名', romeo: 'but soft, what light' };

describe('files by HTTP upload, with slixmpp (XEP-0363), TLS verified', { skip: noSlixmpp, timeout: 120_000 }, () => {
  it('200 MB each way, and the hashes match', async () => {
    await using appliance = await Appliance.start();
    for (const [local, password] of Object.entries(PEOPLE)) await appliance.addPerson(local, password);
    const file = join(await appliance.clientFolder('files'), 'two hundred “MB”.bin');
    const { names, largest } = await playScene(appliance, 'files', PEOPLE, { file });
    assert.equal(largest, 250_000_000);
    for (const name of names as string[])
      assert.match(name, /^attachment; .*filename\*=UTF-8''two%20hundred%20%E2%80%9CMB%E2%80%9D\.bin$/);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Appliance } from '../support/appliance.ts';
import { noSlixmpp, playScene } from '../support/slixmpp.ts';

const PEOPLE = { juliet: 'what’s in a name? 名', romeo: 'but soft, what light' };
const BYTES = 200_000_000;

describe('clients made with slixmpp', { skip: noSlixmpp, timeout: 120_000 }, () => {
  it('send each other 200 MB through the file proxy, both ways at once, and nothing is lost (XEP-0065)', async () => {
    await using appliance = await Appliance.start();
    for (const [local, password] of Object.entries(PEOPLE)) await appliance.addPerson(local, password);
    const told = await playScene(appliance, 'bytestreams', PEOPLE, { bytes: BYTES });
    assert.equal(told.bytes, 2 * BYTES);
    assert.ok((told.seconds as number) < 20, `it took ${told.seconds} s`);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Appliance } from '../support/appliance.ts';
import { noProfanity, Profanity } from '../support/profanity.ts';
import { XmppClient } from '../support/xmpp-client.ts';

const JULIET = 'juliet@example.test';
const ROMEO = 'romeo@example.test';
const DEVICES = 'eu.siacs.conversations.axolotl.devicelist';

describe('OMEMO (XEP-0384) between two terminals', { skip: noProfanity, timeout: 120_000 }, () => {
  it('each reads what the other wrote, and the server has kept nothing that can be read', async () => {
    await using appliance = await Appliance.start();
    await appliance.addPerson('juliet', 'capulet');
    await appliance.addPerson('romeo', 'montague');
    await using juliet = await Profanity.open(appliance, 'juliet');
    await using romeo = await Profanity.open(appliance, 'romeo');
    await juliet.logIn('capulet');
    await romeo.logIn('montague');

    // They become contacts, make their keys, which are published in their accounts, and trust whom they see first.
    await juliet.type(`/sub request ${ROMEO}`);
    await romeo.shows(new RegExp(`Received authorization request from ${JULIET}`));
    await romeo.type(`/sub allow ${JULIET}`);
    await romeo.type(`/sub request ${JULIET}`);
    await juliet.shows(new RegExp(`Received authorization request from ${ROMEO}`));
    await juliet.type(`/sub allow ${ROMEO}`);
    for (const one of [juliet, romeo]) {
      await one.type('/omemo trustmode blind');
      await one.type('/omemo gen');
      await one.shows(/materials generated. Your Device ID is/);
    }
    await sleep(1_000); // until each has the other's keys; nothing on the screen tells

    await juliet.type(`/omemo start ${ROMEO}`);
    await juliet.shows(/\[OMEMO\]/);
    await juliet.type('My bounty is as boundless as the sea');
    await romeo.type(`/omemo start ${JULIET}`);
    await romeo.shows(/My bounty is as boundless as the sea/);
    await romeo.type('My love as deep');
    await juliet.shows(/My love as deep/);

    // What the server has of it.
    await using other = await XmppClient.login(appliance, 'juliet', 'capulet');
    const archive: string[] = [];
    const devices = await other.ask(
      `<iq type='get' to='${ROMEO}' id='d'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='${DEVICES}'/></pubsub></iq>`,
      'd',
    );
    assert.match(String(devices), /<device id=['"]\d+/);
    other.send("<iq type='set' id='m'><query xmlns='urn:xmpp:mam:2'/></iq>");
    await other.next((one) => one.name === 'iq' || archive.push(String(one)) === 0);
    const encrypted = archive.filter((xml) => xml.includes('<encrypted'));
    assert.equal(encrypted.length, 2, archive.join('\n'));
    assert.doesNotMatch(archive.join('\n'), /bounty|love as deep/);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Appliance } from '../support/appliance.ts';
import { Biboumi, noBiboumi } from '../support/biboumi.ts';
import { Ngircd, noNgircd } from '../support/ngircd.ts';
import { lastLines, noSlixmpp, type People, playScene } from '../support/slixmpp.ts';

const PEOPLE: People = { juliet: 'what’s in a name? 名' };

describe('IRC by biboumi, a component (XEP-0114)', {
  skip: noSlixmpp || noBiboumi || noNgircd,
  timeout: 120_000,
}, () => {
  it('is a channel that is a room, with people of both kinds in it', async () => {
    await using appliance = await Appliance.start();
    for (const [local, password] of Object.entries(PEOPLE)) await appliance.addPerson(local, password);
    const added = await appliance.ctl(['component', 'add', 'irc', '--domain', 'example.test', '--json']);
    assert.equal(added.code, 0, added.stderr);
    const { component, secret } = JSON.parse(added.stdout) as { component: { name: string }; secret: string };
    await using irc = await Ngircd.start();
    await using biboumi = await Biboumi.start({ name: component.name, secret, port: appliance.ports.component });
    try {
      await playScene(appliance, 'irc', PEOPLE, { gateway: component.name, irc: [irc.address, irc.port] });
    } catch (error) {
      throw new Error(`biboumi’s last words:\n${lastLines(biboumi.log, 60)}\nngircd’s:\n${lastLines(irc.log, 20)}`, {
        cause: error,
      });
    }
  });
});

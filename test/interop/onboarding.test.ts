import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Appliance, DOMAIN } from '../support/appliance.ts';
import { noSlixmpp, playScene } from '../support/slixmpp.ts';

const PEOPLE = { romeo: 'but soft, what light', nurse: 'an old housekeeper' };

describe('joining with a client made with slixmpp', { skip: noSlixmpp, timeout: 200_000 }, () => {
  it('XEP-0077, 0379, 0401, 0445: by an invitation, and not without one', async () => {
    await using appliance = await Appliance.start();
    for (const [local, password] of Object.entries(PEOPLE)) await appliance.addPerson(local, password);
    const made = await appliance.ctl([
      'invite',
      'create',
      `juliet@${DOMAIN}`,
      '--contact',
      `romeo@${DOMAIN}`,
      '--json',
    ]);
    assert.equal(made.code, 0, made.stderr);
    const { url } = JSON.parse(made.stdout) as { url: string };
    const token = url.split('/').at(-1)!;
    await playScene(appliance, 'onboarding', PEOPLE, { tokens: { juliet: token } });
    const list = await appliance.ctl(['invite', 'list']);
    assert.match(list.stdout, /juliet\s+\S+\s+used\s+1 of 1/);
    assert.ok(!appliance.log.includes(token), 'SECURITY 67: the token is not in the log');
    const gone = await appliance.ctl(['invite', 'create', DOMAIN]);
    assert.match(gone.stdout, /^Page: +https:\/\/\S+\/invite\/[a-z0-9]{28}$/m);
    assert.match(gone.stdout, /xmpp:example\.test\?register;preauth=/);
    assert.equal((await appliance.ctl(['invite', 'revoke', '3'])).code, 0);
    const reset = await appliance.ctl(['user', 'reset-link', `nurse@${DOMAIN}`]);
    assert.match(reset.stdout, /\/reset\/[a-z0-9]{28}\n/);
  });
});

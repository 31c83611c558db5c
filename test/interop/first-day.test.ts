import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Appliance } from '../support/appliance.ts';
import { PanelClient } from '../support/panel-client.ts';
import { noProfanity, Profanity } from '../support/profanity.ts';

const JULIET = 'juliet@example.test';
const ROMEO = 'romeo@example.test';
const ADMIN = { name: 'olga', password: 'a long enough passphrase' };

describe('the first day: a fresh machine, two colleagues, one of them away for a while', {
  skip: noProfanity,
  timeout: 180_000,
}, () => {
  it('npm start, claim, two people, and they chat with clients that others wrote, over verified TLS', async () => {
    await using appliance = await Appliance.start({ byNpm: true });

    // The administrator claims the house at the panel and makes two people.
    const panel = await PanelClient.visit(appliance);
    assert.match((await panel.page()).text, /<title>/);
    assert.equal((await panel.call('GET /api/session')).claimed, false);
    await panel.call('POST /api/claim', { body: { code: appliance.claimCode, ...ADMIN } });
    const params = { domain: appliance.domain };
    const made = await panel.call('POST /api/domains/:domain/accounts', {
      params,
      body: { local: 'juliet', name: 'Juliet Capulet', generate: true },
    });
    const juliets = made.password ?? '';
    assert.ok(juliets.length >= 12, 'a password was made for her');
    const romeos = 'wherefore art thou';
    await panel.call('POST /api/domains/:domain/accounts', { params, body: { local: 'romeo', password: romeos } });

    // Both log in.
    await using juliet = await Profanity.open(appliance, 'juliet');
    await juliet.logIn(juliets);
    await juliet.type('/presence console all');
    await using romeo = await Profanity.open(appliance, 'romeo');
    await romeo.logIn(romeos);

    // They become contacts and see each other.
    await juliet.type(`/sub request ${ROMEO}`);
    await romeo.shows(new RegExp(`Received authorization request from ${JULIET}`));
    await romeo.type(`/sub allow ${JULIET}`);
    await juliet.shows(/romeo.*is online/);
    await romeo.type(`/sub request ${JULIET}`);
    await juliet.shows(new RegExp(`Received authorization request from ${ROMEO}`));
    await juliet.type(`/sub allow ${ROMEO}`);
    await romeo.shows(/juliet.*is online/);
    await romeo.type('/status set away "in the orchard"');
    await juliet.shows(/romeo.*is away.*in the orchard/);

    // They chat.
    await juliet.type(`/msg ${ROMEO} My bounty is as boundless as the sea`);
    await romeo.type('/win 2');
    await romeo.shows(/My bounty is as boundless as the sea/);
    await romeo.type('My love as deep');
    await juliet.shows(/My love as deep/);

    // What the administrator sees meanwhile.
    const { account, sessions } = await panel.call('GET /api/domains/:domain/accounts/:local', {
      params: { ...params, local: 'romeo' },
    });
    assert.equal(account.sessions, 1);
    assert.equal(sessions[0]?.presence?.show, 'away');
    assert.match(sessions[0]?.mechanism ?? '', /^SCRAM-SHA-512/);
    assert.equal(sessions[0]?.tls, 'TLSv1.3');

    // One goes away, is missed, and comes back to what was said.
    await romeo.type('/quit');
    await juliet.type('/win 1');
    await juliet.shows(/romeo.*is offline/);
    await juliet.type(`/msg ${ROMEO} Parting is such sweet sorrow`);
    await juliet.type(`/msg ${ROMEO} that I shall say good night till it be morrow`);
    await juliet.type('/win 1');
    await using back = await Profanity.open(appliance, 'romeo');
    await back.logIn(romeos);
    await juliet.shows(/romeo.*is online[\s\S]*romeo.*is offline[\s\S]*romeo.*is online/);
    await back.type('/win 2');
    await back.shows(/Parting is such sweet sorrow[\s\S]*that I shall say good night till it be morrow/);

    const stopped = await appliance.stop();
    assert.notEqual(stopped.signal, 'SIGKILL', appliance.log);
  });
});

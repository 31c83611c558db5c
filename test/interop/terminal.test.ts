import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Appliance } from '../support/appliance.ts';
import { without } from '../support/packages.ts';
import { noProfanity, Profanity } from '../support/profanity.ts';
import { noSlixmpp, playScene } from '../support/slixmpp.ts';
import { XmppClient } from '../support/xmpp-client.ts';
import { roomIsMade } from './room-made.ts';

describe('profanity, a client for the terminal', { skip: noProfanity, timeout: 120_000 }, () => {
  it('does not log in where the authority is not trusted, nor with a wrong password', async () => {
    await using appliance = await Appliance.start();
    await appliance.addPerson('juliet', 'capulet');
    await using wary = await Profanity.open(appliance, 'wary', false);
    await wary.connect('capulet');
    await wary.shows(/TLS certificate verification failed/);
    await using guess = await Profanity.open(appliance, 'juliet');
    await guess.connect('montague');
    await guess.shows(/Login failed/);
    assert.doesNotMatch(await guess.terminal.screen(), /logged in successfully/);
  });
});

describe('profanity and slixmpp in one room (XEP-0045)', { skip: noProfanity || noSlixmpp, timeout: 120_000 }, () => {
  it('come in, talk, change nickname and subject, write to one alone, and one throws the other out', async () => {
    await using appliance = await Appliance.start();
    const people = { juliet: 'capulet', romeo: 'montague' };
    for (const [local, password] of Object.entries(people)) await appliance.addPerson(local, password);
    const desk = playScene(appliance, 'terminal_room', people);
    desk.catch(() => undefined);
    await using juliet = await Profanity.open(appliance, 'juliet');
    await juliet.logIn(people.juliet);
    const room = `garden@conference.${appliance.domain}`;
    await roomIsMade(appliance, room, 'The garden');
    await juliet.type(`/join ${room} nick Juliet`);
    await juliet.shows(/Romeo: Who is there\?/); // from the history
    await juliet.type('Hello from the terminal');
    await juliet.shows(/Romeo: Hello from the desk/);
    await juliet.shows(/Names/);
    await juliet.type('/nick Capulet');
    await juliet.shows(/ Capulet/); // in the list of participants
    await juliet.type('What is in a name?');
    await juliet.type('/subject set Roses');
    await juliet.shows(/Roses/);
    // The window is there when the message has come; before that, the command says that there is none.
    const there = () =>
      juliet.terminal.shows(/for you alone/, 500).then(
        () => true,
        () => false,
      );
    for (let tries = 0; tries < 30; tries++) {
      await juliet.type('/win 3');
      if (await there()) break;
    }
    await juliet.shows(/for you alone/);
    await juliet.type('and for you');
    await juliet.shows(/Kicked from garden@.* by Romeo, reason: Enough/);
    await desk;
  });
});

describe('go-sendxmpp, for scripts', { skip: without('go-sendxmpp'), timeout: 60_000 }, () => {
  for (const [title, port, options] of [
    ['STARTTLS', 'c2s', []],
    ['TLS from the first byte', 'c2s_tls', ['-t']],
  ] as const) {
    it(`sends what it reads from its standard input, by ${title}, to who is there and who is not`, async () => {
      await using appliance = await Appliance.start();
      await appliance.addPerson('alarm', 'it rings');
      await appliance.addPerson('romeo', 'montague');
      await appliance.authority();
      const send = async (text: string, authority = appliance.authorityFile): Promise<number> => {
        const server = `${appliance.host}:${appliance.ports[port]}`;
        const args = [...options, '-u', `alarm@${appliance.domain}`, '-p', 'it rings', '-j', server];
        const child = spawn('/usr/bin/go-sendxmpp', [...args, `romeo@${appliance.domain}`], {
          // Only this authority is trusted.
          env: { HOME: appliance.folder, SSL_CERT_FILE: authority, SSL_CERT_DIR: '/nonexistent' },
          stdio: ['pipe', 'ignore', 'ignore'],
          timeout: 20_000,
        });
        child.stdin.end(text);
        const [code] = (await once(child, 'close')) as [number];
        return code;
      };
      assert.equal(await send('The larder is on fire.\nPlease come.\n'), 0);
      await using romeo = await XmppClient.login(appliance, 'romeo', 'montague');
      romeo.send('<presence/>');
      const late = await romeo.next('message');
      assert.equal(late.getChildText('body')?.trim(), 'The larder is on fire.\nPlease come.');
      assert.equal(late.getChild('delay')?.attrs.from, 'example.test');
      assert.equal(await send('It is out. ✔\n'), 0);
      assert.equal((await romeo.next('message')).getChildText('body')?.trim(), 'It is out. ✔');
      assert.notEqual(await send('Not this.', appliance.config), 0, 'an authority that is none');
    });
  }
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { xml, client as xmppJs } from '@xmpp/client';
import { createClient } from 'stanza';
import { Appliance } from '../support/appliance.ts';

const PEOPLE = { juliet: 'what’s in a name? 名', romeo: 'but soft, what light' };

/** What happens first; rejects after a while. */
async function soon<T>(what: string, happens: (done: (value: T) => void) => void): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`waited in vain for ${what}`)), 15_000);
  return Promise.race([new Promise<T>((resolve) => happens(resolve)), late.promise]).finally(() => clearTimeout(timer));
}

describe('clients from npm, over WebSocket (RFC 7395), TLS verified', { timeout: 90_000 }, () => {
  let appliance: Appliance;
  let service: string;
  const authorities = getCACertificates('default');

  before(async () => {
    appliance = await Appliance.start();
    for (const [name, password] of Object.entries(PEOPLE)) await appliance.addPerson(name, password);
    setDefaultCACertificates([await appliance.authority()]);
    service = `${appliance.panel.replace('https:', 'wss:')}/xmpp-websocket`;
  });
  after(async () => {
    setDefaultCACertificates(authorities);
    await appliance?.[Symbol.asyncDispose]();
  });

  it('@xmpp/client and stanza log in, have a roster, ping and write to each other', async (t) => {
    const juliet = xmppJs({
      service,
      domain: 'example.test',
      username: 'juliet',
      password: PEOPLE.juliet,
      resource: 'web',
    });
    const errors: unknown[] = [];
    juliet.on('error', (error: unknown) => errors.push(error));
    const address = await juliet.start();
    t.after(() => juliet.stop());
    // By Bind 2 (XEP-0386) the server adds to the name that was wished for.
    assert.match(String(address), /^juliet@example\.test\/web/);
    await juliet.send(xml('presence'));

    const romeo = createClient({
      jid: 'romeo@example.test',
      password: PEOPLE.romeo,
      transports: { websocket: service, bosh: false },
    });
    t.after(() => romeo.disconnect());
    const started = soon<void>('the session of stanza', (done) => {
      romeo.on('session:started', () => done());
      romeo.on('auth:failed', () => errors.push('auth:failed'));
    });
    romeo.connect();
    await started;
    assert.deepEqual((await romeo.getRoster()).items, []);
    romeo.sendPresence();
    await romeo.ping('example.test');

    const { iqCaller } = juliet;
    const roster = await iqCaller.get(xml('query', 'jabber:iq:roster'));
    assert.equal(roster?.attrs.xmlns, 'jabber:iq:roster');
    await iqCaller.request(xml('iq', { type: 'get', to: 'example.test' }, xml('ping', 'urn:xmpp:ping')));

    const heard = soon<{ from: string; body?: string }>('her message', (done) => romeo.on('chat', done));
    await juliet.send(xml('message', { to: romeo.jid, type: 'chat' }, xml('body', {}, 'Wherefore art thou? 🌹 <&>')));
    const message = await heard;
    assert.deepEqual([message.from, message.body], [String(address), 'Wherefore art thou? 🌹 <&>']);

    const answered = soon<string>('his answer', (done) => {
      juliet.on('stanza', (stanza) => {
        if (stanza.is('message') && stanza.getChild('body')) done(stanza.getChildText('body') ?? '');
      });
    });
    romeo.sendMessage({ to: message.from, type: 'chat', body: 'Call me but love' });
    assert.equal(await answered, 'Call me but love');

    const ended = soon<void>('the end of stanza', (done) => romeo.on('disconnected', () => done()));
    romeo.disconnect();
    await ended;
    await juliet.stop();
    assert.deepEqual(errors, []);
  });

  it('@xmpp/client is refused with a wrong password', async () => {
    const juliet = xmppJs({ service, domain: 'example.test', username: 'juliet', password: 'wrong' });
    juliet.on('error', () => undefined);
    await assert.rejects(juliet.start(), /not-authorized/);
    await juliet.stop();
  });
});

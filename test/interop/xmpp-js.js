/**
 * xmpp.js as people use it, over STARTTLS: logs in by SASL2 with a session, then by a token alone, then takes a session up again.
 * Prints what went over the wire as one line of JSON.
 */
import { client, xml } from '@xmpp/client';

const { domain, host, ports, people } = JSON.parse(process.argv[2]);
const ID = 'd4565fa7-4d72-4749-b3d3-740edbf87770';
const AGENT = xml('user-agent', { id: ID }, xml('software', {}, 'xmpp.js'), xml('device', {}, 'Balcony'));

/** @param {string} username @param {Record<string, unknown>} credentials */
function open(username, credentials, id = ID) {
  const userAgent = id === ID ? AGENT : xml('user-agent', { id });
  const entity = client({
    service: `xmpp://${host}:${ports.c2s}`,
    domain,
    resource: 'tag',
    credentials: { username, ...credentials },
    userAgent,
  });
  const seen = { sent: [], features: undefined, success: undefined, messages: [], token: undefined };
  entity.on('error', (error) => console.error(error));
  entity.on('send', (element) => seen.sent.push(element.toString()));
  entity.on('element', (element) => {
    if (element.name === 'success') seen.success = element.toString();
    if (element.is('message')) seen.messages.push(element.getChildText('body'));
  });
  entity.fast.saveToken = async (token) => {
    seen.token = token;
  };
  entity.fast.fetchToken = async () => seen.token ?? credentials.token;
  entity.reconnect.delay = 50;
  return { entity, seen };
}

const mechanismOf = ({ sent }) =>
  sent.map((text) => /<authenticate[^>]* mechanism="([^"]+)"/.exec(text)?.[1]).filter((one) => one !== undefined);

async function until(what, done) {
  for (let i = 0; i < 400 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 25));
  if (!done()) throw new Error(`waited in vain for ${what}`);
}

const first = open('juliet', { password: people.juliet });
const firstJid = await first.entity.start();
await first.entity.stop();

// No password any more: the token is all there is.
const second = open('juliet', { token: first.seen.token });
const secondJid = await second.entity.start();
await second.entity.send(xml('presence'));
const writesBefore = second.seen.sent.length;

const romeo = open('romeo', { password: people.romeo }, '0c9a8b7d-1111-4222-8333-944455556666');
await romeo.entity.start();

const resumed = new Promise((resolve) => second.entity.streamManagement.once('resumed', resolve));
const gone = new Promise((resolve) => second.entity.once('disconnect', resolve));
second.entity.socket.socket.destroy();
await gone;
await romeo.entity.send(
  xml('message', { to: secondJid.toString(), type: 'chat' }, xml('body', {}, 'while you were away')),
);
await resumed;
await until('the message', () => second.seen.messages.length > 0);
await second.entity.send(
  xml('message', { to: romeo.entity.jid.toString(), type: 'chat' }, xml('body', {}, 'back again')),
);
await until('the answer', () => romeo.seen.messages.length > 0);

const report = {
  first: { jid: firstJid.toString(), mechanisms: mechanismOf(first.seen), success: first.seen.success },
  second: {
    jid: secondJid.toString(),
    mechanisms: mechanismOf(second.seen),
    round: writesBefore,
    success: second.seen.success,
    messages: second.seen.messages,
  },
  romeo: romeo.seen.messages,
};
await second.entity.stop();
await romeo.entity.stop();
console.log(`scene: ${JSON.stringify(report)}`);
process.exit(0);

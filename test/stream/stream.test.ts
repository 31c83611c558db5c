import assert from 'node:assert/strict';
import { Duplex, duplexPair } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { StreamHeader, XmlStream } from '../../server/stream/stream.ts';
import { Element } from '../../server/xmpp/element.ts';
import { StreamError } from '../../server/xmpp/stream-error.ts';
import { HEADER, ROOMY } from './infoset.ts';

const OUR_HEADER = { from: 'example.test', id: 'one' };

function open(): { stream: XmlStream; peer: Duplex; sent: () => string } {
  const [mine, peer] = duplexPair();
  let text = '';
  peer.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  return { stream: new XmlStream(mine, 'jabber:client', ROOMY), peer, sent: () => text };
}

async function turns(n = 5): Promise<void> {
  for (let i = 0; i < n; i++) await turn();
}

const names = (items: unknown[]): string[] =>
  items.map((item) => (item instanceof Element ? item.name : item instanceof StreamHeader ? 'header' : String(item)));

test('RFC 6120 §4: items come in order, and the stream ends with its connection', async () => {
  const { stream, peer } = open();
  peer.write(`${HEADER}<message/><iq`);
  peer.write('/></stream:stream>');
  peer.end();
  const items = [];
  for await (const item of stream.items) items.push(item);
  assert.deepEqual(names(items), ['header', 'message', 'iq', 'close']);
  assert.equal(stream.ended, true);
});

test('what was read before the mistake is handled before the mistake is', async () => {
  const { stream, peer } = open();
  peer.write(`${HEADER}<message/></iq>`);
  await turns();
  assert.ok((await stream.items.next()).value instanceof StreamHeader);
  assert.ok((await stream.items.next()).value instanceof Element);
  await assert.rejects(
    stream.items.next(),
    (error) => error instanceof StreamError && error.condition === 'not-well-formed',
  );
});

test('a fast sender waits: reading stops while items are not taken', async () => {
  const { stream, peer } = open();
  peer.write(HEADER);
  await stream.items.next();
  let accepted = 0;
  for (let i = 0; i < 2_000; i++) {
    if (!peer.write(`<message id='${i}'><body>${'x'.repeat(500)}</body></message>`)) break;
    accepted++;
    await turn();
  }
  assert.ok(accepted < 500, `${accepted} stanzas were taken ahead`);
  for (let i = 0; i <= accepted; i++) {
    const { value } = await stream.items.next();
    assert.ok(value instanceof Element && value.attrs.id === String(i));
  }
});

test('what is sent in one turn goes out as one write', async () => {
  const writes: string[] = [];
  const duplex = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      writes.push(chunk.toString());
      done();
    },
  });
  const stream = new XmlStream(duplex, 'jabber:client', ROOMY);
  stream.open(OUR_HEADER);
  stream.send('<a/>');
  stream.send('<b/>');
  await turns();
  stream.send('<c/>');
  await turns();
  assert.equal(writes.length, 2);
  assert.match(writes[0]!, /^<\?xml version='1.0'\?><stream:stream [^>]*from='example.test'[^>]*><a\/><b\/>$/);
  assert.equal(writes[1], '<c/>');
});

test('RFC 6120 §4.9.1.1: an error is sent with a header before it if there was none, then the stream is closed', async () => {
  const { stream, sent } = open();
  stream.close(new StreamError('host-unknown', 'No <such> host.'), OUR_HEADER);
  await turns();
  assert.match(
    sent(),
    /^<\?xml version='1.0'\?><stream:stream [^>]+><stream:error><host-unknown xmlns='[^']+'\/><text [^>]+>No &lt;such&gt; host.<\/text><\/stream:error><\/stream:stream>$/,
  );
});

test('nothing that waited to be handled is handled once the stream was closed by us', async () => {
  const { stream, peer } = open();
  peer.write(`${HEADER}<message/><message/><presence/>`);
  await turns();
  await stream.items.next();
  await stream.items.next();
  stream.close(new StreamError('conflict'));
  assert.deepEqual(await stream.items.next(), { value: undefined, done: true });
});

test('RFC 6120 §4.3.3: after a restart nothing is left of what came before it', async () => {
  const { stream, peer } = open();
  peer.write(`${HEADER}<auth/><message id='early'/><iq`);
  await turns();
  await stream.items.next();
  await stream.items.next();
  stream.restart();
  peer.write(`${HEADER}<message id='late'/>`);
  assert.ok((await stream.items.next()).value instanceof StreamHeader);
  const { value } = await stream.items.next();
  assert.equal(value instanceof Element && value.attrs.id, 'late');
});

test('SECURITY 12: what came before another Duplex took over is not of the new stream', async () => {
  const { stream, peer } = open();
  peer.write(`${HEADER}<starttls/><message id='injected'/>`);
  await turns();
  await stream.items.next();
  await stream.items.next();
  const [inner, secured] = duplexPair();
  stream.replaceDuplex(() => inner);
  secured.write(`${HEADER}<message id='secured'/>`);
  assert.ok((await stream.items.next()).value instanceof StreamHeader);
  const { value } = await stream.items.next();
  assert.equal(value instanceof Element && value.attrs.id, 'secured');
});

test('a peer that does not read is dropped before what waits for it fills the memory', async () => {
  const duplex = new Duplex({ read: () => undefined, write: () => undefined });
  const stream = new XmlStream(duplex, 'jabber:client', ROOMY);
  stream.open(OUR_HEADER);
  const part = `<message><body>${'x'.repeat(1_000_000)}</body></message>`;
  let sent = 0;
  for (; sent < 40 && !stream.ended; sent++) {
    stream.send(part);
    await turns(2);
  }
  assert.ok(sent < 25, `${sent} MB waited`);
  assert.equal(duplex.destroyed, true);
});

test('a connection that breaks ends the stream without an error', async () => {
  const { stream, peer } = open();
  peer.write(HEADER);
  await stream.items.next();
  const next = stream.items.next();
  stream.duplex.destroy(new Error('reset by peer'));
  assert.deepEqual(await next, { value: undefined, done: true });
});

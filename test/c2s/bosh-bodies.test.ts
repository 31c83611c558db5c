import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { serialize } from '../../server/xmpp/element.ts';
import { find } from '../support/xml.ts';
import { open, ping } from './bosh.ts';

test('SECURITY 3: bodies of who has not logged in are not kept while they come slowly', async (t) => {
  const { bosh, port } = await open(t);
  const headers = 'Host: example.test\r\nContent-Length: 250000';
  for (const sid of ['', "sid='made-up'"]) {
    const begun = `<body xmlns='http://jabber.org/protocol/httpbind' rid='1' ${sid} to='example.test'>`;
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    t.after(() => socket.destroy());
    socket.write(`POST /http-bind HTTP/1.1\r\n${headers}\r\n\r\n${begun}${'x'.repeat(40_000)}`);
    const signal = AbortSignal.timeout(5_000);
    const [answer] = await once(socket, 'data', { signal }); // though most of it has not come
    assert.match(String(answer), /^HTTP\/1\.1 413 /);
  }
  await bosh.binds();
  const answer = await bosh.says(ping(`x' y='${'y'.repeat(200_000)}`));
  assert.ok(find(answer, 'iq') !== undefined, serialize(answer));
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Dns } from '../../server/http/contract/index.ts';
import { openHouse, type TestHouse } from '../http/support.ts';
import { type Ctl, openCtl } from '../support/ctl.ts';

let tool: Ctl;
let house: TestHouse;

before(async () => {
  house = await openHouse();
  tool = await openCtl(house);
});
after(async () => {
  await tool.close();
  await house.close();
});

const ctl: Ctl['call'] = (words, options) => tool.call(words, options);

describe('dns', () => {
  test('says what is missing and where to get the text', async () => {
    const { exit, out } = await ctl('dns example.test');
    assert.equal(exit, 0);
    assert.match(out, /^MISSING +_xmpp-client\._tcp\.example\.test +SRV +10 5 5222 chat\.example\.test\. +none$/m);
    assert.match(out, /^_xmpp-client\._tcp\.example\.test \(SRV\): It is missing\. Without it chat apps do not find/m);
    assert.match(out, /DNS server of your own network/);
    assert.match(out, /hallwayctl dns example\.test --for bind/);
    const reply = JSON.parse((await ctl('--json dns example.test')).out) as Dns;
    assert.ok(reply.records.every(({ state }) => state === 'missing'));
  });

  test('--for prints the text alone, to be written into a file', async () => {
    const bind = await ctl('dns example.test --for bind');
    assert.ok(
      bind.out.split('\n').includes('_xmpp-client._tcp.example.test. 3600 IN SRV 10 5 5222 chat.example.test.'),
      bind.out,
    );
    for (const [server, line] of [
      ['unbound', '  local-data: "chat.example.test. 3600 IN A 192.0.2.5"'],
      ['dnsmasq', 'srv-host=_xmpp-client._tcp.example.test,chat.example.test,5222,10,5'],
      ['windows', "Add-DnsServerResourceRecord -ZoneName 'example.test' -A -Name 'chat' -IPv4Address '192.0.2.5'"],
    ] as const) {
      const { out } = await ctl(`dns example.test --for ${server}`);
      assert.ok(out.split('\n').includes(line), out);
    }
  });

  test('what it does not know is refused', async () => {
    const wrong = await ctl('dns example.test --for router');
    assert.deepEqual([wrong.exit, wrong.err.includes('bind, unbound, dnsmasq, windows')], [2, true]);
    const other = await ctl('dns other.test');
    assert.deepEqual([other.exit, other.err.includes('not served here')], [1, true]);
    assert.equal((await ctl('dns')).exit, 2);
  });
});

import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import { type Asked, streamHosts } from '../../../server/components/bytestreams/addresses.ts';

const EVERYWHERE = [{ host: '::', port: 7777 }];

function told(asked: Partial<Asked>): string[] {
  const whole = { addresses: [], listening: EVERYWHERE, theirs: '', ours: '', hostname: 'chat.example.test', ...asked };
  return streamHosts(whole).map(({ host, port }) => `${host} ${port}`);
}

test('in an office, the address by which the requester has reached this server', () => {
  assert.deepEqual(told({ theirs: '192.168.1.20', ours: '192.168.1.2' }), ['192.168.1.2 7777']);
  assert.deepEqual(told({ theirs: '::ffff:10.1.1.20', ours: '::ffff:10.1.1.2' }), ['10.1.1.2 7777']);
  assert.deepEqual(told({ theirs: 'fd00::20', ours: 'fd00:0:0::2' }), ['fd00::2 7777']);
  assert.deepEqual(told({ theirs: '198.51.100.20', ours: '203.0.113.2' }), ['203.0.113.2 7777']);
});

test('of several interfaces the one that the requester came by, where it listens there', () => {
  const listening = [
    { host: '10.1.1.2', port: 7777 },
    { host: '192.168.1.2', port: 7778 },
  ];
  assert.deepEqual(told({ listening, theirs: '192.168.1.20', ours: '192.168.1.2' }), ['192.168.1.2 7778']);
  assert.deepEqual(told({ listening, theirs: '10.8.0.6', ours: '10.8.0.1' }), ['10.1.1.2 7777']);
  assert.deepEqual(told({ listening: [...listening, ...EVERYWHERE], theirs: '10.8.0.6', ours: '10.8.0.1' }), [
    '10.8.0.1 7777',
  ]);
});

test('behind a router that lets the internet in, the name of this machine', () => {
  assert.deepEqual(told({ theirs: '8.8.8.8', ours: '192.168.1.2' }), ['chat.example.test 7777']);
  assert.deepEqual(told({ theirs: '2606:4700::1', ours: 'fd00::2' }), ['chat.example.test 7777']);
});

test('from this very machine, an address by which others reach it, or loopback where it has no other', () => {
  for (const ours of ['127.0.0.1', '::1', '', 'fe80::1%eth0']) {
    const [first = '', ...others] = told({ theirs: ours, ours });
    const [host = '', port] = first.split(' ');
    assert.deepEqual([isIP(host) > 0, port, others], [true, '7777', []], ours);
    assert.ok(!host.startsWith('fe80'), host);
  }
});

test('what an administrator wrote goes before all, and where nothing listens there is nothing', () => {
  const addresses = ['203.0.113.9'];
  assert.deepEqual(told({ addresses, theirs: '192.168.1.20', ours: '192.168.1.2' }), ['203.0.113.9 7777']);
  assert.deepEqual(told({ addresses, listening: [] }), []);
});

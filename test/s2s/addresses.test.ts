import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isPublic } from '../../server/s2s/addresses.ts';
import { asciiName, isPortAllowed, literalOf, targetOf } from '../../server/s2s/target.ts';

const PUBLIC = [
  '8.8.8.8',
  '172.15.255.255',
  '172.32.0.1',
  '100.63.255.255',
  '100.128.0.1',
  '2a01:4f8::1',
  '2606:4700:4700::1111',
  '::ffff:8.8.8.8',
  '64:ff9b::8.8.8.8',
  '2002:808:808::1', // 6to4 of 8.8.8.8
  '2001:0:808:808::f7f7:f7f7', // Teredo: server 8.8.8.8, client 8.8.8.8 (its bits turned over)
];

const PRIVATE = [
  ['loopback', '127.0.0.1', '127.255.255.254', '::1'],
  ['unspecified', '0.0.0.0', '0.1.2.3', '::'],
  ['private networks', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
  ['link-local', '169.254.169.254', 'fe80::1', 'fe80::1%1', 'febf::1'],
  ["a provider's inner network", '100.64.0.1', '100.127.255.255'],
  ['unique local, site-local', 'fc00::1', 'fd12:3456::1', 'fec0::1'],
  ['multicast, broadcast', '224.0.0.1', '239.255.255.255', '255.255.255.255', 'ff02::1', 'ff0e::1'],
  [
    'reserved and for documentation',
    '192.0.2.1',
    '198.51.100.1',
    '203.0.113.9',
    '198.18.0.1',
    '240.0.0.1',
    '192.0.0.1',
  ],
  ['the same in IPv6', '2001:db8::1', '2001:2::1', '100::1', '2001:10::1', '5f00::1', '4000::1', '1::1'],
  ['IPv4 written as IPv6', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:7f00:1', '::ffff:0:127.0.0.1'],
  ['IPv4 compatible, long gone', '::127.0.0.1', '::8.8.8.8'],
  ['6to4 of those', '2002:7f00:1::1', '2002:a00:1::', '2002:c0a8:101::1', '2002:a9fe:a9fe::1'],
  ['Teredo of those', '2001:0:7f00:1::f7f7:f7f7', '2001:0:808:808::80ff:fffe'],
  ['NAT64 of those', '64:ff9b::127.0.0.1', '64:ff9b::a00:1', '64:ff9b:1::8.8.8.8'],
  ['no address', '', 'localhost', '0177.0.0.1', '127.1', '2130706433', '0x7f.0.0.1', '[::1]', '1.2.3.4.5', ' 8.8.8.8'],
] as const;

it('knows addresses of the internet', () => {
  for (const address of PUBLIC) assert.equal(isPublic(address), true, address);
});

for (const [what, ...addresses] of PRIVATE) {
  it(`attack: a record that leads inside by an address that is not of the internet (${what})`, () => {
    for (const address of addresses) assert.equal(isPublic(address), false, address);
  });
}

it('attack: records that lead to services that take lines', () => {
  for (const port of [0, 22, 25, 53, 110, 6379, 6667, 11211, 65_536, -1, 1.5, Number.NaN]) {
    assert.equal(isPortAllowed(port), false, `${port}`);
  }
  for (const port of [80, 443, 5222, 5223, 5269, 5270, 8443, 65_535])
    assert.equal(isPortAllowed(port), true, `${port}`);
});

it('reads where a rule says to connect to', () => {
  const starttls = (host: string, port: number) => ({ host, port, transport: 'starttls' });
  assert.deepEqual(targetOf('Chat.Example.test:5299'), starttls('chat.example.test', 5299));
  assert.deepEqual(targetOf('chat.example.test'), starttls('chat.example.test', 5269));
  assert.deepEqual(targetOf('10.0.0.7:5269'), starttls('10.0.0.7', 5269));
  assert.deepEqual(targetOf('[2001:DB8::1]:5270'), starttls('2001:db8::1', 5270));
  assert.deepEqual(targetOf('::1'), starttls('::1', 5269));
  const nothing = [
    '',
    ':5269',
    'a:0',
    'a:65536',
    'a:b',
    '[::1',
    '[::1]5269',
    'a b:1',
    '0x7f.1:5269',
    '127.1:1',
    'a:1:2',
    '[fe80::1%1]:1',
  ];
  for (const text of nothing) assert.equal(targetOf(text), undefined, text);
});

it('names are asked in ASCII, and addresses not at all', () => {
  assert.equal(asciiName('Bücher.Example.'), 'xn--bcher-kva.example');
  assert.equal(asciiName('_xmpp-server._tcp.example.test'), '_xmpp-server._tcp.example.test');
  for (const bad of [
    '',
    '.',
    'a..b',
    'a b',
    'a/b',
    '-a',
    `${'a'.repeat(64)}.test`,
    `${'a.'.repeat(127)}test`,
    'a\0b',
    'ü/x',
  ])
    assert.equal(asciiName(bad), undefined, bad);
  assert.equal(literalOf('[::1]'), '::1');
  assert.equal(literalOf('127.0.0.1'), '127.0.0.1');
  for (const no of ['::1', '[127.0.0.1]', '127.1', 'a.test', '[]']) assert.equal(literalOf(no), undefined, no);
});

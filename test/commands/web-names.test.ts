import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goesBy, type OwnNames, webNames } from '../../server/commands/web-names.ts';
import { whatIsWrong } from '../../server/host/options.ts';

test('other names of the server are whole names, and no addresses of pages', () => {
  assert.equal(whatIsWrong(webNames, ['chat.intranet.example.com', 'büro.example.com']), undefined);
  for (const wrong of [
    'https://chat.example.com',
    'chat',
    'chat.example.com:5281',
    '*.example.com',
    '-a.example.com',
    'a b.example.com',
    '.example.com',
  ]) {
    assert.match(whatIsWrong(webNames, [wrong]) ?? '', /is not a name such as/, wrong);
  }
});

test('the server goes by its own names, its domains and the services they have, and by nothing else below them', () => {
  const domains = ['example.test', 'bücher.test', 'net'];
  const taken = [...domains, 'conference.example.test', 'bells.evil.test'];
  const own: OwnNames = {
    hostname: 'box',
    panel: 'https://panel.example.test:5281/',
    allowed: ['chat.intranet.test'],
    house: { domains: () => domains, taken: (name) => taken.includes(name) },
  };
  const ours = [
    'box',
    'panel.example.test',
    'example.test',
    'conference.example.test',
    'bücher.test',
    'chat.intranet.test',
  ];
  // Where the machine has no whole name, the DNS is told to lead there.
  for (const name of [...ours, 'xmpp.example.test', 'xmpp.bücher.test']) assert.ok(goesBy(name, own), name);
  const others = [
    'evil.net',
    'evil.example.test',
    'www.conference.example.test',
    'bells.evil.test',
    'a.chat.intranet.test',
  ];
  for (const name of others) assert.ok(!goesBy(name, own), name);
  assert.ok(!goesBy('xmpp.example.test', { ...own, hostname: 'chat.example.test' }));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { webNames } from '../../server/commands/web-names.ts';
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

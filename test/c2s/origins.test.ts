import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mayUse, webOrigins } from '../../server/c2s/origins.ts';
import { whatIsWrong } from '../../server/host/options.ts';

const HOST = 'chat.example.test:5281';
const names = () => ['chat.example.test', 'example.test'];
const rules = (...allowed: string[]) => ({ names, allowed: () => allowed });

describe('websites that may use the doors for web clients', () => {
  test('what is no origin is refused, and an address copied from a browser is told how to write it', () => {
    for (const right of ['https://intranet.example.com', 'http://10.0.0.7:8080', 'https://Intranet.example.com']) {
      assert.equal(whatIsWrong(webOrigins, [right]), undefined, right);
    }
    const said = (text: string) => whatIsWrong(webOrigins, [text]) ?? '';
    assert.match(said('https://a.example.com/'), /write it like https:\/\/a\.example\.com$/);
    assert.match(said('https://a.example.com:8443/chat?x'), /write it like https:\/\/a\.example\.com:8443$/);
    for (const wrong of [
      'intranet',
      '*',
      'null',
      'ftp://a.example.com',
      'javascript:alert(1)',
      'https://u@a.example.com',
    ]) {
      assert.match(said(wrong), /write it like https:\/\//, wrong);
    }
  });

  test('others than those named are kept out, however alike', () => {
    const allowed = rules('https://intranet.example.com');
    const may = (origin: string) => mayUse({ origin, host: HOST }, allowed);
    assert.ok(may('https://INTRANET.example.com'));
    assert.ok(may(`https://${HOST}`));
    for (const other of [
      ...[
        'https://intranet.example.com.evil.example',
        'https://evil.example',
        'http://intranet.example.com',
        'null',
        '',
      ],
      ...['https://intranet.example.com:444', 'https://chat.example.test.evil.example:5281', `http://${HOST}`],
    ]) {
      assert.ok(!may(other), other);
    }
    assert.ok(mayUse({ host: HOST }, allowed), 'a program that is no browser');
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capsElement, capsHash } from '../../server/xmpp/caps.ts';

const FEATURES = [
  'http://jabber.org/protocol/muc',
  'http://jabber.org/protocol/disco#info',
  'http://jabber.org/protocol/caps',
  'http://jabber.org/protocol/disco#items',
];

test('XEP-0115 §5.2: the simple example', () => {
  const exodus = {
    identities: [{ category: 'client', type: 'pc', name: 'Exodus 0.9.1' }],
    features: FEATURES,
    forms: [],
  };
  assert.equal(capsHash(exodus), 'QgayPKawpkPSDYmwT/WM94uAlu0=');
  assert.deepEqual(capsElement('http://code.google.com/p/exodus', exodus).attrs, {
    xmlns: 'http://jabber.org/protocol/caps',
    hash: 'sha-1',
    node: 'http://code.google.com/p/exodus',
    ver: 'QgayPKawpkPSDYmwT/WM94uAlu0=',
  });
});

test('XEP-0115 §5.3: the complex example, in whatever order things come', () => {
  const identities = [
    { category: 'client', type: 'pc', lang: 'en', name: 'Psi 0.11' },
    { category: 'client', type: 'pc', lang: 'el', name: 'Ψ 0.11' },
  ];
  const fields: [string, string[]][] = [
    ['os', ['Mac']],
    ['ip_version', ['ipv6', 'ipv4']],
    ['os_version', ['10.5.1']],
    ['software', ['Psi']],
    ['software_version', ['0.11']],
  ];
  for (const flip of [<T>(list: T[]) => list, <T>(list: T[]) => list.toReversed()]) {
    const forms = [{ formType: 'urn:xmpp:dataforms:softwareinfo', fields: new Map(flip(fields)) }];
    const psi = { identities: flip(identities), features: flip(FEATURES), forms };
    assert.equal(capsHash(psi), 'q07IKJEyjvHSyhy//CH0CxmKi8w=');
  }
});

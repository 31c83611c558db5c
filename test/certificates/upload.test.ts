import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type Der, decode, encode, integer, octets, oid, partsOf, sequence } from '../../server/certificates/der.ts';
import type { Names } from '../../server/certificates/names.ts';
import { CertificateRefusal } from '../../server/certificates/refusal.ts';
import { makeRequest } from '../../server/certificates/request.ts';
import { checkGiven, type Given } from '../../server/certificates/upload.ts';
import { type CertificateOptions, DAY_MS, certificate as issue } from '../support/authority.ts';
import { file, folder, openssl } from './support.ts';

const NOW = Date.now();
const NAMES: Names = {
  domain: 'example.test',
  dns: ['example.test', 'conference.example.test', 'upload.example.test', 'chat.office.test'],
  addresses: [],
};
const root = issue({ ca: true, cn: 'Root of the office' });
const between = issue({ ca: true, cn: 'Between', issuer: root });
const good: CertificateOptions = { issuer: between, dns: ['example.test', '*.example.test'] };
const leaf = issue(good);

function refusal(given: Given, waiting?: KeyObject): { field: string; message: string } {
  try {
    checkGiven(given, NAMES, NOW, waiting);
  } catch (error) {
    assert.ok(error instanceof CertificateRefusal, String(error));
    return { field: error.field, message: error.message };
  }
  assert.fail('it was accepted');
}

describe('a certificate that is given', () => {
  it('attack: with a date that there is none of is refused as damaged', () => {
    const der = Buffer.from(leaf.chainPem.replace(/-----END[\s\S]*/, '').replace(/-----.*-----/, ''), 'base64');
    const time = /\d{12}Z/.exec(der.toString('latin1'))!;
    der.write('hh', time.index + 2, 'latin1');
    const chain = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
    assert.match(refusal({ chain, key: leaf.keyPem }).message, /A date in this certificate is none/);
  });

  it('is taken with its chain, and what it lacks and where its chain ends is said', () => {
    const accepted = checkGiven({ chain: leaf.chainPem, key: leaf.keyPem }, NAMES, NOW);
    assert.equal(accepted.chainPem, leaf.chainPem);
    assert.deepEqual(accepted.missing, ['chat.office.test']);
    assert.match(accepted.notes.join(), /ends below “Root of the office”/);
    assert.ok(createPrivateKey(accepted.keyPem).equals(leaf.privateKey));
  });

  it('is put in order, without its root and without what does not belong to it', () => {
    const stranger = issue({ ca: true, cn: 'Stranger' });
    const chain = [stranger, root, between, leaf].map((one) => one.pem).join('\nbetween them\r\n');
    const accepted = checkGiven({ chain, key: leaf.keyPem }, NAMES, NOW);
    assert.equal(accepted.chainPem, leaf.pem + between.pem);
    assert.match(accepted.notes.join(), /One certificate in it does not belong/);
  });

  it('may have its key in the same text, and may have signed itself', () => {
    const own = issue({ dns: ['example.test'], key: 'rsa' });
    const accepted = checkGiven({ chain: own.keyPem + own.pem }, NAMES, NOW);
    assert.equal(accepted.chainPem, own.pem);
    assert.match(accepted.notes.join(), /signed itself/);
  });

  it('is the answer to a request that was made here, and needs no key then', async () => {
    const { keyPem, requestPem } = await makeRequest(NAMES.dns, 'ec');
    const { text } = await openssl('req', '-in', file(requestPem), '-noout', '-verify', '-text');
    for (const name of NAMES.dns) assert.ok(text.includes(`DNS:${name}`), name);
    const [csr, ca, caKey, out] = [file(requestPem), file(root.pem), file(root.keyPem), `${folder}/signed.pem`];
    const args = ['-in', csr, '-CA', ca, '-CAkey', caKey, '-days', '30', '-copy_extensions', 'copy', '-out', out];
    assert.equal((await openssl('x509', '-req', ...args)).code, 0);
    const chain = readFileSync(out, 'utf8');
    const accepted = checkGiven({ chain }, NAMES, NOW, createPrivateKey(keyPem));
    assert.deepEqual(accepted.missing, []);
    assert.match(refusal({ chain: leaf.pem }, createPrivateKey(keyPem)).message, /not the answer to the request/);
  });

  it('is read from a file .p12 of EC and RSA keys, as openssl writes it', async () => {
    for (const key of ['ec', 'rsa'] as const) {
      const one = issue({ ...good, key });
      const out = `${folder}/${key}.p12`;
      const args = ['-export', '-in', file(one.chainPem), '-inkey', file(one.keyPem), '-out', out];
      assert.equal((await openssl('pkcs12', ...args, '-passout', 'pass:öpen')).code, 0);
      const pkcs12 = readFileSync(out);
      const accepted = checkGiven({ pkcs12, passphrase: 'öpen' }, NAMES, NOW);
      assert.equal(accepted.chainPem, one.chainPem);
      assert.ok(createPrivateKey(accepted.keyPem).equals(one.privateKey));
      assert.equal(refusal({ pkcs12, passphrase: 'wrong' }).field, 'passphrase');
      assert.match(refusal({ pkcs12 }).message, /enter its passphrase/);
    }
  });

  it('may have a key that is locked, when its passphrase comes along', () => {
    const lock = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'sesame' } as const;
    const key = leaf.privateKey.export(lock).toString();
    assert.ok(checkGiven({ chain: leaf.chainPem, key, passphrase: 'sesame' }, NAMES, NOW));
    assert.deepEqual(refusal({ chain: leaf.chainPem, key }), {
      field: 'passphrase',
      message: 'This key is locked: enter the passphrase that opens it.',
    });
    assert.match(refusal({ chain: leaf.chainPem, key, passphrase: 'x' }).message, /does not open the key/);
  });

  const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).privateKey;
  const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const days = (from: number, to: number) => ({ notBefore: NOW + from * DAY_MS, notAfter: NOW + to * DAY_MS });
  for (const [what, given, field, words] of [
    ['the key of another', { chain: leaf.pem, key: between.keyPem }, 'key', /does not fit/],
    [
      'names of others',
      give(issue({ ...good, dns: ['other.test'] })),
      'chain',
      /not for example\.test: it has other\.test/,
    ],
    [
      'a wildcard that stands for no name above it',
      give(issue({ ...good, dns: ['*.example.test'] })),
      'chain',
      /not for example\.test/,
    ],
    ['no names at all', give(issue({ ...good, dns: [] })), 'chain', /no names at all/],
    ['an end that is past', give(issue({ ...good, ...days(-30, -1) })), 'chain', /^This certificate ended on/],
    ['a beginning that is to come', give(issue({ ...good, ...days(2, 30) })), 'chain', /holds from/],
    [
      'a chain whose authority has ended',
      give(issue({ ...good, issuer: issue({ ca: true, cn: 'Old', issuer: root, ...days(-30, -1) }) })),
      'chain',
      /^Certificate 2 of the chain ended/,
    ],
    ['another use', give(issue({ ...good, eku: ['client'] })), 'chain', /may not be used for a server/],
    ['the certificate of an authority', give(between), 'chain', /of an authority, not of a server/],
    ['a key that apps do not know', give(issue({ ...good, key: 'ed25519' })), 'key', /ed25519/],
    ['no key', { chain: leaf.pem }, 'key', /private key is needed/],
    ['no certificate', { chain: 'hello', key: leaf.keyPem }, 'chain', /There is no certificate in this/],
    ['a damaged certificate', { chain: leaf.pem.replace('MII', 'MIX'), key: leaf.keyPem }, 'chain', /damaged/],
    ['a damaged key', { chain: leaf.pem, key: leaf.keyPem.replace('MIG', 'MIX') }, 'key', /damaged/],
    [
      'a public key',
      { chain: leaf.pem, key: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----' },
      'key',
      /public key is not enough/,
    ],
    ['two keys', { chain: leaf.pem, key: leaf.keyPem + between.keyPem }, 'key', /several private keys/],
    ['a short RSA key', { chain: leaf.pem, key: pem(rsa(1_024)) }, 'key', /1024 bits can be broken/],
    [
      'a curve of others',
      { chain: leaf.pem, key: pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey) },
      'key',
      /secp256k1/,
    ],
    ['what is no .p12', { pkcs12: Buffer.from('hello') }, 'pkcs12', /no file of the kind/],
  ] as const) {
    it(`is refused with ${what}`, () => {
      const found = refusal(given);
      assert.equal(found.field, field, found.message);
      assert.match(found.message, words);
    });
  }

  it('is refused with a key of another kind, and the next one is read as if nothing had been', () => {
    const key = pem(rsa(2_048));
    assert.equal(refusal({ chain: leaf.pem, key }).field, 'key');
    assert.ok(checkGiven({ chain: leaf.chainPem, key: leaf.keyPem }, NAMES, NOW));
  });

  it('is refused when it was signed with SHA-1', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const [key, out] = [file(pem(privateKey)), `${folder}/sha1.pem`];
    const csr = `${folder}/sha1.csr`;
    await openssl(
      'req',
      '-new',
      '-key',
      key,
      '-subj',
      '/CN=example.test',
      '-addext',
      'subjectAltName=DNS:example.test',
      '-out',
      csr,
    );
    const args = [
      '-in',
      csr,
      '-CA',
      file(root.pem),
      '-CAkey',
      file(root.keyPem),
      '-sha1',
      '-copy_extensions',
      'copy',
      '-out',
      out,
    ];
    assert.equal((await openssl('x509', '-req', ...args)).code, 0);
    assert.match(
      refusal({ chain: readFileSync(out, 'utf8'), key: pem(privateKey) }).message,
      /SHA1, which can be forged/i,
    );
  });

  it('attack: a megabyte of PEM and a hundred certificates are refused before they are read', () => {
    assert.match(refusal({ chain: leaf.pem.repeat(1_500), key: leaf.keyPem }).message, /longer than 60 kB/);
    assert.match(refusal({ chain: leaf.pem, key: 'x'.repeat(1_000_000) }).message, /longer than 60 kB/);
    const small = issue({ dns: ['a.test'] }).pem;
    assert.match(
      refusal({ chain: small.repeat(Math.min(100, Math.floor(59_000 / small.length))), key: leaf.keyPem }).message,
      /more than 10 certificates/,
    );
    assert.match(refusal({ pkcs12: Buffer.alloc(1_000_000, 0x30) }).message, /larger than 64 kB/);
  });

  it('attack: a key or a file that takes two thousand million rounds to open is not opened', async () => {
    const lock = { type: 'pkcs8', format: 'der', cipher: 'aes-256-cbc', passphrase: 'x' } as const;
    const der = leaf.privateKey.export(lock);
    const at = der.indexOf(Buffer.of(0x02, 0x02, 0x08, 0x00)); // 2,048 rounds
    assert.ok(at > 0);
    const slow = grown(der, at);
    const key = `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${slow.toString('base64')}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
    assert.match(refusal({ chain: leaf.pem, key, passphrase: 'x' }).message, /take too long/);
    const out = `${folder}/slow.p12`;
    const args = ['-export', '-in', file(leaf.pem), '-inkey', file(leaf.keyPem), '-out', out, '-passout', 'pass:x'];
    assert.equal((await openssl('pkcs12', ...args, '-iter', '1000001')).code, 0);
    assert.match(refusal({ pkcs12: readFileSync(out), passphrase: 'x' }).message, /take too long/);
  });

  const locked = async (...how: string[]): Promise<Buffer> => {
    const out = `${folder}/locked.p12`;
    const args = [
      '-export',
      '-in',
      file(leaf.chainPem),
      '-inkey',
      file(leaf.keyPem),
      '-out',
      out,
      '-passout',
      'pass:x',
    ];
    assert.equal((await openssl('pkcs12', ...args, ...how)).code, 0);
    return readFileSync(out);
  };

  it('is read from a file .p12 that is locked in the old way', async () => {
    const pkcs12 = await locked('-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1');
    assert.equal(checkGiven({ pkcs12, passphrase: 'x' }, NAMES, NOW).chainPem, leaf.chainPem);
  });

  it('attack: rounds that are each few enough are counted together, and as node-forge reads them', async () => {
    const told = /take too long to open\. Export it anew with the usual settings/;
    const many = await locked('-iter', '350000', '-nomaciter');
    assert.match(refusal({ pkcs12: many, passphrase: 'x' }).message, told);
    // A number whose first bit is set is below zero for some, and large for others.
    const below = decode(await locked());
    Object.assign(partsOf(partsOf(below)[2])[2]!, { value: '\xff\xff\xff' });
    assert.match(refusal({ pkcs12: encode(below), passphrase: 'x' }).message, told);
    // The old way is made in JavaScript.
    const old = await locked('-iter', '20000', '-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES');
    assert.match(refusal({ pkcs12: old, passphrase: 'x' }).message, told);
  });

  it('attack: a locked key of scrypt that multiplies its numbers, or with its salt in pieces, is not opened', () => {
    const number = (value: number) => integer(Buffer.from(value.toString(16).padStart(8, '0'), 'hex'));
    const key = (kdf: Der, ...more: Der[]) => {
      const der = encode(
        sequence(sequence(oid('1.2.840.113549.1.5.13'), sequence(kdf)), octets(Buffer.alloc(64)), ...more),
      );
      return `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${der.toString('base64')}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
    };
    const salt = octets(Buffer.alloc(8));
    const pieces = { ...salt, constructed: true, value: [salt] } as Der;
    const scrypt = sequence(oid('1.3.6.1.4.1.11591.4.11'), sequence(salt, number(16_384), number(8), number(16_000)));
    const pbkdf2 = sequence(oid('1.2.840.113549.1.5.12'), sequence(pieces, number(600_001)));
    for (const kdf of [scrypt, pbkdf2]) {
      assert.match(
        refusal({ chain: leaf.pem, key: key(kdf), passphrase: 'x' }).message,
        /take too long.*unlock it first/,
      );
    }
  });
});

function give(one: { readonly chainPem: string; readonly keyPem: string }): Given {
  return { chain: one.chainPem, key: one.keyPem };
}

/** The same structure with a whole number of four bytes in the place of one of two: all lengths above it grow. */
function grown(der: Buffer, at: number): Buffer {
  const out = Buffer.concat([der.subarray(0, at), Buffer.of(0x02, 0x04, 0x7f, 0xff, 0xff, 0xff), der.subarray(at + 4)]);
  const fix = (from: number): void => {
    const long = out[from + 1]! > 0x80 ? out[from + 1]! - 0x80 : 0;
    const head = 2 + long;
    const length = long === 0 ? out[from + 1]! : out.readUIntBE(from + 2, long);
    if (at < from + head || at >= from + head + length) return;
    if (long === 0) out[from + 1] = length + 2;
    else out.writeUIntBE(length + 2, from + 2, long);
    for (let inner = from + head; inner < at; ) {
      const nested = out[inner + 1]! > 0x80 ? out[inner + 1]! - 0x80 : 0;
      const size = 2 + nested + (nested === 0 ? out[inner + 1]! : out.readUIntBE(inner + 2, nested));
      if (at < inner + size) {
        fix(inner);
        return;
      }
      inner += size;
    }
  };
  fix(0);
  return out;
}

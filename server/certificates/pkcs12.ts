import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import { bounded, TooMuchEffort } from './key-effort.ts';
import { CertificateRefusal } from './refusal.ts';

const { asn1, pki, pkcs12 } = forge;
const LARGEST = 64 * 1024;

export interface Bag {
  readonly certificates: readonly X509Certificate[];
  readonly key: KeyObject;
}

function bytes(value: forge.asn1.Asn1): Buffer {
  return Buffer.from(asn1.toDer(value).getBytes(), 'latin1');
}

/** A file of the kind .p12 or .pfx. Throws CertificateRefusal. */
export function readPkcs12(der: Uint8Array, passphrase: string): Bag {
  if (der.length > LARGEST) throw new CertificateRefusal('pkcs12', `This file is larger than ${LARGEST / 1024} kB.`);
  const opened = open(der, passphrase);
  const keys = [pki.oids.keyBag!, pki.oids.pkcs8ShroudedKeyBag!].flatMap(
    (bagType) => opened.getBags({ bagType })[bagType] ?? [],
  );
  const [first, ...more] = keys;
  if (first === undefined) throw new CertificateRefusal('pkcs12', 'There is no private key in this file.');
  if (more.length > 0) throw new CertificateRefusal('pkcs12', 'There are several private keys in this file.');
  const bagType = pki.oids.certBag!;
  const found = opened.getBags({ bagType })[bagType] ?? [];
  try {
    return {
      // What is no RSA is left as it stands there.
      key: createPrivateKey({
        key: first.key ? bytes(pki.wrapRsaPrivateKey(pki.privateKeyToAsn1(first.key))) : bytes(first.asn1),
        format: 'der',
        type: 'pkcs8',
      }),
      certificates: found.map(
        (bag) => new X509Certificate(bytes(bag.cert ? pki.certificateToAsn1(bag.cert) : bag.asn1)),
      ),
    };
  } catch (cause) {
    throw new CertificateRefusal('pkcs12', 'What is in this file cannot be read.', { cause });
  }
}

/**
 * RFC 7292 takes the letters of a passphrase for the checksum as UTF-16, RFC 8018 for the key as UTF-8; node-forge knows the former only. So
 * where there are letters beyond ASCII it is tried without the checksum, in UTF-8: a wrong one opens nothing either.
 */
function opened(file: forge.asn1.Asn1, passphrase: string): forge.pkcs12.Pkcs12Pfx {
  try {
    return pkcs12.pkcs12FromAsn1(file, true, passphrase);
  } catch (error) {
    if (error instanceof TooMuchEffort || /^[\x20-\x7e]*$/.test(passphrase) || !Array.isArray(file.value)) throw error;
    const unchecked = { ...file, value: file.value.slice(0, 2) };
    return pkcs12.pkcs12FromAsn1(unchecked, true, Buffer.from(passphrase).toString('latin1'));
  }
}

function open(der: Uint8Array, passphrase: string): forge.pkcs12.Pkcs12Pfx {
  const damaged = 'This is no file of the kind .p12 or .pfx, or it is damaged.';
  let decoded: forge.asn1.Asn1;
  try {
    decoded = asn1.fromDer(Buffer.from(der).toString('latin1'));
  } catch (cause) {
    throw new CertificateRefusal('pkcs12', damaged, { cause });
  }
  try {
    return bounded(() => opened(decoded, passphrase));
  } catch (cause) {
    if (cause instanceof TooMuchEffort) {
      throw new CertificateRefusal(
        'pkcs12',
        'This file is locked in a way that would take too long to open. Export it anew with the usual settings, or give certificate and key as PEM.',
        { cause },
      );
    }
    const words = (cause as Error).message;
    if (/password|MAC could not|decrypt/i.test(words)) {
      const said =
        passphrase === '' ? 'This file is locked: enter its passphrase.' : 'This passphrase does not open it.';
      throw new CertificateRefusal('passphrase', said, { cause });
    }
    if (/algorithm|OID|unsupported/i.test(words)) {
      throw new CertificateRefusal(
        'pkcs12',
        'This file is locked in a way that is not known here. Give certificate and key as PEM.',
        { cause },
      );
    }
    throw new CertificateRefusal('pkcs12', damaged, { cause });
  }
}

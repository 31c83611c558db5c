import forge from 'node-forge';

const { asn1 } = forge;
const { Class, Type } = asn1;

/** One DER value, to be put together with others. */
export type Der = forge.asn1.Asn1;

/** forge keeps bytes as strings of code units below 256. */
function binary(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

export function sequence(...parts: readonly Der[]): Der {
  return asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, [...parts]);
}

export function set(...parts: readonly Der[]): Der {
  return asn1.create(Class.UNIVERSAL, Type.SET, true, [...parts]);
}

export function oid(dotted: string): Der {
  return asn1.create(Class.UNIVERSAL, Type.OID, false, asn1.oidToDer(dotted).getBytes());
}

export function truth(): Der {
  return asn1.create(Class.UNIVERSAL, Type.BOOLEAN, false, '\xff');
}

/** A whole number of one byte, below 128. */
export function small(value: number): Der {
  return asn1.create(Class.UNIVERSAL, Type.INTEGER, false, String.fromCharCode(value));
}

/** A positive whole number of any length; the first bit must not be set. */
export function integer(bytes: Uint8Array): Der {
  return asn1.create(Class.UNIVERSAL, Type.INTEGER, false, binary(bytes));
}

export function octets(content: Uint8Array): Der {
  return asn1.create(Class.UNIVERSAL, Type.OCTETSTRING, false, binary(content));
}

/** `unused` bits at the end do not count. */
export function bits(content: Uint8Array, unused = 0): Der {
  return asn1.create(Class.UNIVERSAL, Type.BITSTRING, false, String.fromCharCode(unused) + binary(content));
}

export function utf8(text: string): Der {
  return asn1.create(Class.UNIVERSAL, Type.UTF8, false, binary(Buffer.from(text)));
}

/** ASCII only. */
export function ia5(text: string): Der {
  return asn1.create(Class.UNIVERSAL, Type.IA5STRING, false, text);
}

/** RFC 5280 §4.1.2.5: two digits for the year until 2049. Seconds count, what is below is cut off. */
export function time(milliseconds: number): Der {
  const date = new Date(Math.floor(milliseconds / 1_000) * 1_000);
  return date.getUTCFullYear() < 2050
    ? asn1.create(Class.UNIVERSAL, Type.UTCTIME, false, asn1.dateToUtcTime(date))
    : asn1.create(Class.UNIVERSAL, Type.GENERALIZEDTIME, false, asn1.dateToGeneralizedTime(date));
}

/** `[tag]` around values (EXPLICIT, or IMPLICIT for a SEQUENCE whose parts are given). */
export function tagged(tag: number, ...parts: readonly Der[]): Der {
  return asn1.create(Class.CONTEXT_SPECIFIC, tag, true, [...parts]);
}

/** `[tag] IMPLICIT` for bytes or ASCII text. */
export function taggedBytes(tag: number, content: Uint8Array | string): Der {
  return asn1.create(Class.CONTEXT_SPECIFIC, tag, false, typeof content === 'string' ? content : binary(content));
}

export function encode(value: Der): Buffer {
  return Buffer.from(asn1.toDer(value).getBytes(), 'latin1');
}

/** Throws Error for what is not DER. */
export function decode(bytes: Uint8Array): Der {
  return asn1.fromDer(binary(bytes));
}

/** The parts of a constructed value, none of another. */
export function partsOf(value: Der | undefined): readonly Der[] {
  return Array.isArray(value?.value) ? value.value : [];
}

/** The content of a value that has no parts. */
export function bytesOf(value: Der | undefined): Buffer {
  return Buffer.from(typeof value?.value === 'string' ? value.value : '', 'latin1');
}

function isUniversal(value: Der | undefined, type: number): value is Der & { value: string } {
  return value?.tagClass === Class.UNIVERSAL && value.type === type && typeof value.value === 'string';
}

/** Whether it is this object identifier, byte by byte: numbers that are too large for somebody cannot look like others. */
export function isOid(value: Der | undefined, dotted: string): boolean {
  return isUniversal(value, Type.OID) && value.value === asn1.oidToDer(dotted).getBytes();
}

/** The text of a UTF8String or IA5String; undefined for anything else, and for bytes that are not that. */
export function textOf(value: Der | undefined, kind: 'utf8' | 'ia5'): string | undefined {
  if (!isUniversal(value, kind === 'utf8' ? Type.UTF8 : Type.IA5STRING)) return undefined;
  const bytes = bytesOf(value);
  if (kind === 'ia5' && bytes.some((byte) => byte > 0x7f)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The number of a context-specific tag. */
export function tagOf(value: Der | undefined): number | undefined {
  return value?.tagClass === Class.CONTEXT_SPECIFIC ? value.type : undefined;
}

/** The subject of a certificate (RFC 5280 §4.1) as it stands there. Throws Error for what is not DER. */
export function subjectOf(certificate: Uint8Array): Der | undefined {
  const fields = partsOf(partsOf(decode(certificate))[0]);
  return fields[tagOf(fields[0]) === 0 ? 5 : 4]; // version 1 is left out
}

/** What is in the extensions of this kind, each as it stands there. Throws Error for what is not DER. */
export function extensionsOf(certificate: Uint8Array, id: string): Buffer[] {
  const fields = partsOf(partsOf(decode(certificate))[0]);
  const list = partsOf(fields.find((field) => tagOf(field) === 3))[0];
  return partsOf(list)
    .filter((one) => isOid(partsOf(one)[0], id))
    .map((one) => bytesOf(partsOf(one).at(-1)));
}

/** Whether it is a whole number (INTEGER). */
export function isInteger(value: Der | undefined): value is Der & { value: string } {
  return isUniversal(value, Type.INTEGER);
}

/** A whole number; Infinity for one of more than six bytes, and below zero, which is what nobody counts. */
export function wholeOf(value: Der & { value: string }): number {
  const bytes = bytesOf(value);
  if (bytes.length > 6 || bytes[0]! > 0x7f) return Number.POSITIVE_INFINITY;
  return bytes.length === 0 ? 0 : bytes.readUIntBE(0, bytes.length);
}

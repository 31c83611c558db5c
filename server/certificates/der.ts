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

/** The dotted form if it is an object identifier. */
export function oidOf(value: Der | undefined): string | undefined {
  return value?.type === Type.OID && typeof value.value === 'string' ? asn1.derToOid(value.value) : undefined;
}

/** The number of a context-specific tag. */
export function tagOf(value: Der | undefined): number | undefined {
  return value?.tagClass === Class.CONTEXT_SPECIFIC ? value.type : undefined;
}

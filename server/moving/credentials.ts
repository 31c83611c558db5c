// XEP-0227 1.1
import type { Credential } from '../storage/stores/credentials.ts';
import { child, type Element, textOf } from '../xmpp/element.ts';
import type { ScramName } from '../xmpp/scram.ts';

const KEY_BYTES: Readonly<Record<ScramName, number>> = { 'SCRAM-SHA-1': 20, 'SCRAM-SHA-256': 32, 'SCRAM-SHA-512': 64 };
const MOST_SALT = 512;
/** A login with the password itself (PLAIN) costs the server so many rounds: more would let one login take seconds. */
const MOST_ITERATIONS = 1_000_000;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The keys of a password (XEP-0227 §3.3), or why they are of no use. */
export function readKeys(element: Element): Credential | string {
  const mechanism = (element.attrs.mechanism ?? '').replace(/-PLUS$/, '');
  if (!Object.hasOwn(KEY_BYTES, mechanism)) return 'a password in a form that is not known here';
  const name = mechanism as ScramName;
  const text = (part: string): string => textOf(child(element, part)).trim();
  const count = text('iter-count');
  const iterations = Number(count);
  if (!/^[1-9]\d{0,6}$/.test(count) || iterations > MOST_ITERATIONS) return 'a password that was stretched too often';
  const parts = ['salt', 'stored-key', 'server-key'].map((part) => bytesOf(text(part)));
  const fits = ([, stored, server]: readonly (Buffer | undefined)[]): boolean =>
    stored?.length === KEY_BYTES[name] && server?.length === KEY_BYTES[name];
  // ejabberd (23.01, for one) keeps them in base 64 and writes that in base 64 once more.
  const once = fits(parts) ? parts : parts.map((part) => part && bytesOf(part.toString('latin1')));
  const [salt, storedKey, serverKey] = once;
  if (
    !fits(once) ||
    salt === undefined ||
    storedKey === undefined ||
    serverKey === undefined ||
    salt.length > MOST_SALT
  )
    return 'a password whose keys are damaged';
  return { mechanism: name, iterations, salt, storedKey, serverKey };
}

function bytesOf(text: string): Buffer | undefined {
  const clean = text.replace(/\s/g, '');
  return BASE64.test(clean) && clean.length % 4 === 0 ? Buffer.from(clean, 'base64') : undefined;
}

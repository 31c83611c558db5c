import type { Element } from '../xmpp/element.ts';

/** Namespaces of XEP-0227 and of what stands in its files and nowhere else. */
export const PIE = 'urn:xmpp:pie:0';
/** Before it had one of its own (XEP-0227 0.3); some servers still write it. */
export const OLD_PIE = 'http://www.xmpp.org/extensions/xep-0227.html#ns';
export const PIE_SCRAM = `${PIE}#scram`;
export const PIE_MAM = `${PIE}#mam`;
export const XINCLUDE = 'http://www.w3.org/2001/XInclude';
export const PRIVACY = 'jabber:iq:privacy';

/** An element of which only the tag is known: what is inside comes one after the other, as it may be much. */
export interface Shell {
  readonly name: string;
  readonly xmlns: string;
  readonly attrs: Readonly<Record<string, string>>;
}

/** What a file says, in order. */
export type PieEvent =
  | { readonly kind: 'host'; readonly jid: string }
  | { readonly kind: 'user'; readonly attrs: Readonly<Record<string, string>> }
  | { readonly kind: 'user-end' }
  /** A part of what is kept of a person. `within`: what stands around it, inside the `<user/>`. */
  | { readonly kind: 'part'; readonly within: readonly Shell[]; readonly element: Element }
  /** `level`: in what it stands, which says what the file must begin with. */
  | { readonly kind: 'include'; readonly attrs: Readonly<Record<string, string>>; readonly level: Level }
  /** Nothing that is understood, or too large: it was passed over. */
  | { readonly kind: 'left'; readonly what: string; readonly inUser: boolean };

/** What may stand at the beginning of a file, by what includes it: nothing, a `<server-data/>`, a `<host/>` or a `<user/>`. */
export type Level = 'file' | 'server' | 'host' | 'user';

/** The file cannot be read on. The message is for people. */
export class PieError extends Error {
  /** In which file; it stands in the message as well. */
  readonly file: string;

  constructor(message: string, file = '') {
    super(file === '' ? message : `${file}: ${message}`);
    this.file = file;
  }
}

/** How an element is named to an administrator. */
export function naming(name: string, xmlns: string): string {
  const text = xmlns === '' || xmlns === PIE ? `<${name}>` : `<${name} xmlns="${xmlns}">`;
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

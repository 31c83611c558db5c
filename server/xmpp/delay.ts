// XEP-0082 1.1.1, XEP-0203 2.0
import { type Element, el, removeChildren } from './element.ts';
import { tryParseJid } from './jid.ts';
import { NS } from './ns.ts';

/** A point in time as XEP-0082 writes it, in UTC. `time` is in ms since 1970. */
export function dateTime(time: number): string {
  return new Date(time).toISOString();
}

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Reads an XEP-0082 DateTime; undefined for what is none. Gives ms since 1970. */
export function parseDateTime(text: string): number | undefined {
  if (text.length > 40 || !DATE_TIME.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/** XEP-0203: when the stanza around it was first sent, and who says so. */
export function delayXml(from: string, time: number): string {
  return `<delay xmlns='${NS.delay}' from='${from}' stamp='${dateTime(time)}'/>`;
}

export function delay(from: string, time: number): Element {
  return el('delay', { xmlns: NS.delay, from, stamp: dateTime(time) });
}

function isBy({ name, attrs }: Element, from: string): boolean {
  return name === 'delay' && attrs.xmlns === NS.delay && tryParseJid(attrs.from ?? '')?.full === from;
}

/** Whether a stanza itself, not something in it, has a stamp of this entity's. */
export function delayedBy(stanza: Element, from: string): boolean {
  return stanza.children.some((node) => typeof node !== 'string' && isBy(node, from));
}

/** The stamp of before XEP-0203 (XEP-0091): nobody writes it any more, and clients still believe it. */
function isOldBy({ name, attrs }: Element, from: string): boolean {
  return name === 'x' && attrs.xmlns === 'jabber:x:delay' && tryParseJid(attrs.from ?? '')?.full === from;
}

/** Takes off all stamps that claim to be this entity's. */
export function removeDelays(stanza: Element, from: string): void {
  removeChildren(stanza, (node) => isBy(node, from) || isOldBy(node, from));
}

// XEP-0313 1.1.3
import { timeOf } from '../storage/archive-id.ts';
import type { ArchivedMessage, Archives } from '../storage/stores/archives.ts';
import { dateTime, delayXml } from '../xmpp/delay.ts';
import { type Element, el, escapeAttribute, withNamespace } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';

/**
 * §4.2: one message, forwarded by the archive: what is inside of the message that brings it. The stored text goes out as it
 * is; `from` says when it was received.
 */
export function resultXml(from: string, queryId: string | undefined, { id, stanza }: ArchivedMessage): string {
  const query = queryId === undefined ? '' : ` queryid='${escapeAttribute(queryId)}'`;
  return (
    `<result xmlns='${NS.mam}'${query} id='${id}'><forwarded xmlns='${NS.forward}'>` +
    `${delayXml(from, timeOf(id))}${withNamespace(stanza, NS.client)}</forwarded></result>`
  );
}

/** §5: the ends of an archive. */
export async function archiveMetadata(archives: Archives, owner: number): Promise<Element> {
  const { first, last } = await archives.metadata(owner);
  const end = (name: string, id: number | undefined) =>
    id !== undefined && el(name, { id: String(id), timestamp: dateTime(timeOf(id)) });
  return el('metadata', { xmlns: NS.mam }, end('start', first), end('end', last));
}

import assert from 'node:assert/strict';
import { child, type Element, serialize, textOf } from '../../server/xmpp/element.ts';
import type { Actor } from './actor.ts';
import type { Scene } from './scene.ts';
import { find } from './xml.ts';

const MAM = 'urn:xmpp:mam:2';

/** One message out of an archive. */
export interface Found {
  readonly id: string;
  readonly queryId: string | undefined;
  /** When it was archived, ms since 1970. */
  readonly time: number;
  readonly message: Element;
  readonly body: string;
}

export interface Page {
  readonly found: readonly Found[];
  readonly bodies: readonly string[];
  readonly complete: boolean;
  readonly first: string | undefined;
  readonly last: string | undefined;
  /** Of the whole set, undefined when it is not told. */
  readonly count: number | undefined;
}

/** A query to an archive: the fields of its form, and what is in its `<set/>`. */
export function archiveQuery(fields: Readonly<Record<string, string>> = {}, set = '', attributes = ''): string {
  const field = (name: string, value: string) => `<field var='${name}'><value>${value}</value></field>`;
  const wanted = Object.entries(fields).map(([name, value]) => field(name, value));
  const form = `<x xmlns='jabber:x:data' type='submit'>${field('FORM_TYPE', MAM)}${wanted.join('')}</x>`;
  return `<iq type='set' ${attributes}><query xmlns='${MAM}'>
    ${wanted.length === 0 ? '' : form}${set === '' ? '' : `<set xmlns='http://jabber.org/protocol/rsm'>${set}</set>`}
    </query></iq>`;
}

/** Asks one's own archive, or that of `of`. What else was received stays where it is. */
export async function readsArchive(
  who: Actor,
  fields: Record<string, string> = {},
  set = '',
  of?: string,
): Promise<Page> {
  const answer = await who.gets(archiveQuery(fields, set, of === undefined ? '' : `to='${of}'`));
  const found: Found[] = [];
  for (const element of who.received.splice(0)) {
    const result = child(element, 'result', MAM);
    if (result === undefined) who.received.push(element);
    else found.push(read(result));
  }
  const fin = child(answer, 'fin', MAM);
  assert.ok(fin !== undefined, serialize(answer));
  const text = (name: string): string | undefined => {
    const element = find(fin, 'set', name);
    return element === undefined ? undefined : textOf(element);
  };
  const count = text('count');
  return {
    found,
    bodies: found.map(({ body }) => body),
    complete: fin.attrs.complete === 'true',
    first: text('first'),
    last: text('last'),
    count: count === undefined ? undefined : Number(count),
  };
}

function read(result: Element): Found {
  const message = find(result, 'forwarded', 'message');
  assert.ok(message !== undefined, serialize(result));
  return {
    id: result.attrs.id,
    queryId: result.attrs.queryid,
    time: Date.parse(find(result, 'forwarded', 'delay')?.attrs.stamp),
    message,
    body: textOf(child(message, 'body')),
  };
}

/** Puts messages between two people into both archives, by way of the store. Gives their ids. */
export async function archived(
  scene: Scene,
  from: string,
  to: string,
  messages: readonly { readonly id?: number; readonly body: string }[],
): Promise<number[]> {
  const sender = await scene.account(from);
  const recipient = await scene.account(to);
  const ids = messages.map(({ id = scene.house.archiveIds.next(), body }) => {
    const text = `<message to='${to}' from='${from}' type='chat'><body>${body}</body></message>`;
    const entries = [
      { owner: sender.id, peer: to },
      { owner: recipient.id, peer: from },
    ];
    scene.stores.archives.append(id, text, entries);
    return id;
  });
  await scene.db.flushed();
  return ids;
}

/** The ids that one copy of a message claims to have, and whose archives gave them. */
export function stanzaIds(message: Element | undefined): { by: string; id: string }[] {
  assert.ok(message !== undefined, 'there is no message');
  return message.children.flatMap((node) =>
    typeof node !== 'string' && node.name === 'stanza-id' && node.attrs.xmlns === 'urn:xmpp:sid:0'
      ? [{ by: String(node.attrs.by), id: String(node.attrs.id) }]
      : [],
  );
}

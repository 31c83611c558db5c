import assert from 'node:assert/strict';
import { child, type Element, elements } from '../../server/xmpp/element.ts';
import type { Actor } from './actor.ts';

const PUBSUB = "pubsub xmlns='http://jabber.org/protocol/pubsub'";

/** A request to publish on a node of one's own account. */
export function publishing(node: string, payload: string, id = '', access = ''): string {
  const options =
    access &&
    `<publish-options><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/pubsub#publish-options</value></field><field var='pubsub#access_model'><value>${access}</value></field></x></publish-options>`;
  return `<iq type='set'><${PUBSUB}><publish node='${node}'><item${id && ` id='${id}'`}>${payload}</item></publish>${options}</pubsub></iq>`;
}

export function retracting(node: string, id: string): string {
  return `<iq type='set'><${PUBSUB}><retract node='${node}' notify='true'><item id='${id}'/></retract></pubsub></iq>`;
}

/** The items of a node as somebody gets them. */
export async function itemsOf(actor: Actor, node: string, owner = ''): Promise<Element[]> {
  const to = owner && ` to='${owner}'`;
  const answer = await actor.asks(`<iq type='get'${to}><${PUBSUB}><items node='${node}'/></pubsub></iq>`);
  if (answer.attrs.type === 'error') return [];
  const items = child(child(answer, 'pubsub', 'http://jabber.org/protocol/pubsub')!, 'items');
  assert.ok(items !== undefined);
  return elements(items);
}

/** What is in the last item. */
export async function lastOf(actor: Actor, node: string, owner = ''): Promise<Element | undefined> {
  const item = (await itemsOf(actor, node, owner)).at(-1);
  return item && elements(item)[0];
}

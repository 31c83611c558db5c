import assert from 'node:assert/strict';
import { capsHash } from '../../server/xmpp/caps.ts';
import { child, type Element, elements, escapeAttribute } from '../../server/xmpp/element.ts';
import type { Actor } from './actor.ts';
import type { Scene } from './scene.ts';

export const PUBSUB = 'http://jabber.org/protocol/pubsub';
export const OWNER = `${PUBSUB}#owner`;
export const EVENT = `${PUBSUB}#event`;
const INFO = 'http://jabber.org/protocol/disco#info';

export type Options = Readonly<Record<string, string>>;

const to = (at: string | undefined): string => (at === undefined ? '' : ` to='${at}'`);

/** A form of pubsub#… fields. */
export function form(kind: string, fields: Options): string {
  const all = Object.entries(fields).map(
    ([name, value]) => `<field var='pubsub#${name}'><value>${escapeAttribute(value)}</value></field>`,
  );
  return `<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'>
    <value>${PUBSUB}#${kind}</value></field>${all.join('')}</x>`;
}

export function get(inner: string, at?: string, xmlns = PUBSUB): string {
  return `<iq type='get'${to(at)}><pubsub xmlns='${xmlns}'>${inner}</pubsub></iq>`;
}

export function set(inner: string, at?: string, xmlns = PUBSUB): string {
  return `<iq type='set'${to(at)}><pubsub xmlns='${xmlns}'>${inner}</pubsub></iq>`;
}

/** A publish request; `id` of undefined leaves it to the server. */
export function publish(node: string, id: string | undefined, payload: string, options?: Options, at?: string): string {
  const item = `<item${id === undefined ? '' : ` id='${escapeAttribute(id)}'`}>${payload}</item>`;
  const more = options === undefined ? '' : `<publish-options>${form('publish-options', options)}</publish-options>`;
  return set(`<publish node='${escapeAttribute(node)}'>${item}</publish>${more}`, at);
}

export const create = (node: string, options: Options = {}, at?: string): string =>
  set(`<create node='${node}'/><configure>${form('node_config', options)}</configure>`, at);

export const configure = (node: string, options: Options, at?: string): string =>
  set(`<configure node='${node}'>${form('node_config', options)}</configure>`, at, OWNER);

export const items = (node: string, at?: string, more = ''): string => get(`<items node='${node}'/>${more}`, at);
export const tune = (text: string): string => `<tune xmlns='urn:example:tune'><title>${text}</title></tune>`;

/** The ids of the items in an answer to `<items/>`. */
export function idsIn(answer: Element): string[] {
  const list = child(child(answer, 'pubsub', PUBSUB)!, 'items')!;
  return elements(list).map(({ attrs }) => String(attrs.id));
}

/** The values of a field in the form anywhere inside an answer. */
export function fieldIn(answer: Element, name: string): string[] {
  const found: string[] = [];
  const walk = (element: Element): void => {
    if (element.name === 'field' && element.attrs.var === name) {
      found.push(...element.getChildren('value').map((value: Element) => value.text()));
    }
    elements(element).forEach(walk);
  };
  walk(answer);
  return found;
}

/** The `<c/>` of a client that wants to hear of these nodes, and what it answers when it is asked. */
export function client(...nodes: readonly string[]): { c: string; answer: string; ver: string } {
  const features = [INFO, ...nodes.map((node) => `${node}+notify`)];
  const ver = capsHash({ identities: [{ category: 'client', type: 'pc', name: 'Test' }], features, forms: [] });
  return {
    ver,
    c: `<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:test' ver='${ver}'/>`,
    answer: `<identity category='client' type='pc' name='Test'/>${features.map((one) => `<feature var='${one}'/>`).join('')}`,
  };
}

/** The question of the server for a client's capabilities, if there is one among what was received; taken away. */
export async function question(actor: Actor, settle: () => Promise<void>): Promise<Element | undefined> {
  await settle();
  const at = actor.received.findIndex(
    (one) => one.name === 'iq' && one.attrs.type === 'get' && child(one, 'query', INFO) !== undefined,
  );
  return at < 0 ? undefined : actor.received.splice(at, 1)[0];
}

export async function answers(actor: Actor, asked: Element, inner: string): Promise<void> {
  const { id, from } = asked.attrs;
  const node = child(asked, 'query', INFO)!.attrs.node;
  await actor.sends(`<iq type='result' id='${id}' to='${from}'>
    <query xmlns='${INFO}' node='${escapeAttribute(String(node))}'>${inner}</query></iq>`);
}

/** Somebody comes whose client wants to hear of these nodes, and has told so. All that came until then is left to be read. */
export async function listener(scene: Scene, full: string, ...nodes: readonly string[]): Promise<Actor> {
  const { c, answer } = client(...nodes);
  const actor = await scene.connect(full);
  await actor.sends(`<presence>${c}</presence>`);
  const asked = await question(actor, () => scene.settle());
  if (asked !== undefined) await answers(actor, asked, answer);
  return actor;
}

/** The events among what somebody received, all of it taken away. */
export async function events(actor: Actor): Promise<Element[]> {
  return (await actor.all()).filter((one) => one.name === 'message' && child(one, 'event', EVENT) !== undefined);
}

/** What the events say: node, and the ids of what was published or taken away. */
export async function heard(actor: Actor): Promise<string[]> {
  return (await events(actor)).flatMap((message) => {
    assert.equal(message.attrs.type, 'headline');
    return elements(child(message, 'event', EVENT)!).map((one) => {
      const what = elements(one).map(({ name, attrs }) => `${name}:${attrs.id ?? ''}`);
      return `${one.name} ${one.attrs.node} ${what.join(' ')}`.trim();
    });
  });
}

import type { TestContext } from 'node:test';
import { type Element, textOf } from '../../server/xmpp/element.ts';
import type { Actor } from './actor.ts';
import { addComponent, componentComes } from './component.ts';
import { openScene, type Scene, type SceneOptions } from './scene.ts';
import type { Wire } from './wire.ts';
import { find } from './xml.ts';

export const J = 'juliet@example.test';
export const R = 'romeo@example.test';
export const APP = 'push.example.test';
export const PUSH = 'urn:xmpp:push:0';
export const OMEMO = 'eu.siacs.conversations.axolotl';

export const enabling = (node = 'n1', jid = APP, form = ''): string =>
  `<iq type='set'><enable xmlns='${PUSH}' jid='${jid}' node='${node}'>${form}</enable></iq>`;
export const FORM = `<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>
  <value>http://jabber.org/protocol/pubsub#publish-options</value></field>
  <field var='secret'><value>a &lt;secret&gt;</value></field></x>`;

/** Juliet's phone has asked for pushes; Romeo writes. */
export async function open(t: TestContext, options: SceneOptions = {}) {
  const scene = await openScene(t, options);
  const app = await componentComes(scene, APP, await addComponent(scene, APP));
  const phone = await scene.comes(`${J}/phone`);
  const romeo = await scene.comes(`${R}/orchard`);
  return { scene, app, phone, romeo };
}

export async function settings(scene: Scene, value: string): Promise<void> {
  const option = scene.house.options.find('push.reveals')!;
  await scene.house.options.set(option, 'example.test', value);
}

export const chat = (actor: Actor, body: string, more = ''): Promise<void> =>
  actor.sends(`<message to='${J}' type='chat'><body>${body}</body>${more}</message>`);

/** The fields of the summary in a publication. */
export function summary(iq: Element): Record<string, string> {
  const form = find(iq, 'pubsub', 'publish', 'item', 'notification', 'x');
  const fields = form?.children.filter((node): node is Element => typeof node !== 'string') ?? [];
  return Object.fromEntries(fields.map((field) => [field.attrs.var as string, textOf(find(field, 'value'))]));
}

/** The next publication, answered. */
export async function pushed(app: Wire, answer = "type='result'", inner = ''): Promise<Element> {
  const iq = await app.receives(
    `<iq type='set' from='example.test' to='${APP}'><pubsub/></iq>`.replace(
      '<pubsub/>',
      `<pubsub xmlns='http://jabber.org/protocol/pubsub'/>`,
    ),
  );
  app.write(`<iq ${answer} id='${iq.attrs.id}' from='${APP}' to='example.test'>${inner}</iq>`);
  return iq;
}

/** Time that passes for the server only. */
export function clock(t: TestContext) {
  t.mock.timers.enable({ apis: ['Date', 'setTimeout'], now: Date.now() });
  return (ms: number) => t.mock.timers.tick(ms);
}

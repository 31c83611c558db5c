import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { child, type Element, serialize, textOf } from '../../server/xmpp/element.ts';
import { keysOf } from '../../server/xmpp/scram-keys.ts';
import type { Actor } from './actor.ts';
import { openScene, type Scene, type SceneOptions } from './scene.ts';

export const COMMANDS = 'http://jabber.org/protocol/commands';
export const ADMIN = 'http://jabber.org/protocol/admin';
export const OFFICE = { name: 'office', door: 'panel' } as const;
export const PRINCE = 'escalus@example.test';
export const JULIET = 'juliet@example.test';
export const ROMEO = 'romeo@example.test';

type Fields = Readonly<Record<string, string | readonly string[]>>;

/** The prince may administer. */
export async function palace(t: TestContext, options: SceneOptions = {}): Promise<{ scene: Scene; prince: Actor }> {
  const scene = await openScene(t, options);
  const prince = await scene.connect(`${PRINCE}/palace`);
  await scene.commands.chatAdmins.set(OFFICE, PRINCE, true);
  return { scene, prince };
}

export function command(node: string, attributes = '', content = ''): string {
  return `<iq type='set' to='example.test'><command xmlns='${COMMANDS}' node='${ADMIN}#${node}' ${attributes}>${content}</command></iq>`;
}

export function form(fields: Fields): string {
  const field = ([name, value]: [string, string | readonly string[]]) =>
    `<field var='${name}'>${[value]
      .flat()
      .map((one) => `<value>${one}</value>`)
      .join('')}</field>`;
  return `<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>${ADMIN}</value></field>
    ${Object.entries(fields).map(field).join('')}</x>`;
}

/** The first step. */
export async function begins(who: Actor, node: string): Promise<{ id: string; answer: Element }> {
  const answer = child(await who.gets(command(node)), 'command', COMMANDS)!;
  assert.equal(answer.attrs.status, 'executing', serialize(answer));
  return { id: String(answer.attrs.sessionid), answer };
}

export const submit = (node: string, id: string, fields: Fields, action = 'complete'): string =>
  command(node, `sessionid='${id}' action='${action}'`, form(fields));

/** Both steps of a command that asks for something. Gives the completed command. */
export async function orders(who: Actor, node: string, fields: Fields): Promise<Element> {
  const { id } = await begins(who, node);
  const answer = child(await who.gets(submit(node, id, fields)), 'command', COMMANDS)!;
  assert.equal(answer.attrs.status, 'completed', serialize(answer));
  return answer;
}

/** The same, of a command that must be refused. */
export async function isRefused(who: Actor, node: string, fields: Fields, condition: string): Promise<Element> {
  const { id } = await begins(who, node);
  return who.isRefused(submit(node, id, fields), condition);
}

export const valuesOf = (answer: Element, name: string): string[] | undefined =>
  child(answer, 'x', 'jabber:x:data')
    ?.getChildren('field')
    .find(({ attrs }) => attrs.var === name)
    ?.getChildren('value')
    .map(textOf);

/** Whether a password would let somebody in. */
export async function opens(scene: Scene, bare: string, password: string): Promise<boolean> {
  const [local, domain] = bare.split('@') as [string, string];
  const account = await scene.stores.accounts.find(domain, local);
  const [stored] = await scene.stores.credentials.of(account!.id);
  const made = await keysOf(stored!.mechanism, password, stored!.salt, stored!.iterations);
  return Buffer.from(made.storedKey).equals(stored!.storedKey);
}

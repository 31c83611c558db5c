import type { TestContext } from 'node:test';
import type { ClientDoor } from '../../server/c2s/door.ts';
import { type Element, textOf } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { dial, openDoor, type Wire } from '../support/wire.ts';
import { find } from '../support/xml.ts';

export const J = 'juliet@example.test';
export const R = 'romeo@example.test';
export const SM = "xmlns='urn:xmpp:sm:3'";

export interface Stage {
  readonly scene: Scene;
  readonly door: ClientDoor;
  /** Romeo writes to her. */
  readonly romeo: Actor;
  dial(): Wire;
  says(body: string, to?: string): Promise<void>;
}

export async function open(t: TestContext): Promise<Stage> {
  const scene = await openScene(t);
  await scene.account(J);
  const door = openDoor(t, scene);
  const romeo = await scene.comes(`${R}/orchard`);
  return {
    scene,
    door,
    romeo,
    dial: () => dial(door).wire,
    says: (body, to = J) => romeo.sends(`<message to='${to}' type='chat'><body>${body}</body></message>`),
  };
}

/** Logs in with presence and management on. Gives the token. */
export async function enabled(wire: Wire, full = `${J}/balcony`, presence = '<presence/>'): Promise<string> {
  await wire.binds(full);
  wire.write(`<enable ${SM} resume='true'/>`);
  const answer = await wire.receives(`<enabled ${SM} id='*' resume='true' max='*'/>`);
  if (presence !== '') {
    wire.write(presence);
    await wire.receives(`<presence from='${full}'/>`);
  }
  return answer.attrs.id;
}

/** Logs in and takes a session up again. Gives the answer. */
export async function resumes(wire: Wire, token: string, h: number | string, bare = J): Promise<Element> {
  await wire.logsIn(bare);
  wire.write(`<resume ${SM} previd='${token}' h='${h}'/>`);
  return wire.element();
}

export const bodies = (items: readonly Element[]) =>
  items.filter(({ name }) => name === 'message').map((one) => textOf(find(one, 'body')));

/** What has come, without requests for acknowledgements. */
export async function messages(wire: Wire): Promise<string[]> {
  return bodies(await wire.all(60));
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import type { MoveState } from '../../server/commands/move/index.ts';
import { openScene, type Scene, type SceneOptions } from './scene.ts';

export const MOVER = { name: 'olga', door: 'panel' } as const;
const ENOUGH = new AbortController().signal;

/** Files by name. */
export type Written = Readonly<Record<string, string>>;

/** A scene that people can move into. */
export async function openMoving(t: TestContext, options: SceneOptions = {}): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'hallway-moving-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return openScene(t, { movingFolder: join(folder, 'moving'), ...options });
}

/** One file with these `<user/>` elements of one domain. */
export function portable(users: string, host = 'example.test'): string {
  return `<?xml version='1.0' encoding='UTF-8'?>\n<server-data xmlns='urn:xmpp:pie:0' xmlns:xi='http://www.w3.org/2001/XInclude'><host jid='${host}'>${users}</host></server-data>`;
}

/** An archive of lines, a second after the other (or all at once), between this person and another. */
export function archiveOf(own: string, other: string, lines: readonly string[], from: number, step = 1_000): string {
  const results = lines.map((line, at) => {
    const stamp = new Date(from + at * step).toISOString().replace('.000Z', 'Z');
    const [sender, to] = at % 2 === 0 ? [`${own}/desk`, other] : [`${other}/desk`, own];
    const said = `<message xmlns='jabber:client' from='${sender}' to='${to}' type='chat' id='m${at}'><body>${line}</body></message>`;
    return `<result xmlns='urn:xmpp:mam:2' id='${at}'><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='${stamp}'/>${said}</forwarded></result>`;
  });
  return `<archive xmlns='urn:xmpp:pie:0#mam'>${results.join('')}</archive>`;
}

/** Sends files and has them read. Gives the secret and what was found. */
export async function looks(
  { commands: { moves } }: Scene,
  files: Written,
  domains: { from: string; to: string }[] = [],
) {
  const { id } = await moves.begin('export');
  for (const [name, text] of Object.entries(files)) {
    const bytes = Buffer.from(text);
    await moves.receive(id, name, Readable.from([bytes]), bytes.length, ENOUGH);
  }
  moves.check(id, domains);
  return { id, state: await settled(() => moves.state(id)) };
}

/** Sends files, has them read, and moves people in. Gives the number of the import, and how it ended. */
export async function movesIn(scene: Scene, files: Written, domains: { from: string; to: string }[] = []) {
  const { moves, peopleImports } = scene.commands;
  const { id, state } = await looks(scene, files, domains);
  if (state.check === null) throw new Error(state.problem);
  const begun = await moves.start(MOVER, id, state.check.digest);
  await peopleImports.settled();
  const { people } = await moves.moved(begun.id, 0);
  return { id: begun.id, people, ended: moves.state(id), ...(await peopleImports.get(begun.id)) };
}

async function settled(look: () => MoveState): Promise<MoveState> {
  for (;;) {
    const state = look();
    if (state.step !== 'reading') return state;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

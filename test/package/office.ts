import assert from 'node:assert/strict';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Release } from '../../provisioning/repository/release.ts';
import type { Container } from './container.ts';
import { step } from './report.ts';

/** An office in a container: what its administrator does there, and how its people talk. */
const SCENES = join(import.meta.dirname, '..');
const DOMAIN = 'office.internal';
const PEOPLE = { juliet: 'what is in a name', romeo: 'but soft what light' };
const ADMIN = { name: 'olga', password: 'wherefore art thou here' };

/** Succeeds when the server is ready. */
export const READY = 'systemctl is-active hallway.service';

/** `apt install`, without a question and without a network. Gives the seconds it took, and what was said. */
export async function install(house: Container, deb: string): Promise<{ seconds: number; said: string }> {
  const at = `/root/${basename(deb)}`;
  house.put(deb, at);
  const start = performance.now();
  const said = await house.does(`DEBIAN_FRONTEND=noninteractive apt-get install -y ${at} < /dev/null 2>&1`);
  const seconds = (performance.now() - start) / 1_000;
  await house.does(`rm ${at}`);
  return { seconds, said };
}

/** What systemd shows. */
export async function status(house: Container): Promise<string> {
  return (await house.does('systemctl show --property=StatusText --value hallway.service')).trim();
}

/** Plays steps in a house; where one fails, the server's last lines are told, too. */
export function playIn(house: Container, release: Release) {
  const lastWords = async (): Promise<string> =>
    (await house.run('journalctl --no-pager --lines 40 --unit hallway')).stdout;
  return (what: string, task: () => Promise<string | undefined>): Promise<void> =>
    step(`${release}: ${what}`, task, lastWords);
}

async function post(house: Container, path: string, body: object): Promise<string> {
  const curl = 'curl -sS --fail-with-body -k -b /root/cookies -c /root/cookies -H "Origin: https://localhost"';
  return house.does(
    `${curl} -H 'Content-Type: application/json' -d '${JSON.stringify(body)}' https://localhost${path}`,
  );
}

/** Claims the house as the panel does, and creates its people. */
export async function claim(house: Container): Promise<void> {
  const { code } = JSON.parse(await house.does('hallwayctl claim-code --json')) as { code: string };
  await post(house, '/api/claim', { code, ...ADMIN, domain: DOMAIN });
  for (const [name, password] of Object.entries(PEOPLE)) {
    await house.does(`printf '%s\\n' '${password}' | hallwayctl user add --password-stdin ${name}@${DOMAIN}`);
  }
}

/** Throws when the people are not there. */
export async function hasItsPeople(house: Container): Promise<void> {
  const people = await house.does('hallwayctl user list');
  for (const name of Object.keys(PEOPLE)) assert.ok(people.includes(`${name}@${DOMAIN}`), people);
}

/** What is said in one scene is not said in another. */
let scenes = 0;

/** What one of the two heard. */
export interface Talker {
  readonly said: number;
  readonly lost: string[];
  readonly archived: string[];
  readonly doubled: string[];
  readonly inOrder: boolean;
  readonly cuts: number;
  readonly newSessions: number;
  /** The longest silence, in seconds. */
  readonly gap: number;
}

/** Two slixmpp clients talk while something is done to the server. Gives what they saw. */
export async function talking(house: Container, task: () => Promise<unknown>): Promise<Record<string, Talker>> {
  for (const file of ['interop/actor.py', 'interop/unacknowledged.py', 'package/talk.py'])
    house.put(join(SCENES, file), `/root/${basename(file)}`);
  await house.does('rm -f /root/ready /root/done; hallwayctl certificate authority > /root/authority.pem');
  const world = {
    domain: DOMAIN,
    host: '127.0.0.1',
    ports: { c2s: 5222, c2s_tls: 5223 },
    authority: '/root/authority.pem',
    people: PEOPLE,
    more: { ready: '/root/ready', done: '/root/done', scene: ++scenes },
  };
  house.write('/root/world.json', JSON.stringify(world));
  let over = false;
  const scene = house.run('cd /root && python3 -B -W ignore talk.py world.json', 300_000).finally(() => {
    over = true;
  });
  const done = (async () => {
    while (!house.has('/root/ready')) {
      if (over) return;
      await sleep(100);
    }
    await task();
    await house.does('sleep 2; touch /root/done');
  })();
  const [{ stdout, stderr }] = await Promise.all([scene, done]);
  const said = /^scene: (.*)$/m.exec(stdout)?.[1];
  if (said === undefined) throw new Error(`the scene ended: ${stderr.slice(-3_000)}`);
  return JSON.parse(said) as Record<string, Talker>;
}

/** Throws when somebody lost or doubled a word, or logged in anew. Gives the longest silence, in seconds. */
export function unharmed(talkers: Record<string, Talker>, cuts: number): number {
  for (const [name, one] of Object.entries(talkers)) {
    assert.deepEqual(
      [name, one.lost, one.doubled, one.inOrder, one.newSessions, one.cuts >= cuts],
      [name, [], [], true, 0, true],
      JSON.stringify({ ...one, archived: one.archived.filter((body) => one.lost.includes(body)) }),
    );
    assert.ok(one.said > 50, `${name} said ${one.said} words only`);
  }
  return Math.max(...Object.values(talkers).map(({ gap }) => gap));
}

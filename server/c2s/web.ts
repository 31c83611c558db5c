import type { FastifyPluginAsync } from 'fastify';
import { switchOption } from '../host/options.ts';
import { boshPlugin } from './bosh/plugin.ts';
import type { ClientDoor } from './door.ts';
import { hostMeta, type Listening } from './host-meta.ts';
import { type OriginRules, webOrigins } from './origins.ts';
import { type Upgrade, WEBSOCKET_PATH, webSocketUpgrade } from './websocket.ts';

/** Whether people can chat in the browser without installing anything. */
export const webChat = switchOption({
  key: 'web.chat',
  scope: 'domain',
  group: 'Web',
  title: 'Chat in the browser',
  help: 'Lets people of this domain chat at /chat of this server, without installing anything.',
  default: true,
});

export const webOptions = [webOrigins, webChat];

/** What web clients come in by: the hall mounts it on the HTTPS door, which knows nothing of XMPP. */
export interface WebDoor {
  readonly upgrades: ReadonlyMap<string, Upgrade>;
  readonly mounts: readonly FastifyPluginAsync[];
}

export interface WebOptions {
  readonly rules: OriginRules;
  /** Where the other doors are, to be told to those who ask. */
  readonly listening: () => readonly Listening[];
}

export function webDoor(door: ClientDoor, { rules, listening }: WebOptions): WebDoor {
  const serves = (name: string) => door.hosts.get(name) !== undefined;
  return {
    upgrades: new Map([[WEBSOCKET_PATH, webSocketUpgrade(door, rules)]]),
    mounts: [boshPlugin(door, rules), hostMeta({ rules, listening, serves })],
  };
}

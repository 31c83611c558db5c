import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { StreamHeader } from '../../server/stream/parser.ts';
import type { Scene } from './scene.ts';
import { Wire } from './wire.ts';

const BY = { name: 'test', door: 'house' } as const;

/** Has there be a component of this domain. Gives its secret. */
export async function addComponent(scene: Scene, domain: string): Promise<string> {
  return (await scene.commands.components.add(BY, domain)).secret;
}

/** A connection of some program to the door for components, in memory. */
export function dialComponent(scene: Scene): Wire {
  const [theirs, ours] = duplexPair();
  Object.assign(theirs, { remoteAddress: '127.0.0.1' });
  scene.external.take(theirs as Socket);
  return new Wire(ours, 'jabber:component:accept');
}

/** XEP-0114 §3. Gives what the handshake says. */
export async function handshake(wire: Wire, domain: string, secret: string): Promise<string> {
  let id = '';
  wire.duplex.on('data', (chunk: Buffer) => {
    id ||= / id='([^']*)'/.exec(chunk.toString())?.[1] ?? '';
  });
  wire.header(domain, '');
  assert.ok((await wire.next()) instanceof StreamHeader, 'no header came');
  while (id === '') await sleep(1);
  return createHash('sha1')
    .update(id + secret)
    .digest('hex');
}

/** A component that is let in. */
export async function componentComes(scene: Scene, domain: string, secret: string): Promise<Wire> {
  const wire = dialComponent(scene);
  wire.write(`<handshake>${await handshake(wire, domain, secret)}</handshake>`);
  await wire.receives('<handshake/>');
  return wire;
}

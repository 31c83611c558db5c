import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { ClientDoor, ClientLimits } from '../../server/c2s/door.ts';
import { child, type Element, serialize, textOf } from '../../server/xmpp/element.ts';
import { openScene, PASSWORD, type Scene } from '../support/scene.ts';
import { ScramClient, type ScramClientOptions } from '../support/scram-client.ts';
import { dial, openDoor, type Wire } from '../support/wire.ts';

export const J = 'juliet@example.test';
export const R = 'romeo@example.test';
export const PHONE = 'd4565fa7-4d72-4749-b3d3-740edbf87770';
export const LAPTOP = '0c9a8b7d-1111-4222-8333-944455556666';
export const HT = 'HT-SHA-256-NONE';

export const FROM_J = `version='1.0' from='${J}'`;
export const agent = (id = PHONE, more = '') => `<user-agent id='${id}'>${more}</user-agent>`;
export const BIND = "<bind xmlns='urn:xmpp:bind:0'><tag>Pidgeon</tag></bind>";
export const BIND_ALL =
  "<bind xmlns='urn:xmpp:bind:0'><tag>Pidgeon</tag><enable xmlns='urn:xmpp:carbons:2'/>" +
  "<enable xmlns='urn:xmpp:sm:3' resume='true'/><inactive xmlns='urn:xmpp:csi:0'/></bind>";
export const wantToken = (mechanism = HT) => `<request-token xmlns='urn:xmpp:fast:0' mechanism='${mechanism}'/>`;
export const resume = (token: string, h: number) => `<resume xmlns='urn:xmpp:sm:3' previd='${token}' h='${h}'/>`;

export interface Stage {
  readonly scene: Scene;
  readonly door: ClientDoor;
  dial(address?: string): Wire;
}

export async function open(t: TestContext, limits: Partial<ClientLimits> = {}): Promise<Stage> {
  const scene = await openScene(t, { domains: ['example.test', 'other.test'] });
  await scene.account(J);
  await scene.account(R);
  const door = openDoor(t, scene, { limits });
  return { scene, door, dial: (address) => dial(door, address === undefined ? {} : { address }).wire };
}

const base64 = (data: string | Buffer) => Buffer.from(data).toString('base64');

export function authenticate(mechanism: string, initial: string | Buffer, more = ''): string {
  const response = `<initial-response>${base64(initial)}</initial-response>`;
  return `<authenticate xmlns='urn:xmpp:sasl:2' mechanism='${mechanism}'>${response}${more}</authenticate>`;
}

export const response = (data: string) => `<response xmlns='urn:xmpp:sasl:2'>${base64(data)}</response>`;

/** By the password, in one round trip. */
export async function plain(wire: Wire, more = '', user = 'juliet', password = PASSWORD): Promise<Element> {
  wire.write(authenticate('PLAIN', `\0${user}\0${password}`, more));
  return wire.element();
}

/** Up to the element after the last response. Gives the client, too, to check what the server proves. */
export async function scram(
  wire: Wire,
  mechanism: string,
  user: string,
  more = '',
  options: ScramClientOptions = {},
): Promise<{ end: Element; client: ScramClient }> {
  const hash = mechanism.replace('SCRAM-SHA-', 'sha').replace('-PLUS', '');
  const client = new ScramClient(hash, user, PASSWORD, options);
  wire.write(authenticate(mechanism, client.first(), more));
  const challenge = await wire.element();
  assert.equal(challenge.name, 'challenge', serialize(challenge));
  wire.write(response(client.final(Buffer.from(textOf(challenge), 'base64').toString())));
  return { end: await wire.element(), client };
}

export function hashed(token: string, word = 'Initiator', binding: Uint8Array = Buffer.alloc(0)): Buffer {
  return createHmac('sha256', token).update(word).update(binding).digest();
}

export interface TokenLogin {
  readonly user?: string;
  readonly mechanism?: string;
  readonly device?: string;
  /** Attributes of <fast/>; undefined for no <fast/> at all. */
  readonly fast?: string | undefined;
  readonly more?: string;
}

export function tokenLogin(token: string, options: TokenLogin = {}): string {
  const { user = 'juliet', mechanism = HT, device = PHONE, more = '' } = options;
  const fast =
    'fast' in options && options.fast === undefined ? '' : `<fast xmlns='urn:xmpp:fast:0' ${options.fast ?? ''}/>`;
  const who = device === '' ? '' : agent(device);
  return authenticate(mechanism, Buffer.concat([Buffer.from(`${user}\0`), hashed(token)]), who + fast + more);
}

export async function byToken(wire: Wire, token: string, options: TokenLogin = {}): Promise<Element> {
  wire.write(tokenLogin(token, options));
  return wire.element();
}

/** <success/> and the features behind it. */
export async function succeeded(wire: Wire, end: Element): Promise<Element> {
  assert.equal(end.name, 'success', serialize(end));
  const features = await wire.element();
  assert.equal(features.name, 'features', serialize(features));
  return features;
}

export function conditionOf(failure: Element): string {
  assert.deepEqual([failure.name, failure.attrs.xmlns], ['failure', 'urn:xmpp:sasl:2'], serialize(failure));
  const [condition] = failure.getChildElements();
  assert.equal(condition!.attrs.xmlns, 'urn:ietf:params:xml:ns:xmpp-sasl');
  return condition!.name;
}

export const jidOf = (success: Element) => textOf(child(success, 'authorization-identifier'));

export function tokenOf(success: Element): string {
  const token = child(success, 'token', 'urn:xmpp:fast:0');
  assert.ok(token !== undefined, serialize(success));
  assert.match(token.attrs.expiry, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.match(token.attrs.token, /^[\w-]{22,}$/);
  return token.attrs.token;
}

export const hasToken = (success: Element) => child(success, 'token', 'urn:xmpp:fast:0') !== undefined;

/** Logs in by the password on a device. Gives the token that came of it. */
export async function getsToken(stage: Stage, device = PHONE, user = 'juliet'): Promise<string> {
  const wire = stage.dial();
  await wire.opens('example.test');
  const end = await plain(wire, agent(device) + wantToken(), user);
  await succeeded(wire, end);
  wire.cut();
  return tokenOf(end);
}

import assert from 'node:assert/strict';
import { type Element, elements, serialize } from '../../server/xmpp/element.ts';
import { find } from '../support/xml.ts';
import { Bosh } from './bosh.ts';
import { authenticate } from './sasl2.ts';
import { WebWire } from './web.ts';

const PLAIN = '\0juliet\0wherefore';

/** Juliet comes by WebSocket with SASL2. Gives <success/>, and the features behind it. */
export async function overWebSocket(port: number, more: string, login = authenticate('PLAIN', PLAIN, more)) {
  const wire = await new WebWire(port).ready();
  await wire.opens();
  wire.write(login);
  const success = await wire.receives("<success xmlns='urn:xmpp:sasl:2'/>");
  return { wire, success };
}

/** The same over BOSH: both may come in one answer or in two. */
export async function overBosh(port: number, more: string, login = authenticate('PLAIN', PLAIN, more)) {
  const bosh = new Bosh(port);
  await bosh.begins();
  const got: Element[] = elements(await bosh.says(login));
  const [success] = got;
  assert.equal(success?.name, 'success', got.map(serialize).join());
  while (!got.some(({ name }) => name === 'features')) got.push(...elements(await bosh.says('')));
  return { bosh, success, features: got.find(({ name }) => name === 'features')! };
}

/** The token that a resumption needs, of a session that was bound with management. */
export const resumptionOf = (success: Element): string => find(success, 'bound', 'enabled')!.attrs.id;

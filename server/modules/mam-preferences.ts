import { keepsAnything } from '../archive/policy.ts';
import type { Host } from '../host/host.ts';
import type { IqRequest } from '../host/iq.ts';
import type { Module } from '../host/module.ts';
import type { ArchivePreferences } from '../storage/stores/archives.ts';
import { child, type Element, el, elements, textOf } from '../xmpp/element.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

const PREFERENCES_LIMIT = 1_000;

/** Archiving preferences (XEP-0441): what one's own archive keeps. The archive (mam.ts) obeys them. */
export const mamPreferences: Module = {
  name: 'mam-preferences',
  xep: [441, '0.2.0'],
  start: (host) => ({
    iq: [
      { type: 'get', scope: 'own', xmlns: NS.mam, name: 'prefs', handle: (request) => preferences(host, request) },
      { type: 'set', scope: 'own', xmlns: NS.mam, name: 'prefs', handle: (request) => setPreferences(host, request) },
    ],
  }),
};

/** Where nothing is kept there is nothing to prefer. Throws StanzaError. */
function check(host: Host): void {
  if (!keepsAnything(host.house, host.domain))
    throw new StanzaError('service-unavailable', 'This server keeps no messages.');
}

function preferencesElement(wish: ArchivePreferences): Element {
  const list = (name: string, jids: readonly string[]): Element =>
    el(name, {}, ...jids.map((jid) => el('jid', {}, jid)));
  return el('prefs', { xmlns: NS.mam, default: wish.default }, list('always', wish.always), list('never', wish.never));
}

async function preferences(host: Host, { account }: IqRequest): Promise<Element> {
  check(host);
  return preferencesElement(await host.house.stores.archives.preferences(account!.id));
}

async function setPreferences(host: Host, { account, payload }: IqRequest): Promise<Element> {
  check(host);
  const standard: string = payload.attrs.default ?? '';
  if (standard !== 'always' && standard !== 'never' && standard !== 'roster') {
    throw new StanzaError('bad-request', 'By default, one archives always, never, or what is exchanged with contacts.');
  }
  const wish = { default: standard, always: jidsOf(payload, 'always'), never: jidsOf(payload, 'never') } as const;
  await host.house.stores.archives.setPreferences(account!.id, wish);
  return preferencesElement(wish);
}

function jidsOf(payload: Element, name: 'always' | 'never'): string[] {
  const list = child(payload, name);
  if (list === undefined) return [];
  const jids = elements(list).map((node) => tryParseJid(textOf(node))?.full);
  if (jids.length > PREFERENCES_LIMIT || jids.includes(undefined)) {
    throw new StanzaError('bad-request', 'The list is too long or has something in it that is no address.');
  }
  return jids as string[];
}

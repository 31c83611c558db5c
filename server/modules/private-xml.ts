import type { Host } from '../host/host.ts';
import type { IqRequest } from '../host/iq.ts';
import type { Module } from '../host/module.ts';
import { type Element, el, elements, serialize } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

/** Bytes of one element, of all that one account keeps, and how many elements that may be. */
export const ELEMENT_LIMIT = 64 * 1024;
const ACCOUNT_LIMIT = 512 * 1024;
const COUNT_LIMIT = 100;

/**
 * Private XML (XEP-0049): clients keep something for themselves, as notes about contacts (XEP-0145) or, when they are old,
 * bookmarks (XEP-0048). Only one's own sessions are answered; for all others nobody is there (§2.3).
 */
export const privateXml: Module = {
  name: 'private-xml',
  xep: [49, '1.2'],
  also: [[145, '1.0']],
  start: (host) => ({
    features: [NS.private],
    accountFeatures: [NS.private],
    iq: [
      { type: 'get', scope: 'own', xmlns: NS.private, name: 'query', handle: (request) => get(host, request) },
      { type: 'set', scope: 'own', xmlns: NS.private, name: 'query', handle: (request) => set(host, request) },
    ],
  }),
};

/** The namespace of an element that must have one of its own (§2.1). */
function namespaceOf(element: Element): string {
  const xmlns: string | undefined = element.attrs.xmlns;
  if (xmlns === undefined || xmlns === '') {
    throw new StanzaError('not-acceptable', 'What is kept has a namespace of its own.');
  }
  return xmlns;
}

async function get(host: Host, { account, payload }: IqRequest): Promise<Element> {
  const [wanted, ...more] = elements(payload);
  if (wanted === undefined || more.length > 0) {
    throw new StanzaError('bad-request', 'One element at a time is asked for.'); // §2.3
  }
  const xml = await host.house.stores.privateXml.get(account!.id, namespaceOf(wanted), wanted.name);
  const kept = xml === undefined ? el(wanted.name, { xmlns: wanted.attrs.xmlns }) : host.house.parse(xml);
  return el('query', { xmlns: NS.private }, kept);
}

async function set(host: Host, { account, payload }: IqRequest): Promise<undefined> {
  const children = elements(payload);
  if (children.length === 0) throw new StanzaError('not-acceptable', 'What shall be kept?'); // §2.3
  const changes = new Map<string, { xmlns: string; name: string; xml: string }>();
  for (const element of children) {
    const xmlns = namespaceOf(element);
    const key = `${element.name} ${xmlns}`;
    if (changes.has(key)) throw new StanzaError('not-acceptable', 'An element stands twice.');
    // An element with nothing in it is what is answered when nothing is kept.
    const bare = element.children.length === 0 && Object.keys(element.attrs).length === 1;
    const xml = bare ? '' : serialize(element);
    if (Buffer.byteLength(xml) > ELEMENT_LIMIT) {
      throw new StanzaError('policy-violation', `One element has at most ${ELEMENT_LIMIT / 1024} KiB.`);
    }
    changes.set(key, { xmlns, name: element.name, xml });
  }
  const { privateXml } = host.house.stores;
  const { id } = account!;
  await privateXml.changes.run(id, async () => {
    await checkRoom(host, id, changes);
    await privateXml.put(id, [...changes.values()]);
  });
  for (const { xmlns, name } of changes.values()) host.events.emit('kept', { account: account!, xmlns, name });
  return undefined;
}

async function checkRoom(host: Host, account: number, changes: ReadonlyMap<string, { xml: string }>): Promise<void> {
  let count = 0;
  let bytes = 0;
  for (const { name, xmlns, size } of await host.house.stores.privateXml.sizes(account)) {
    if (changes.has(`${name} ${xmlns}`)) continue;
    count++;
    bytes += size;
  }
  for (const { xml } of changes.values()) {
    if (xml === '') continue;
    count++;
    bytes += Buffer.byteLength(xml);
  }
  if (count > COUNT_LIMIT || bytes > ACCOUNT_LIMIT) {
    throw new StanzaError('resource-constraint', 'There is no room for more. Something else must go first.');
  }
}

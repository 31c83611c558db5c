import type { Affiliation } from '../storage/stores/pubsub-nodes.ts';
import { type Element, el, elements } from '../xmpp/element.ts';
import { type Jid, tryParseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { mustOwn } from './access.ts';
import { OWNERS, REQUEST_ENTRIES } from './limits.ts';
import { affiliationOf, changing, nodeOf, type Service } from './service.ts';

const AFFILIATIONS: readonly Affiliation[] = ['owner', 'publisher', 'publish-only', 'member', 'none', 'outcast'];

/** XEP-0060 §5.7: what one is at the nodes here, or at one of them. */
export async function ownAffiliations(service: Service, who: Jid, name: string | undefined): Promise<Element> {
  const { pubsubNodes } = service.house.stores;
  let all = await pubsubNodes.affiliationsOf(service.key, who.bare);
  if (service.account !== undefined && who.bare === service.jid.bare) {
    const names = await pubsubNodes.names(service.account.id);
    all = names.map((node) => ({ node, affiliation: 'owner' }));
  }
  const asked = name === undefined ? all : all.filter(({ node }) => node === name);
  const list = asked.map(({ node, affiliation }) => el('affiliation', { node, affiliation }));
  return el('pubsub', { xmlns: NS.pubsub }, el('affiliations', { node: name }, ...list));
}

/** §8.9.1. Throws StanzaError. */
export async function listAffiliations(service: Service, who: Jid, request: Element): Promise<Element> {
  const node = await nodeOf(service, request.attrs.node);
  mustOwn(service, node, who);
  const all = [...node.affiliations];
  if (service.account !== undefined) all.unshift([service.jid.bare, 'owner']);
  const list = all.map(([jid, affiliation]) => el('affiliation', { jid, affiliation }));
  return el('pubsub', { xmlns: NS.pubsubOwner }, el('affiliations', { node: node.name }, ...list));
}

/** §8.9.2: all changes or none. Throws StanzaError. */
export function setAffiliations(service: Service, who: Jid, request: Element): Promise<void> {
  return changing(service, request.attrs.node ?? '', async () => {
    const node = await nodeOf(service, request.attrs.node);
    mustOwn(service, node, who);
    const changes = new Map<string, Affiliation>();
    const wanted = elements(request).filter(({ name }) => name === 'affiliation');
    if (wanted.length > REQUEST_ENTRIES) throw new StanzaError('not-acceptable', 'These are too many at once.');
    for (const { attrs } of wanted) {
      const jid = tryParseJid(attrs.jid ?? '');
      const affiliation = AFFILIATIONS.find((known) => known === attrs.affiliation);
      if (jid === undefined || (affiliation === undefined && attrs.affiliation !== undefined)) {
        throw new StanzaError('not-acceptable', 'This is no address, or no affiliation.');
      }
      // §4.1: affiliations are of bare addresses; §8.9.2.4: each once.
      if (changes.has(jid.bare)) throw new StanzaError('bad-request', 'An address stands there twice.');
      changes.set(jid.bare, affiliation ?? affiliationOf(service, node, jid));
    }
    const after = new Map([...node.affiliations, ...changes]);
    const owners = [...after.values()].filter((affiliation) => affiliation === 'owner').length;
    // §8.9.2.4: there is always an owner, and whose account it is stays it.
    const own = service.account !== undefined && changes.has(service.jid.bare);
    if (own || (owners === 0 && service.account === undefined)) {
      throw new StanzaError('not-acceptable', 'The node would be without its owner.');
    }
    if (owners > OWNERS) throw new StanzaError('not-acceptable', `A node has at most ${OWNERS} owners.`);
    const count = [...after.values()].filter((affiliation) => affiliation !== 'none').length;
    if (count > service.profile.limits.affiliations) {
      throw new StanzaError('resource-constraint', 'The list is full.', { type: 'cancel' });
    }
    const { pubsubNodes } = service.house.stores;
    await pubsubNodes.affiliate(node, changes);
    // Who is shut out does not stay subscribed.
    const out = [...node.subscriptions.values()].filter(({ bare }) => changes.get(bare) === 'outcast');
    if (out.length > 0) {
      await pubsubNodes.subscribe(
        node,
        [],
        out.map(({ jid }) => jid),
      );
    }
  });
}

// XEP-0227 1.1
import type { Credential } from '../storage/stores/credentials.ts';
import { naming, PIE, PIE_MAM, PIE_SCRAM, PRIVACY, type Shell } from '../stream/portable-words.ts';
import type { Element } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { type Contact, isBlocklist, readBlocklist, readContact, readPrivacy, readRequest } from './contacts.ts';
import { readKeys } from './credentials.ts';
import { readArchived, readWaiting, type Said } from './messages.ts';
import { type NodeFacts, type NodeItem, readItem, readNodes } from './nodes.ts';
import type { Person } from './person.ts';

/** What is kept of somebody, piece by piece. `left`: what cannot be taken, in words. */
export type Piece =
  | { readonly is: 'keys'; readonly keys: Credential }
  | { readonly is: 'contact'; readonly contact: Contact }
  | { readonly is: 'request'; readonly jid: string; readonly stanza: string }
  | { readonly is: 'card'; readonly card: Element }
  | { readonly is: 'private'; readonly element: Element }
  | { readonly is: 'blocked'; readonly jid: string }
  | { readonly is: 'archived'; readonly said: Said | undefined; readonly why: string }
  | { readonly is: 'waiting'; readonly said: Said | undefined; readonly why: string }
  | { readonly is: 'nodes'; readonly nodes: readonly NodeFacts[] }
  | { readonly is: 'item'; readonly item: NodeItem }
  | { readonly is: 'left'; readonly what: string };

const left = (what: string): Piece[] => [{ is: 'left', what }];

/** What a part of a file says about a person. `within`: what stands around it. */
export function understand(person: Person, within: readonly Shell[], element: Element, now: number): Piece[] {
  const [outer, inner] = within;
  if (outer !== undefined) return inside(person, outer, inner, element, now);
  const { name } = element;
  const xmlns: string = element.attrs.xmlns ?? '';
  if (name === 'scram-credentials' && xmlns === PIE_SCRAM) {
    const keys = readKeys(element);
    return typeof keys === 'string' ? left(keys) : [{ is: 'keys', keys }];
  }
  if (name === 'vCard' && xmlns === NS.vcardTemp) return [{ is: 'card', card: element }];
  // Some servers leave the namespace of a stanza out.
  if (name === 'presence' && (xmlns === NS.client || xmlns === PIE)) {
    const request = readRequest(person, element);
    return typeof request === 'string' ? left(request) : [{ is: 'request', ...request }];
  }
  if (name === 'pubsub' && xmlns === NS.pubsubOwner) {
    const { nodes, left: rest } = readNodes(person, element);
    return [{ is: 'nodes', nodes }, ...rest.flatMap(left)];
  }
  if ((name === 'query' && xmlns === PRIVACY) || isBlocklist(element)) {
    const read = xmlns === PRIVACY ? readPrivacy(person, element) : readBlocklist(person, element);
    return [...read.blocked.map((jid): Piece => ({ is: 'blocked', jid })), ...read.left.flatMap(left)];
  }
  return left(naming(name, xmlns));
}

function inside(
  person: Person,
  { name, xmlns }: Shell,
  inner: Shell | undefined,
  element: Element,
  now: number,
): Piece[] {
  if (xmlns === NS.roster) {
    const contact = readContact(person, element);
    return typeof contact === 'string' ? left(contact) : [{ is: 'contact', contact }];
  }
  if (xmlns === NS.private) return [{ is: 'private', element }];
  if (xmlns === PIE_MAM) {
    const said = readArchived(person, element);
    return [
      typeof said === 'string' ? { is: 'archived', said: undefined, why: said } : { is: 'archived', said, why: '' },
    ];
  }
  if (name === 'offline-messages') {
    const said = readWaiting(person, element, now);
    return [
      typeof said === 'string' ? { is: 'waiting', said: undefined, why: said } : { is: 'waiting', said, why: '' },
    ];
  }
  if (inner === undefined) return left(naming(element.name, xmlns));
  const item = readItem(inner.attrs.node ?? '', element);
  return typeof item === 'string' ? left(item) : [{ is: 'item', item }];
}

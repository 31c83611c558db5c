// XEP-0227 1.1, XEP-0060 1.30.0
import { child, type Element, elements, textOf } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import type { Person } from './person.ts';

/** How a node of somebody was set up. */
export interface NodeFacts {
  readonly node: string;
  /** The fields of its form that say something. */
  readonly config: ReadonlyMap<string, readonly string[]>;
  readonly affiliations: readonly { readonly jid: string; readonly affiliation: string }[];
}

export interface NodeItem {
  readonly node: string;
  readonly id: string | undefined;
  readonly payload: Element;
}

interface Kept {
  readonly config: Map<string, string[]>;
  readonly affiliations: { jid: string; affiliation: string }[];
}

/** Nodes and who may do what (XEP-0227 §3.9.1); the second is what cannot be taken. */
export function readNodes(person: Person, pubsub: Element): { nodes: NodeFacts[]; left: string[] } {
  const found = new Map<string, Kept>();
  const left: string[] = [];
  for (const action of elements(pubsub)) {
    const node: string = action.attrs.node ?? '';
    const kept: Kept = found.get(node) ?? { config: new Map(), affiliations: [] };
    if (action.name === 'configure') {
      found.set(node, kept);
      const form = child(action, 'x', NS.dataForms);
      for (const field of form === undefined ? [] : elements(form)) {
        const values = elements(field)
          .filter(({ name }) => name === 'value')
          .map(textOf);
        const name: string = field.attrs.var ?? '';
        // Without a value it says nothing: Prosody names all the fields that it knows.
        if (name.startsWith('pubsub#') && values.length > 0) kept.config.set(name, values);
      }
    } else if (action.name === 'affiliations') {
      found.set(node, kept);
      for (const { attrs } of elements(action)) {
        const jid = person.address(attrs.jid)?.bare;
        if (jid === person.jid.bare) continue;
        if (jid === undefined) left.push('somebody without an address who may do something at a node');
        else kept.affiliations.push({ jid, affiliation: attrs.affiliation ?? 'none' });
      }
    } else {
      for (const _ of elements(action)) left.push('a subscription to a node');
    }
  }
  return { nodes: [...found].map(([node, facts]) => ({ node, ...facts })), left };
}

/** One item of a node (XEP-0227 §3.9.2), or what it is that cannot be taken. */
export function readItem(node: string, item: Element): NodeItem | string {
  const payload = elements(item)[0];
  if (item.name !== 'item' || node === '' || payload === undefined) return 'an item of a node that holds nothing';
  payload.parent = null;
  payload.attrs.xmlns ??= NS.pubsub;
  return { node, id: item.attrs.id, payload };
}

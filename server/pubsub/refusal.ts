import { el } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { StanzaError, type StanzaErrorCondition } from '../xmpp/stanza-error.ts';

/** A refusal with one of the conditions of XEP-0060 §11 beside the stanza's own. */
export function refusal(condition: StanzaErrorCondition, detail: string, text = ''): StanzaError {
  return new StanzaError(condition, text, { detail: el(detail, { xmlns: NS.pubsubErrors }) });
}

export function unsupported(feature: string, text = ''): StanzaError {
  const detail = el('unsupported', { xmlns: NS.pubsubErrors, feature });
  return new StanzaError('feature-not-implemented', text, { detail });
}

/** The number is for profanity, which publishes its first list of OMEMO devices only if there is none by that sign. */
export function noSuchNode(): StanzaError {
  return new StanzaError('item-not-found', 'There is no such node.', { code: 404 });
}

import { removeDelays } from '../xmpp/delay.ts';
import { removeChildren } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { checkShape, errorFor, type Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import type { House } from './house.ts';
import { Ledger } from './ledger.ts';
import { settle } from './settle.ts';

/**
 * A stanza of somebody outside the house, whose `from` was checked, comes in. `tell` takes its refusal back to the sender. A
 * promise means that the store was waited for, and the next stanza must wait too. Never throws.
 */
export function enter(house: House, stanza: Stanza, tell: (refusal: Stanza) => void): void | Promise<void> {
  const { counters, router } = house;
  if (stanza.kind === 'message') counters.messages++;
  else if (stanza.kind === 'presence') counters.presences++;
  else counters.iqs++;
  const ledger = new Ledger();
  const refuse = (error: unknown): void => {
    let reason = error;
    if (!(reason instanceof StanzaError)) {
      house.log.error({ err: error, from: stanza.from.domain }, 'a stanza could not be handled');
      reason = new StanzaError('internal-server-error', 'Something went wrong on the server.');
    }
    if (!stanza.mayBeAnswered) return;
    counters.bounced++;
    tell(errorFor(stanza, stanza.to!, reason as StanzaError));
  };
  const done = () => settle(house, stanza, ledger, refuse);
  try {
    checkShape(stanza);
    disown(stanza);
    const walk = router.route(stanza, ledger);
    return walk instanceof Promise ? walk.then(done).catch(refuse) : done();
  } catch (error) {
    return refuse(error);
  }
}

/** Takes off what only the recipient's own server may say (SECURITY 39, 42): that it kept or copied a message. */
export function disown({ element, kind, to }: Stanza): void {
  removeDelays(element, to!.domain);
  if (kind !== 'message') return;
  removeChildren(element, ({ name, attrs }) => attrs.xmlns === NS.carbons && (name === 'received' || name === 'sent'));
}

import { disown } from '../host/entrance.ts';
import type { House } from '../host/house.ts';
import { Ledger } from '../host/ledger.ts';
import { settle } from '../host/settle.ts';
import { delay } from '../xmpp/delay.ts';
import { checkShape, errorFor, type Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import type { Deliver } from './inbox.ts';

/** Has what was held go on where it was stopped, with the time at which it was said; whom it cannot reach its sender is told. */
export function deliverHeld(house: House): Deliver {
  return async (stanza, direction, at) => {
    const refuse = (error: StanzaError): void => {
      if (stanza.mayBeAnswered) send(house, errorFor(stanza, stanza.to!, error));
    };
    try {
      checkShape(stanza);
      if (direction === 'in') disown(stanza);
      const ours = direction === 'in' ? stanza.to! : stanza.from;
      stanza.element.append(delay(ours.domain, at)); // XEP-0203: whoever reads it knows that it is not new
      const ledger = new Ledger();
      await house.router.route(stanza, ledger);
      await settle(house, stanza, ledger, refuse);
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      refuse(error);
    }
  };
}

/** Tells our people that what they said will not be sent. Who is outside is told nothing: the house does not talk with them. */
export function refuseHeld(house: House): Deliver {
  return (refusal, direction) => {
    if (direction === 'out') send(house, refusal);
  };
}

function send(house: House, stanza: Stanza): void {
  const failed = (error: unknown): void => {
    if (!(error instanceof StanzaError)) house.log.error({ err: error }, 'a refusal could not be sent');
  };
  try {
    const done = house.router.route(stanza);
    if (done instanceof Promise) done.catch(failed);
  } catch (error) {
    failed(error);
  }
}

import { disown } from '../host/entrance.ts';
import type { House } from '../host/house.ts';
import { Ledger } from '../host/ledger.ts';
import { settle } from '../host/settle.ts';
import { delay } from '../xmpp/delay.ts';
import { checkShape, errorFor, type Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import type { Gate } from './gate.ts';
import type { Deliver } from './inbox.ts';

/**
 * Has what was held go on where it was stopped, with the time at which it was said. It passes the gate again: meanwhile somebody
 * may have been chosen no more. Whom it cannot reach its sender is told; then it throws StanzaError.
 */
export function deliverHeld(house: House, gate: Pick<Gate, 'enters' | 'refuses'>): Deliver {
  return async (stanza, direction, at) => {
    const refuse = (error: StanzaError): void => {
      if (!stanza.mayBeAnswered) return;
      const refusal = errorFor(stanza, stanza.to!, error);
      gate.refuses(refusal);
      send(house, refusal);
    };
    try {
      checkShape(stanza);
      // What leaves passes where all does that leaves.
      if (direction === 'in' && gate.enters(stanza) === 'hold') {
        throw new StanzaError('policy-violation', 'An administrator decides first. Please try again later.', {
          type: 'wait',
        });
      }
      if (direction === 'in') disown(stanza);
      const ours = direction === 'in' ? stanza.to! : stanza.from;
      stanza.element.append(delay(ours.domain, at)); // XEP-0203: whoever reads it knows that it is not new
      const ledger = new Ledger();
      await house.router.route(stanza, ledger);
      await settle(house, stanza, ledger, refuse);
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      refuse(error);
      throw error;
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

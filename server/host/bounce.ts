import { errorFor, type Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import type { House } from './house.ts';

/** Tells the sender of a stanza that was taken over that it did not arrive, if it may be told (RFC 6120 §8.3.1). Never throws. */
export function bounce(house: House, stanza: Stanza, error: StanzaError): void {
  if (!stanza.mayBeAnswered) return;
  house.counters.bounced++;
  const failed = (reason: unknown): void => {
    if (!(reason instanceof StanzaError)) house.log.error({ err: reason }, 'a refusal could not be sent');
  };
  try {
    const done = house.router.route(errorFor(stanza, stanza.to!, error));
    if (done instanceof Promise) done.catch(failed);
  } catch (reason) {
    failed(reason);
  }
}

import { type Element, el } from '../../xmpp/element.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import type { Occupant } from './occupant.ts';
import type { Room } from './room.ts';

interface Whisper {
  readonly writer: Occupant;
  /** For whom it was, by their name in the room. */
  readonly as: Jid;
  /** Devices that have not refused it. */
  left: number;
}

/** Private messages on their way (XEP-0045 §7.5): their writers are told when no device of who they are for gets them. */
export class Whispers {
  readonly #underWay = new WeakMap<Element, Whisper>();

  /** `element` is what is sent, and nothing else is. */
  send(room: Room, writer: Occupant, target: Occupant, element: Element): void {
    this.#underWay.set(element, { writer, as: target.jid, left: target.clients.size });
    room.tell(target, new Stanza(element, writer.jid, undefined));
  }

  /**
   * One could not be delivered, as when the writer is blocked. What is said is what somebody is told who writes to the address
   * itself (XEP-0191 §3.5), whatever the cause was: that somebody blocks is for nobody to know.
   */
  refused(room: Room, { element, id }: Stanza): void {
    const whisper = this.#underWay.get(element);
    if (whisper === undefined || --whisper.left > 0) return;
    const { writer, as } = whisper;
    if (room.occupants.get(writer.nick) !== writer) return;
    const error = new StanzaError('service-unavailable', 'This message did not reach anybody.').toElement();
    room.tell(
      writer,
      new Stanza(el('message', { type: 'error', id: id === '' ? undefined : id }, error), as, undefined),
    );
  }
}

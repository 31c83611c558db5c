import type { Destination } from '../../server/host/destination.ts';
import { enter } from '../../server/host/entrance.ts';
import { Gate } from '../../server/s2s/gate.ts';
import type { Inbox } from '../../server/s2s/inbox.ts';
import type { Policy, Rule } from '../../server/s2s/policy.ts';
import { CLOSED } from '../../server/s2s/policy-check.ts';
import type { Element } from '../../server/xmpp/element.ts';
import { parseJid } from '../../server/xmpp/jid.ts';
import { errorFor, Stanza } from '../../server/xmpp/stanza.ts';
import { StanzaError } from '../../server/xmpp/stanza-error.ts';
import type { Scene } from './scene.ts';
import { stanza, stanzas } from './xml.ts';

/** All other servers of the world behind the gate, without a connection. */
export class Elsewhere implements Destination {
  readonly gate: Gate;
  /** What reached other servers, answers to what they said among it. */
  readonly heard: Element[] = [];
  readonly held: Stanza[] = [];
  readonly #scene: Scene;

  readonly #inbox: Inbox | undefined;

  /** `inbox` gets what is to be held; without it that is kept here. */
  constructor(scene: Scene, inbox?: Inbox) {
    this.#scene = scene;
    this.#inbox = inbox;
    this.gate = new Gate({ book: scene.book, router: scene.house.router });
    scene.house.router.fallback = this;
  }

  accept(one: Stanza): void | Promise<void> {
    if (this.gate.leaves(one) === 'hold') return this.#hold(one, 'out');
    else this.heard.push(...stanzas(one.text));
  }

  /** Somebody of another server says something. Resolves when nothing happens any more. */
  async says(xml: string): Promise<void> {
    const element = stanza(xml);
    const said = new Stanza(element, parseJid(element.attrs.from), parseJid(element.attrs.to));
    // By the way of all that goes there, as a link does it.
    const tell = (refusal: Stanza): void => {
      this.gate.refuses(refusal);
      try {
        void this.#scene.house.router.route(refusal);
      } catch (error) {
        if (!(error instanceof StanzaError)) throw error;
      }
    };
    try {
      if (this.gate.enters(said) === 'hold') await this.#hold(said, 'in');
      else await enter(this.#scene.house, said, tell);
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      if (said.mayBeAnswered) tell(errorFor(said, said.to!, error));
    }
    await this.#scene.settle();
  }

  #hold(one: Stanza, direction: 'in' | 'out'): void | Promise<void> {
    if (this.#inbox !== undefined) return this.#inbox.hold(one, direction);
    this.held.push(one);
  }

  /** All that was heard, taken away. */
  all(): Element[] {
    return this.heard.splice(0);
  }
}

/** Has this be the policy, whatever is not said as it comes. */
export async function decide({ book }: Scene, policy: Partial<Policy>): Promise<void> {
  await book.set({ ...CLOSED, ...policy });
}

export function ruleFor(pattern: string, verdict: Rule['verdict'] = 'allow', more: Partial<Rule> = {}): Rule {
  return { pattern, verdict, reason: 'a partner', author: 'anna', at: 1_700_000_000_000, ...more };
}

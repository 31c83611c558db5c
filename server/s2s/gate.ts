import type { Destination } from '../host/destination.ts';
import { onlySignals } from '../host/hints.ts';
import { child, elements } from '../xmpp/element.ts';
import { type Jid, tryParseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { StreamError } from '../xmpp/stream-error.ts';
import type { Judgement } from './policy.ts';
import type { PolicyBook } from './policy-book.ts';

/** What is to be done with a stanza: it goes on, or an administrator decides first (`Inbox.hold`). */
export type Passing = 'pass' | 'hold';

export interface GateOptions {
  readonly book: Pick<PolicyBook, 'judge' | 'chosen' | 'mayTalkOutside'>;
  /** Who answers for the domains of this house. */
  readonly router: { find(domain: string): Destination | undefined };
}

/**
 * The one place where the policy is held against what people say: every stanza between this house and another server passes
 * here, whoever of the house sends or gets it, a person, a room or another service (SECURITY 38, 51).
 *
 * Both ways throw StanzaError for what must not pass. It is for who routes to tell only those who may be told: of an answer
 * that is refused (a result, an error) nobody hears.
 */
export class Gate {
  readonly #options: GateOptions;
  readonly #refusals = new WeakSet<Stanza>();

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /**
   * This one is our own answer to what was refused, and no word of anybody's: it may leave, though nothing is decided, or it is in the
   * name of somebody who may not talk outside. Else nobody there would ever learn that they do not reach them.
   */
  refuses(stanza: Stanza): void {
    this.#refusals.add(stanza);
  }

  /** Somebody of the house says something to somebody of another server. */
  leaves(stanza: Stanza): Passing {
    const judgement = this.#options.book.judge(stanza.to!.domain);
    if (judgement.verdict === 'deny') throw refusal(LEAVING, judgement, stanza.to!.domain);
    if (stanza.type === 'error' && this.#refusals.has(stanza)) return 'pass';
    if (this.#options.book.chosen) {
      if (this.#speaksForMany(stanza.from)) throw new StanzaError('forbidden', NOT_OUTSIDE);
      if (!this.#maySpeak(stanza)) throw new StanzaError('forbidden', NOT_CHOSEN);
    }
    return judgement.verdict === 'allow' ? 'pass' : ask(LEAVING, judgement, stanza, stanza.to!.domain);
  }

  /**
   * Somebody of another server, of whom it is sure which one, says something to somebody of the house. Throws StreamError, which is
   * told to nobody, for one who says to be of this house.
   */
  enters(stanza: Stanza): Passing {
    // Nobody outside speaks for somebody of the house, whatever they have shown to be (SECURITY 32).
    if (this.#options.router.find(stanza.from.domain) !== undefined) throw new StreamError('invalid-from', NOT_THEIRS);
    const judgement = this.#options.book.judge(stanza.from.domain);
    if (judgement.verdict === 'deny') throw refusal(ENTERING, judgement, stanza.from.domain);
    if (this.#options.book.chosen && (this.#speaksForMany(stanza.to!) || !this.#mayHear(stanza)))
      throw new StanzaError('not-allowed', NOT_FOR_OTHERS);
    return judgement.verdict === 'allow' ? 'pass' : ask(ENTERING, judgement, stanza, stanza.from.domain);
  }

  /** Whose words a service passes on that does not say whose they are, nobody can know here: it is closed to all outside. */
  #speaksForMany({ domain }: Jid): boolean {
    return this.#options.router.find(domain)?.speaksForMany === true;
  }

  #maySpeak(stanza: Stanza): boolean {
    const { from } = stanza;
    const ours = this.#options.router.find(from.domain);
    if (ours === undefined || this.#may(ours, from)) {
      return ours?.behind === undefined || this.#invited(stanza, 'from');
    }
    // That somebody is gone from a room is no word of theirs, and who was shown them would see them there for ever.
    return ours.behind !== undefined && stanza.kind === 'presence' && stanza.type === 'unavailable';
  }

  #mayHear(stanza: Stanza): boolean {
    const to = stanza.to!;
    const ours = this.#options.router.find(to.domain);
    if (ours === undefined) return true;
    if (!this.#may(ours, to)) return false;
    if (ours.behind !== undefined) return this.#invited(stanza, 'to');
    return to.local !== '' || this.#addressed(stanza);
  }

  /** Whether an address of ours is nobody's, or that of a person who may talk outside. */
  #may(ours: Destination, jid: Jid): boolean {
    const { book } = this.#options;
    if (jid.local === '') return true;
    if (ours.behind !== undefined) {
      const person = ours.behind(jid);
      return person === undefined || book.mayTalkOutside(person);
    }
    return ours.sessions === undefined || book.mayTalkOutside(jid.bare); // other services have no people
  }

  /** XEP-0045 §7.8.2: a room passes on what somebody writes to somebody whom they invite, in its own name. */
  #invited({ kind, element }: Stanza, side: 'from' | 'to'): boolean {
    const x = kind === 'message' ? child(element, 'x', NS.mucUser) : undefined;
    if (x === undefined) return true;
    for (const { name, attrs } of elements(x)) {
      if (name !== 'invite' && name !== 'decline') continue;
      const person = tryParseJid(attrs[side] ?? '');
      if (person === undefined) continue;
      const ours = this.#options.router.find(person.domain);
      if (ours !== undefined && !this.#may(ours, person)) return false;
    }
    return true;
  }

  /** XEP-0033: what is given to the domain for several people comes to each of them, without passing here again. */
  #addressed({ element }: Stanza): boolean {
    for (const { name, attrs, children } of elements(element)) {
      if (name !== 'addresses' || attrs.xmlns !== NS.addresses) continue;
      for (const one of children) {
        const person = typeof one === 'string' ? undefined : tryParseJid(one.attrs.jid ?? '');
        if (person === undefined) continue;
        const ours = this.#options.router.find(person.domain);
        if (ours !== undefined && !this.#may(ours, person)) return false;
      }
    }
    return true;
  }
}

interface Direction {
  /** One for each judgement: most of what is refused is presence, which comes by the hundred and of which nobody reads why. */
  readonly made: WeakMap<Judgement, StanzaError>;
  readonly denied: (domain: string, judgement: Judgement) => string;
  readonly undecided: (domain: string) => string;
}

const LEAVING: Direction = {
  made: new WeakMap(),
  denied: (domain, { rule, expired }) => {
    if (rule !== undefined) return `An administrator of this server does not allow to talk with ${domain}.`;
    if (expired !== undefined) return `The permission to talk with ${domain} has ended. An administrator can renew it.`;
    return `This server does not talk with ${domain}. An administrator can allow it.`;
  },
  undecided: (domain) =>
    `An administrator decides first whether this server talks with ${domain}. Please write a message, or try again later.`,
};

const ENTERING: Direction = {
  made: new WeakMap(),
  // Why is nobody's business outside.
  denied: (domain) => `This server does not talk with ${domain}.`,
  undecided: (domain) =>
    `An administrator decides first whether this server talks with ${domain}. Please try again later.`,
};

const NOT_CHOSEN = 'You may not talk with people of other servers. An administrator decides who may.';
const NOT_OUTSIDE =
  'Only some people may talk with other servers, and this service cannot tell whose words it passes on.';
const NOT_THEIRS = 'That domain is one of this server.';
const NOT_FOR_OTHERS = 'This address cannot be reached from other servers.';

/** RFC 6120 §8.3.3.10: `not-allowed` is for "sending to entities at a blacklisted domain". */
function refusal({ made, denied }: Direction, judgement: Judgement, domain: string): StanzaError {
  let error = made.get(judgement);
  if (error === undefined) {
    error = new StanzaError('not-allowed', denied(domain, judgement));
    made.set(judgement, error);
  }
  return error;
}

/** The first things that people say are kept for an administrator to see; all else can be said again once it is decided. */
function ask({ made, undecided }: Direction, judgement: Judgement, stanza: Stanza, domain: string): Passing {
  if (isFirstWord(stanza)) return 'hold';
  let error = made.get(judgement);
  if (error === undefined) {
    error = new StanzaError('policy-violation', undecided(domain), { type: 'wait' }); // RFC 6120 §8.3.3.13
    made.set(judgement, error);
  }
  throw error;
}

function isFirstWord(stanza: Stanza): boolean {
  if (stanza.kind === 'presence') return stanza.type === 'subscribe';
  if (stanza.kind === 'iq' || stanza.type === 'error' || stanza.type === 'groupchat') return false;
  return !onlySignals(stanza);
}

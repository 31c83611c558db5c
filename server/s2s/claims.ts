// XEP-0220 1.1.1
import { type Element, textOf } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { StreamError } from '../xmpp/stream-error.ts';
import type { Draft } from './calling.ts';
import { checkPolicy, checkTls } from './checks.ts';
import type { Context } from './context.ts';
import { domainIn } from './domain.ts';
import { PAIRS, pairOf } from './link.ts';
import { LinkProblem } from './problem.ts';
import { answerFor, type Inquiries, verifyKey } from './verifying.ts';
import { dialback } from './wire.ts';

/** Keys of one stream that are being asked about at the same time. */
const ASKING = 4;
/** Claims that may come to nothing on one stream, and questions about keys of ours that a stranger may have. */
const REFUSALS = 20;
const QUESTIONS = 200;

/** The stream on which claims are made. */
export interface Claimant {
  readonly address: string;
  /** The id that we gave to the stream. */
  id(): string;
  /** Its certificate is good for that domain. */
  isCertified(domain: string): boolean;
  protocol(): string;
  /** Pairs that have been shown; undefined while nobody has shown anything. */
  shown(): ReadonlySet<string> | undefined;
  /** There are too many streams of that domain, or of this address. */
  isCrowded(domain: string): boolean;
  /** Over when the stream is. */
  readonly over: AbortSignal;
  send(xml: string): void;
  close(error: StreamError): void;
  draft(local: string, domain: string): Draft;
  failed(problem: LinkProblem, draft: Draft): void;
  /** A claim is true: its stanzas may come in. Gives what is to be done once that was told. */
  joins(local: string, domain: string, theirs: 'certificate' | 'dialback', seen: Draft): () => void;
}

/** What is said and asked by dialback on a stream that another server has begun. */
export class Claims {
  readonly #context: Context;
  readonly #inquiries: Inquiries;
  readonly #claimant: Claimant;
  readonly #asking = new Set<string>();
  #refusals = 0;
  #questions = 0;

  constructor(context: Context, inquiries: Inquiries, claimant: Claimant) {
    this.#context = context;
    this.#inquiries = inquiries;
    this.#claimant = claimant;
  }

  /** Questions about keys of ours that have come. */
  get questions(): number {
    return this.#questions;
  }

  /** An element of dialback. Throws StreamError. */
  element(element: Element): void {
    const { name, attrs } = element;
    const local = domainIn(attrs.to);
    const domain = domainIn(attrs.from);
    if (local === undefined || domain === undefined) {
      throw new StreamError('improper-addressing', 'Which domain asks, and which is asked?');
    }
    if (name === 'verify') {
      this.#questions++;
      if (this.#questions > QUESTIONS && this.#claimant.shown() === undefined) {
        throw new StreamError('policy-violation', 'These are too many questions.');
      }
      const answer = answerFor(this.#context, element);
      if (answer !== undefined) this.#claimant.send(answer);
      return;
    }
    // SECURITY 27: what we did not ask for counts for nothing.
    if (name !== 'result' || attrs.type !== undefined) return;
    void this.#verify(local, domain, textOf(element).trim());
  }

  /** Somebody says they are a domain, and gives a key for its server to know again (§2.1.2). Never rejects. */
  async #verify(local: string, domain: string, key: string): Promise<void> {
    const { router } = this.#context.house;
    const shown = this.#claimant.shown();
    const pair = pairOf(local, domain);
    if (!router.has(local)) return this.#refuse(local, domain, 'item-not-found'); // §2.1.2
    if (router.has(domain)) return this.#refuse(local, domain, 'not-acceptable'); // SECURITY 32
    if (shown?.has(pair) === true) return this.#answer(local, domain, 'valid');
    if (this.#asking.has(pair) || this.#asking.size >= ASKING || (shown?.size ?? 0) >= PAIRS) {
      return this.#refuse(local, domain, 'resource-constraint');
    }
    this.#asking.add(pair);
    const draft = this.#claimant.draft(local, domain);
    try {
      await this.#ask(draft, key);
      if (this.#claimant.over.aborted) return;
      const theirs = draft.certificate === undefined ? 'certificate' : 'dialback';
      const join = this.#claimant.joins(local, domain, theirs, draft);
      this.#answer(local, domain, 'valid');
      join();
    } catch (error) {
      if (!(error instanceof LinkProblem)) this.#context.log.error({ err: error, domain }, 'a dialback failed');
      const problem = error instanceof LinkProblem ? error : new LinkProblem('dialback-unverified', { domain });
      this.#claimant.failed(problem, draft);
      this.#refuse(local, domain, CONDITIONS[problem.code] ?? 'remote-server-not-found');
    } finally {
      this.#asking.delete(pair);
    }
  }

  /** Throws LinkProblem when it is not true. */
  async #ask(draft: Draft, key: string): Promise<void> {
    const { domain } = draft;
    const claimant = this.#claimant;
    const judgement = this.#context.judge(domain);
    checkPolicy(judgement, domain);
    checkTls(judgement, claimant.protocol());
    if (claimant.shown() === undefined && claimant.isCrowded(domain)) throw new LinkProblem('too-many', { domain });
    const done = this.#inquiries.begin(claimant.address, domain);
    try {
      await verifyKey(this.#context, draft, { id: claimant.id(), key }, claimant.over);
    } catch (error) {
      const needed = judgement.proof === 'certificate' && !claimant.isCertified(domain);
      if (!needed || !(error instanceof LinkProblem) || !error.code.startsWith('certificate-')) throw error;
      throw new LinkProblem('only-dialback', { domain, certificate: error.code });
    } finally {
      done();
    }
  }

  /** `condition`: why it could not be found out (§2.4); '' where the key is wrong. */
  #refuse(local: string, domain: string, condition: string): void {
    const error = `<error type='cancel'><${condition} xmlns='${NS.stanzas}'/></error>`;
    if (condition === '') this.#answer(local, domain, 'invalid');
    else this.#answer(local, domain, 'error', error);
    if (++this.#refusals >= REFUSALS) {
      this.#claimant.close(new StreamError('policy-violation', 'Too much of what was claimed is not so.'));
    }
  }

  #answer(local: string, domain: string, type: string, error = ''): void {
    const text = dialback('result', { from: local, to: domain, type });
    this.#claimant.send(error === '' ? text : `${text.slice(0, -2)}>${error}</db:result>`);
  }
}

/** What those who claim are told. */
const CONDITIONS: Readonly<Record<string, string>> = {
  'dialback-unverified': '',
  'policy-closed': 'policy-violation',
  'policy-denied': 'policy-violation',
  'policy-expired': 'policy-violation',
  'tls-too-old': 'policy-violation',
  'too-many': 'resource-constraint',
};

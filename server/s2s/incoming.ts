// XEP-0178 1.2, XEP-0220 1.1.1, XEP-0288 1.0.1
import { randomBytes } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { StreamHeader } from '../stream/parser.ts';
import type { XmlStream } from '../stream/stream.ts';
import type { Element } from '../xmpp/element.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { StreamError } from '../xmpp/stream-error.ts';
import type { Transport } from './attempt.ts';
import type { Draft } from './calling.ts';
import { checkPolicy, checkTls } from './checks.ts';
import { type Claimant, Claims } from './claims.ts';
import type { Context, Examined } from './context.ts';
import { domainIn } from './domain.ts';
import { ourComplaint, theirComplaint } from './ending.ts';
import { Link, type Pace, pairOf } from './link.ts';
import { LinkProblem } from './problem.ts';
import type { Inquiries } from './verifying.ts';
import { tlsProblem, words } from './wire.ts';

/** Times that one stream may fail to show who it is by certificate (RFC 6120 §6.4.5). */
const FAILURES = 5;

export interface Reception {
  readonly context: Context;
  readonly pace: Pace;
  readonly answered: (id: string) => boolean;
  readonly inquiries: Inquiries;
  /** TLS for a stream that has begun without it, by the certificate of a domain of ours. */
  secure(stream: XmlStream, domain: string): TLSSocket;
  /** A pair of domains has been shown on a link; with `bidi` what goes there may go over it. */
  joined(link: Link, local: string, domain: string): void;
  /** There are too many streams of that domain, or from that address, on which somebody has shown who they are. */
  isCrowded(domain: string, address: string): boolean;
  ended(incoming: Incoming): void;
}

/** A stream that another server has begun: it shows who it is, and its stanzas come in. */
export class Incoming {
  readonly stream: XmlStream;
  readonly address: string;
  /** Since when, ms since 1970. */
  readonly at = Date.now();
  #link: Link | undefined;
  #shownFirst: string | undefined;
  readonly #reception: Reception;
  readonly #transport: Transport;
  /** Called when it is no stranger any more. */
  readonly #known: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #over = new AbortController();
  #tls: TLSSocket | undefined;
  #local: string | undefined;
  /** For whom it said that it comes, once the stream is encrypted. */
  #domain: string | undefined;
  /** For whom it said so before, which is for the records only. */
  #claimed: string | undefined;
  #id = '';
  #examined: Examined | undefined;
  #bidi = false;
  /** What is done when the stream has begun anew. */
  #join: (() => void) | undefined;
  readonly #claims: Claims;
  #failures = 0;

  constructor(
    reception: Reception,
    stream: XmlStream,
    about: { transport: Transport; address: string; tls?: TLSSocket; known: () => void },
  ) {
    this.#reception = reception;
    this.stream = stream;
    this.address = about.address;
    this.#transport = about.transport;
    this.#known = about.known;
    this.#tls = about.tls;
    this.#claims = new Claims(reception.context, reception.inquiries, this.#claimant());
    this.#timer = setTimeout(() => {
      // Who only came to ask about a key of ours has done what it wanted.
      if (this.#claims.questions === 0) {
        this.#failed(new LinkProblem('no-answer', { seconds: reception.context.limits.loginSeconds }));
      }
      this.close(new StreamError('connection-timeout', 'It took too long to show who you are.'));
    }, reception.context.limits.loginSeconds * 1_000);
  }

  get link(): Link | undefined {
    return this.#link;
  }

  /** Who it was first shown to be. */
  get domain(): string | undefined {
    return this.#shownFirst;
  }

  /** Lives as long as the stream. Never throws. */
  async run(): Promise<void> {
    const { log } = this.#reception.context;
    let handled = 0;
    try {
      for await (const item of this.stream.items) {
        if (item === 'close') {
          if (this.#link === undefined) this.stream.close();
          else await this.#link.farewell();
          break;
        }
        const done = item instanceof StreamHeader ? this.#opened(item) : this.#element(item);
        if (done !== undefined) await done;
        // Others get their turn.
        if (++handled % 32 === 0) await new Promise(setImmediate);
      }
    } catch (error) {
      if (error instanceof StreamError) {
        log.debug(
          { domain: this.#domain, condition: error.condition, text: error.message },
          'a server broke the rules',
        );
        if (this.#link === undefined) this.#failed(new LinkProblem('broke-the-rules', { text: error.message }));
        else if (!this.#reported) this.#link.failed(ourComplaint(error));
        this.close(error);
      } else {
        log.error({ err: error, domain: this.#domain }, 'the stream of another server failed');
        this.close(new StreamError('internal-server-error', 'Something went wrong on the server.'));
      }
    } finally {
      clearTimeout(this.#timer);
      this.#over.abort(new LinkProblem('closed'));
      this.#link?.finish();
      this.#reception.ended(this);
    }
  }

  close(error?: StreamError): void {
    const header = { from: this.#local ?? '', id: randomBytes(9).toString('base64url') };
    if (this.#link === undefined) this.stream.close(error, header);
    else void this.#link.farewell(error, header);
  }

  async #opened(header: StreamHeader): Promise<void> {
    const { context } = this.#reception;
    const local = domainIn(header.to);
    if (local === undefined || !context.house.router.has(local)) {
      throw new StreamError(
        header.to === '' ? 'improper-addressing' : 'host-unknown',
        'This server does not serve that domain.',
      );
    }
    if (this.#local !== undefined && this.#local !== local) {
      throw new StreamError('not-authorized', 'A stream cannot change its domain.'); // SECURITY 15
    }
    this.#local = local;
    if (!(Number.parseInt(header.version, 10) >= 1))
      throw new StreamError('unsupported-version', 'XMPP 1.0 is spoken here.');
    const domain = domainIn(header.from);
    this.#id = randomBytes(18).toString('base64url');
    this.stream.open({ from: local, id: this.#id, ...(domain !== undefined && { to: domain }) });
    if (this.#tls === undefined) {
      this.#claimed = domain;
      this.stream.send(`<stream:features><starttls xmlns='${NS.tls}'><required/></starttls></stream:features>`);
      return;
    }
    if (domain !== undefined) {
      if (context.house.router.has(domain)) throw new StreamError('invalid-from', 'That is a domain of this server.'); // SECURITY 32
      if (this.#domain !== undefined && this.#domain !== domain)
        throw new StreamError('invalid-from', 'You were somebody else.');
      this.#domain = domain;
      this.#welcome(domain);
      this.#examined ??= await context.trust.check(context.trust.chainOf(this.#tls), domain, context.judge(domain));
    }
    this.stream.send(this.#features());
    this.#join?.();
    this.#join = undefined;
  }

  #claimant(): Claimant {
    return {
      address: this.address,
      over: this.#over.signal,
      id: () => this.#id,
      protocol: () => this.#tls?.getProtocol() ?? '',
      shown: () => this.#link?.entering,
      isCrowded: (domain) => this.#reception.isCrowded(domain, this.address),
      isCertified: (domain) => domain === this.#domain && this.#examined?.problem === undefined,
      send: (xml) => this.stream.send(xml),
      close: (error) => this.close(error),
      draft: (local, domain) => this.#draft(local, domain),
      failed: (problem, draft) => this.#failed(problem, draft),
      joins: (local, domain, theirs, seen) => this.#shown(local, domain, theirs, seen),
    };
  }

  /** What is on offer. EXTERNAL only for whom it would succeed: they need not try in vain (XEP-0178 §3 step 9). */
  #features(): string {
    if (this.#link !== undefined) {
      return `<stream:features><sm xmlns='${NS.sm}'/><dialback xmlns='${NS.dialbackFeature}'><errors/></dialback></stream:features>`;
    }
    const external =
      this.#domain !== undefined && this.#examined?.problem === undefined
        ? `<mechanisms xmlns='${NS.sasl}'><mechanism>EXTERNAL</mechanism></mechanisms>`
        : '';
    return (
      `<stream:features>${external}<bidi xmlns='${NS.bidiFeature}'/>` +
      `<dialback xmlns='${NS.dialbackFeature}'><errors/></dialback></stream:features>`
    );
  }

  /** Throws StreamError for whom the policy does not want at all, or TLS is too old. */
  #welcome(domain: string): void {
    const judgement = this.#reception.context.judge(domain);
    try {
      checkPolicy(judgement, domain);
      checkTls(judgement, this.#tls!.getProtocol() ?? '');
    } catch (error) {
      if (!(error instanceof LinkProblem)) throw error;
      this.#failed(error);
      this.#reported = true;
      throw new StreamError('policy-violation', 'This server does not talk with yours.');
    }
  }

  #element(element: Element): void | Promise<void> {
    const { xmlns } = element.attrs;
    if (this.#local === undefined) throw new StreamError('not-authorized', 'A stream comes first.');
    if (this.#tls === undefined) {
      if (xmlns !== NS.tls || element.name !== 'starttls') {
        throw new StreamError('policy-violation', 'TLS comes first.'); // RFC 6120 §5.3.1
      }
      this.stream.send(`<proceed xmlns='${NS.tls}'/>`);
      this.#tls = this.#reception.secure(this.stream, this.#local);
      this.#tls.once('error', (error) => {
        if (this.#domain === undefined && this.#link === undefined) this.#failed(tlsProblem(error));
      });
      return;
    }
    const link = this.#link;
    if (xmlns === undefined || xmlns === NS.client) {
      if (link === undefined) throw new StreamError('not-authorized', 'Please show who you are first.');
      return link.stanza(element);
    }
    if (xmlns === NS.dialback) return this.#claims.element(element);
    if (xmlns === NS.sasl) return this.#auth(element);
    if (xmlns === NS.sm && link !== undefined) return link.management(element);
    if (xmlns === NS.bidi && element.name === 'bidi' && link === undefined) {
      this.#bidi = true;
      return;
    }
    if (xmlns === NS.stream && element.name === 'error') {
      link?.failed(theirComplaint(element));
      this.stream.close();
      return;
    }
    throw new StreamError('unsupported-stanza-type', 'There is no such element.');
  }

  /** SASL EXTERNAL (XEP-0178 §3). */
  #auth(element: Element): void {
    const refused = this.#whyNot(element);
    if (refused !== undefined) {
      const problem = this.#examined?.problem;
      if (problem !== undefined) this.#failed(new LinkProblem(problem.code, problem.facts));
      this.stream.send(`<failure xmlns='${NS.sasl}'><${refused}/></failure>`);
      if (++this.#failures >= FAILURES) throw new StreamError('policy-violation', 'That was tried too often.');
      return;
    }
    if (this.#reception.isCrowded(this.#domain!, this.address)) {
      this.#failed(new LinkProblem('too-many', { domain: this.#domain! }));
      this.#reported = true;
      throw new StreamError('resource-constraint', 'Your server has too many streams to this one.');
    }
    this.stream.send(`<success xmlns='${NS.sasl}'/>`);
    this.stream.restart();
    this.#join = this.#shown(this.#local!, this.#domain!, 'certificate', {});
  }

  /** The condition of RFC 6120 §6.5 with which it fails, undefined when it succeeds. */
  #whyNot({ name, attrs, children }: Element): string | undefined {
    if (name === 'abort') return 'aborted';
    if (name !== 'auth' || this.#link !== undefined || this.#domain === undefined) {
      throw new StreamError('unsupported-stanza-type', 'That is out of place.');
    }
    if (attrs.mechanism !== 'EXTERNAL') return 'invalid-mechanism';
    const text = children.join('').trim();
    const claimed = text === '=' || text === '' ? this.#domain : Buffer.from(text, 'base64').toString();
    if (tryParseJid(claimed)?.full !== this.#domain) return 'invalid-authzid';
    return this.#examined?.problem === undefined && this.#examined !== undefined ? undefined : 'not-authorized';
  }

  /**
   * A pair is authenticated: its stanzas may come in. Gives what lets ours out, to be called once the other side was told: who
   * does not know yet that the stream is theirs drops what comes on it (XEP-0288 §2.2).
   */
  #shown(local: string, domain: string, theirs: 'certificate' | 'dialback', seen: Partial<Draft>): () => void {
    const { context, pace, answered } = this.#reception;
    let link = this.#link;
    if (link === undefined) {
      clearTimeout(this.#timer);
      this.#known();
      this.stream.limits = context.limits.afterLogin;
      const { address } = this;
      link = new Link(
        context,
        this.stream,
        { direction: 'in', transport: this.#transport, address, tls: this.#tls! },
        { pace, answered },
      );
      link.theirs = theirs;
      link.bidi = this.#bidi;
      this.#link = link;
      this.#shownFirst = domain;
    }
    link.entering.add(pairOf(local, domain));
    const draft = { ...this.#draft(local, domain), ...seen, theirs, bidi: link.bidi };
    context.record({ ...draft, took: Date.now() - draft.at, outcome: 'connected' });
    const shown = link;
    return () => this.#reception.joined(shown, local, domain);
  }

  #reported = false;

  #draft(local: string, domain: string): Draft {
    const protocol = this.#tls?.getProtocol();
    const examined = domain === this.#domain ? this.#examined : undefined;
    return {
      domain,
      local,
      direction: 'in',
      at: this.at,
      took: 0,
      outcome: 'failed',
      address: this.address,
      transport: this.#transport,
      ...(this.#tls !== undefined && { tls: { protocol: protocol ?? '', cipher: this.#tls.getCipher()?.name ?? '' } }),
      ...(examined !== undefined && { chain: examined.summaries }),
      ...(examined?.problem !== undefined && { certificate: examined.problem }),
    };
  }

  /** Somebody who says that they are a domain did not come in: that is told to whoever looks for it there. */
  #failed(problem: LinkProblem, draft?: Draft): void {
    if (this.#reported && draft === undefined) return;
    const domain = draft?.domain ?? this.#domain ?? this.#claimed;
    const local = draft?.local ?? this.#local;
    if (domain === undefined || local === undefined) return;
    const { code, facts } = problem;
    const told = draft ?? this.#draft(local, domain);
    const problemOf = {
      code,
      facts: Object.fromEntries(
        Object.entries(facts).map(([key, value]) => [key, typeof value === 'string' ? words(value) : value]),
      ),
    };
    this.#reception.context.record({ ...told, took: Date.now() - told.at, outcome: 'failed', problem: problemOf });
  }
}

// XEP-0124 1.11.2, XEP-0206 1.4
import { toDocument } from '../../stream/document.ts';
import { type ElementStream, type OpenHeader, UNSENT_LIMIT } from '../../stream/element-stream.ts';
import { flushSoon } from '../../stream/flush.ts';
import { ItemQueue } from '../../stream/item-queue.ts';
import type { StanzaLimits } from '../../stream/limits.ts';
import { StreamHeader } from '../../stream/parser.ts';
import { NS } from '../../xmpp/ns.ts';
import { StreamError } from '../../xmpp/stream-error.ts';
import { newId } from '../id.ts';
import { answerBody, type BoshRequest, terminalBody } from './body.ts';
import { type Reply, Requests } from './requests.ts';

/** Seconds that a request waits at most: less than what the HTTPS server takes for silence. */
const LONGEST_WAIT = 50;
/** Seconds without any request after which a client is gone, for one that polls, and for one that said so before. */
const INACTIVITY = 60;
const POLLING_INACTIVITY = 120;
const LONGEST_PAUSE = 120;
/** Seconds that must be between two requests of a client that polls and has nothing to say. */
const POLLING = 2;
/** Characters that one answer carries, about. */
const ANSWER_SIZE = 256 * 1024;
/** How long what ended a session is kept to be told, in ms. */
const LINGER = 10_000;
/** Errors of the stream that BOSH has its own words for (XEP-0124 §17.2). */
const OWN_WORDS: ReadonlySet<string> = new Set([
  'host-gone',
  'host-unknown',
  'improper-addressing',
  'internal-server-error',
  'system-shutdown',
]);

/** A stream of XMPP over requests of HTTP that wait for their answers (XEP-0124 1.11.2, XEP-0206 1.4). */
export class BoshSession implements ElementStream {
  /** 144 random bits: who knows it may speak for the client (SECURITY 24, 26). */
  readonly sid = newId();
  readonly #wait: number;
  readonly #hold: number;
  readonly #most: number;
  readonly #requests: Requests;
  readonly #over: () => void;
  readonly items: ItemQueue = new ItemQueue(() => this.#settle());
  /** The last request whose turn it was, and those that came before theirs. */
  #rid: number;
  readonly #early = new Map<number, { readonly request: BoshRequest; readonly reply: Reply }>();
  #out: string[] = [];
  #unsent = 0;
  /** What the next answer says about the session. */
  #greeting: Record<string, string | number | undefined> | undefined;
  #begun = false;
  #opened = false;
  #closing = false;
  #farewell = '';
  #silence: NodeJS.Timeout | undefined;
  /** When a request came that had nothing to say, ms since 1970. */
  #polledAt = 0;
  lastRead = Date.now();
  limits: StanzaLimits;

  /** `request` asks for the session, and is to be given to `take` as the first. `over` is called when nobody may come any more. */
  constructor(request: BoshRequest, limits: StanzaLimits, over: () => void) {
    this.limits = limits;
    this.#over = over;
    this.#rid = request.rid - 1;
    const polls = request.hold === 0 || request.wait === 0;
    this.#hold = polls ? 0 : 1;
    this.#most = this.#hold + 1;
    this.#wait = Math.min(request.wait, LONGEST_WAIT);
    this.#requests = new Requests(this.#most);
    this.#greeting = {
      sid: this.sid,
      wait: this.#wait,
      hold: this.#hold,
      requests: this.#most,
      inactivity: polls ? POLLING_INACTIVITY : INACTIVITY,
      polling: polls ? POLLING : undefined,
      maxpause: LONGEST_PAUSE,
      ver: request.ver === '' ? undefined : '1.11',
      'xmlns:xmpp': NS.xbosh,
      'xmpp:version': '1.0',
      'xmpp:restartlogic': 'true',
    };
  }

  get ended(): boolean {
    return this.#closing || this.items.ended;
  }

  get unsent(): number {
    return this.#unsent;
  }

  get opened(): boolean {
    return this.#opened;
  }

  /** One request of this session's client, in whatever order they come. */
  take(request: BoshRequest, reply: Reply): void {
    const { rid } = request;
    if (this.ended) {
      reply.answer(this.#farewell);
      return;
    }
    this.lastRead = Date.now();
    clearTimeout(this.#silence);
    this.#silence = undefined;
    // XEP-0124 §11: one more than else may be on its way when it is for a goodbye or a pause.
    const most = this.#most + (request.terminate || request.pause !== undefined ? 1 : 0);
    if (rid <= this.#rid) {
      if (!this.#requests.again(rid, reply)) this.#refuse(reply, 'item-not-found'); // §14.3
    } else if (rid > this.#rid + most) {
      this.#refuse(reply, 'item-not-found'); // §14.2
    } else {
      this.#early.get(rid)?.reply.answer(answerBody({ type: 'error' }));
      this.#early.set(rid, { request, reply });
      for (
        let next = this.#early.get(rid);
        next?.request.rid === this.#rid + 1;
        next = this.#early.get(this.#rid + 1)
      ) {
        this.#early.delete(++this.#rid);
        this.#turn(next.request, next.reply, most);
      }
    }
    this.#settle();
  }

  open(header: OpenHeader): void {
    this.#opened = true;
    if (this.#greeting === undefined) return;
    this.#greeting.from = header.from;
    this.#greeting.authid = header.id;
  }

  send(xml: string): void {
    if (this.ended) return;
    if (this.#out.length === 0) flushSoon(this);
    this.#out.push(toDocument(xml));
    this.#unsent += xml.length;
    if (this.#unsent > UNSENT_LIMIT) this.destroy();
  }

  flush(): void {
    if (!this.ended) this.#settle();
  }

  restart(): void {
    this.items.clear();
    this.#begun = false;
    this.#opened = false;
  }

  close(error?: StreamError, header?: OpenHeader): void {
    if (this.ended) return;
    if (!this.#opened && header !== undefined) this.open(header);
    const own = error === undefined || OWN_WORDS.has(error.condition);
    if (error !== undefined && !own) this.send(error.toXml());
    const condition = own ? error?.condition : 'remote-stream-error'; // XEP-0206 §6
    this.#end(this.#compose({ type: 'terminate', condition }, Number.POSITIVE_INFINITY));
  }

  destroy(): void {
    if (!this.ended) this.#end(terminalBody('remote-connection-failed'));
  }

  /** A request whose turn it is. */
  #turn(request: BoshRequest, reply: Reply, most: number): void {
    const { elements, terminate, pause, error } = request;
    const says = elements.length > 0 || request.restart || terminate || pause !== undefined || error !== undefined;
    const idle = !says && request.sid !== '';
    if (this.#requests.count >= most || (idle && this.#pollsTooMuch())) {
      this.#refuse(reply, 'policy-violation'); // XEP-0124 §11, §12
      return;
    }
    this.#requests.hold(request.rid, reply, this.#wait * 1_000, () => this.#answer());
    this.#begin(request);
    for (const element of elements) if (!this.items.failed) this.items.push(element);
    if (error !== undefined && !this.items.failed) this.items.fail(error);
    if (terminate) this.items.push('close');
    if (pause === undefined) return;
    while (this.#requests.count > 0) this.#requests.answer(answerBody({})); // §10: it carries nothing
    this.#watch(Math.min(pause, LONGEST_PAUSE));
  }

  /** XEP-0206 §2, §5: the first request, and the one after the login, begin a stream. */
  #begin({ to, from, version, lang, restart, sid, elements }: BoshRequest): void {
    const first = sid === '';
    if (!first && !restart) {
      // After the login a client may have asked for news once more before it begins anew, but not have said anything.
      if (this.#begun || elements.length === 0 || this.items.failed) return;
      this.items.fail(new StreamError('bad-format', 'After the login a stream begins anew.'));
      return;
    }
    if (this.#begun) {
      if (!this.items.failed) this.items.fail(new StreamError('bad-format', 'No stream can begin here.'));
      return;
    }
    this.#begun = true;
    // The version is said once; a client of the first days does not say it, and is refused as one over TCP is.
    this.items.push(new StreamHeader({ to, from, version: first ? version : '1.0', 'xml:lang': lang }));
  }

  #pollsTooMuch(): boolean {
    const now = Date.now();
    const soon = this.#hold === 0 && now - this.#polledAt < POLLING * 1_000 && this.#out.length === 0;
    this.#polledAt = now;
    return soon;
  }

  /** Answers what can be answered, and what has to be as more waits than is held. */
  #settle(): void {
    if (this.ended) return;
    while (this.#requests.alive && this.#out.length > 0) this.#answer();
    // While much is unhandled the client gets no answer, and so cannot send more.
    while (this.#requests.count > this.#hold && !this.items.full && this.#greeting === undefined) this.#answer();
    if (!this.#requests.alive) this.#watch(this.#hold === 0 ? POLLING_INACTIVITY : INACTIVITY);
  }

  /** Answers one request with what there is. */
  #answer(): void {
    const says = this.#out.length > 0;
    this.#requests.answer(this.#compose({}, ANSWER_SIZE), says);
    if (!this.#requests.alive) this.#watch(this.#hold === 0 ? POLLING_INACTIVITY : INACTIVITY);
  }

  #compose(attrs: Record<string, string | undefined>, most: number): string {
    let size = 0;
    let count = 0;
    while (count < this.#out.length && size < most) size += this.#out[count++]!.length;
    const inner = this.#out.splice(0, count).join('');
    if (this.#out.length === 0) this.#unsent = 0;
    else this.#unsent -= size;
    const greeting = this.#greeting;
    this.#greeting = undefined;
    return answerBody({ ...greeting, ...attrs }, inner);
  }

  /** XEP-0124 §10: the client is gone when it is silent for so long. */
  #watch(seconds: number): void {
    if (this.ended || this.#silence !== undefined) return;
    this.#silence = setTimeout(() => this.destroy(), seconds * 1_000);
    this.#silence.unref();
  }

  /** The client broke the rules of BOSH: that ends the session (§17.2). */
  #refuse(reply: Reply, condition: string): void {
    reply.answer(terminalBody(condition));
    this.#end(terminalBody(condition));
  }

  #end(farewell: string): void {
    this.#closing = true;
    this.#farewell = farewell;
    clearTimeout(this.#silence);
    this.items.clear();
    // §13: the oldest is told, the others are answered with nothing.
    const told = this.#requests.alive;
    if (told) this.#requests.answer(farewell, true);
    while (this.#requests.count > 0) this.#requests.answer(answerBody({}));
    for (const { reply } of this.#early.values()) reply.answer(farewell);
    this.#early.clear();
    this.items.end();
    const timer = setTimeout(this.#over, told ? 0 : LINGER);
    timer.unref();
  }
}

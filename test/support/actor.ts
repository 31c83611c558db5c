import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../../server/host/host.ts';
import type { Outlet, Session } from '../../server/host/session.ts';
import { type Element, serialize } from '../../server/xmpp/element.ts';
import type { Stanza } from '../../server/xmpp/stanza.ts';
import { conditionOf, difference, stanza, stanzas } from './xml.ts';

/** Somebody on the stage: one session, whose client is the test. What it gets is read by the real parser, as clients do. */
export class Actor implements Outlet {
  readonly host: Host;
  session!: Session;
  readonly resumable = false;
  /** How the server ended the session, if it did. */
  ended: { condition: string; text: string } | undefined;
  /** Received and not looked at yet. */
  readonly received: Element[] = [];
  readonly #settle: () => Promise<void>;
  /** How long to wait, in ms, for what comes over a network: nothing in this house shows when it will. */
  patience = 0;
  #asked = 0;
  #wake: (() => void) | undefined;

  constructor(host: Host, settle: () => Promise<void>) {
    this.host = host;
    this.#settle = settle;
  }

  deliver(_stanza: Stanza, text: string): void {
    this.received.push(...stanzas(text));
    this.#wake?.();
  }

  end(condition: string, text: string): void {
    this.ended = { condition, text };
    this.host.unbind(this.session);
  }

  get jid(): string {
    return this.session.jid.full;
  }

  /** Resolves when the host has handled it. Throws StreamError. */
  async sends(xml: string): Promise<void> {
    await this.host.receive(this.session, stanza(xml));
  }

  /** The next stanza, which must be like this one (see `difference`). */
  async receives(xml: string): Promise<Element> {
    const expected = stanza(xml);
    const next = await this.#next();
    assert.ok(next !== undefined, `${this.jid} received nothing, not ${serialize(expected)}`);
    const lacking = difference(expected, next);
    assert.equal(lacking, undefined, `${lacking}\nexpected: ${serialize(expected)}\nreceived: ${serialize(next)}`);
    return next;
  }

  /** The next stanza, whatever it is. */
  async receivesAny(): Promise<Element> {
    const next = await this.#next();
    assert.ok(next !== undefined, `${this.jid} received nothing`);
    return next;
  }

  /** The next stanzas, in whatever order. */
  async receivesInAnyOrder(...xml: string[]): Promise<Element[]> {
    const left = xml.map(stanza);
    const got: Element[] = [];
    while (left.length > 0) {
      const next = await this.#next();
      assert.ok(next !== undefined, `${this.jid} did not receive ${left.map(serialize).join('\n')}`);
      const at = left.findIndex((one) => difference(one, next) === undefined);
      assert.ok(at >= 0, `${this.jid} received ${serialize(next)}\ninstead of ${left.map(serialize).join('\n')}`);
      left.splice(at, 1);
      got.push(next);
    }
    return got;
  }

  async receivesNothing(): Promise<void> {
    await this.#settle();
    assert.deepEqual(this.received.map(serialize), [], `${this.jid} received something`);
  }

  /** All that came, taken away. */
  async all(): Promise<Element[]> {
    await this.#settle();
    return this.received.splice(0);
  }

  /** Sends an iq and gives the answer to it, whatever else comes in between. */
  async asks(xml: string): Promise<Element> {
    const request = stanza(xml);
    request.attrs.id ??= `asked-${++this.#asked}`;
    const { id } = request.attrs;
    await this.host.receive(this.session, request);
    await this.#settle();
    const isAnswer = ({ name, attrs }: Element): boolean =>
      name === 'iq' && attrs.id === id && (attrs.type === 'result' || attrs.type === 'error');
    const at = this.received.findIndex(isAnswer);
    assert.ok(at >= 0, `${this.jid} got no answer to ${xml}`);
    return this.received.splice(at, 1)[0]!;
  }

  /** Sends an iq that must be answered with a result. */
  async gets(xml: string): Promise<Element> {
    const answer = await this.asks(xml);
    assert.equal(answer.attrs.type, 'result', serialize(answer));
    return answer;
  }

  /** Sends an iq that must be refused with this condition. */
  async isRefused(xml: string, condition: string): Promise<Element> {
    const answer = await this.asks(xml);
    assert.equal(conditionOf(answer), condition, serialize(answer));
    return answer;
  }

  /** Is gone without a word. */
  leaves(): void {
    this.host.unbind(this.session);
  }

  async #next(): Promise<Element | undefined> {
    if (this.received.length === 0) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([woken, this.#settle()]);
      if (this.received.length === 0 && this.patience > 0) {
        const timer = new AbortController();
        await Promise.race([woken, sleep(this.patience, undefined, { signal: timer.signal }).catch(() => undefined)]);
        timer.abort();
      }
    }
    return this.received.shift();
  }
}

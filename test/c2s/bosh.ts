import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type Element, serialize } from '../../server/xmpp/element.ts';
import { sasl } from '../support/wire.ts';
import { find } from '../support/xml.ts';
import { alone, fetchFrom, openWeb, type Reply } from './web.ts';

export const J = 'juliet@example.test';
export const CLIENT = "xmlns='jabber:client'";
const BIND = 'urn:ietf:params:xml:ns:xmpp-bind';

/** A client of BOSH, who sends what a test likes. */
export class Bosh {
  readonly port: number;
  sid = '';
  rid = 4_000_000;

  constructor(port: number) {
    this.port = port;
  }

  raw(body: string, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Reply> {
    return fetchFrom(this.port, '/http-bind', { method: 'POST', body, headers, ...(signal && { signal }) });
  }

  /** One request with the next number; gives the wrapper of the answer, with what is in it. */
  async says(inner: string, attrs = '', rid = ++this.rid, signal?: AbortSignal): Promise<Element> {
    const sid = this.sid === '' ? '' : `sid='${this.sid}'`;
    const reply = await this.raw(
      `<body xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh' rid='${rid}' ${sid} ${attrs}>${inner}</body>`,
      {},
      signal,
    );
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.headers['content-type'], 'text/xml; charset=utf-8');
    return alone(reply.text);
  }

  async begins(attrs = '', to = 'example.test'): Promise<Element> {
    const answer = await this.says('', `to='${to}' ver='1.11' wait='10' hold='1' xmpp:version='1.0' ${attrs}`);
    this.sid = answer.attrs.sid ?? '';
    return answer;
  }

  async logsIn(user = 'juliet'): Promise<void> {
    await this.begins();
    const success = await this.says(sasl('auth', `\0${user}\0wherefore`, "mechanism='PLAIN'"));
    assert.ok(find(success, 'success') !== undefined, serialize(success));
    const features = await this.says('', "to='example.test' xmpp:restart='true'");
    assert.ok(find(features, 'features', 'bind') !== undefined, serialize(features));
  }

  async binds(user = 'juliet', resource = 'web'): Promise<void> {
    await this.logsIn(user);
    const inner = `<bind xmlns='${BIND}'><resource>${resource}</resource></bind>`;
    const answer = await this.says(`<iq ${CLIENT} type='set' id='b'>${inner}</iq>`);
    assert.ok(find(answer, 'iq', 'bind', 'jid') !== undefined, serialize(answer));
  }
}

export async function open(t: TestContext, more: Parameters<typeof openWeb>[1] = {}) {
  const stage = await openWeb(t, more);
  return { ...stage, bosh: new Bosh(stage.port) };
}

export const ping = (id: string) => `<iq ${CLIENT} type='get' id='${id}'><ping xmlns='urn:xmpp:ping'/></iq>`;

export function ends(answer: Element, condition: string | undefined): void {
  assert.deepEqual([answer.attrs.type, answer.attrs.condition], ['terminate', condition], serialize(answer));
}

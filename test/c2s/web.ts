import assert from 'node:assert/strict';
import { request as ask, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientOptions, WebSocket } from 'ws';
import type { ClientDoor } from '../../server/c2s/door.ts';
import { webDoor } from '../../server/c2s/web.ts';
import { createPanelDoor } from '../../server/http/door.ts';
import { StreamParser } from '../../server/stream/parser.ts';
import { Element, serialize, textOf } from '../../server/xmpp/element.ts';
import { selfSigned } from '../http/support.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { type DoorOptions, openDoor, sasl } from '../support/wire.ts';
import { difference, find, stanza } from '../support/xml.ts';

const FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing';
const ROOMY = { bytes: 1e9, depth: 1e4, attributes: 1e4, children: 1e6, namespaces: 1e6 };
const tls = selfSigned();

export interface WebStage {
  readonly scene: Scene;
  readonly door: ClientDoor;
  readonly port: number;
}

export interface WebStageOptions extends DoorOptions {
  readonly origins?: readonly string[];
  readonly domains?: readonly string[];
  readonly mayFail?: boolean;
}

/** A house with the real HTTPS door, on loopback. Juliet and Romeo have accounts. */
export async function openWeb(t: TestContext, options: WebStageOptions = {}): Promise<WebStage> {
  const { domains = ['example.test'], mayFail = false } = options;
  const scene = await openScene(t, { domains, mayFail });
  for (const domain of domains) for (const name of ['juliet', 'romeo']) await scene.account(`${name}@${domain}`);
  const door = openDoor(t, scene, options);
  const rules = { names: () => ['chat.example.test', ...domains], allowed: () => options.origins ?? [] };
  const web = webDoor(door, { rules, listening: () => [{ name: 'c2s_tls', address: '[::]:5223' }] });
  const { commands, house } = scene;
  const panel = await createPanelDoor({ commands, log: house.log, tls, panel: tmpdir(), ...web });
  const { port } = await panel.listen({ host: '127.0.0.1', port: 0 });
  t.after(async () => {
    await door.close();
    await panel.close();
  });
  return { scene, door, port };
}

export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers: Record<string, string | string[] | undefined>;
}

/** One HTTPS request. */
export function fetchFrom(
  port: number,
  path: string,
  { method = 'GET', headers = {}, body = '' as string | Buffer, signal = AbortSignal.timeout(10_000) } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options: RequestOptions = {
      host: '127.0.0.1',
      port,
      path,
      method,
      headers,
      signal,
      rejectUnauthorized: false,
      agent: false,
    };
    const request = ask(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** The element of a text that must be a document of its own: no namespace is known from elsewhere. */
export function alone(text: string): Element {
  let found: Element | undefined;
  const emit = (item: unknown) => {
    if (item instanceof Element) found = item;
  };
  const parser = new StreamParser('none', ROOMY, emit, 'none');
  parser.write(Buffer.from(text));
  assert.ok(found !== undefined && parser.whole, text);
  return found;
}

/** A client on a WebSocket, who speaks as raw as a test likes. */
export class WebWire {
  readonly socket: WebSocket;
  readonly texts: string[] = [];
  code = 0;
  #wake: (() => void) | undefined;

  constructor(port: number, options: ClientOptions = {}, protocols: string[] = ['xmpp']) {
    const url = `wss://127.0.0.1:${port}/xmpp-websocket`;
    this.socket = new WebSocket(url, protocols, { rejectUnauthorized: false, perMessageDeflate: true, ...options });
    this.socket.on('message', (data) => {
      this.texts.push(String(data));
      this.#wake?.();
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', (code) => {
      this.code = code;
      this.#wake?.();
    });
  }

  /** Resolves when it is open. Rejects with what the server answered instead. */
  async ready(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.socket.once('open', resolve).once('error', reject);
    });
    return this;
  }

  write(text: string | Buffer): void {
    this.socket.send(text);
  }

  /** The next message, undefined when the WebSocket was closed instead. */
  async next(): Promise<Element | undefined> {
    for (const timer = AbortSignal.timeout(10_000); this.texts.length === 0; ) {
      if (this.socket.readyState === WebSocket.CLOSED) return undefined;
      assert.ok(!timer.aborted, 'the server said nothing');
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([woken, sleep(10_000, undefined, { ref: false })]);
    }
    return alone(this.texts.shift()!);
  }

  async receives(xml: string): Promise<Element> {
    const got = await this.next();
    assert.ok(got !== undefined, `the server closed instead of sending ${xml}`);
    const lacking = difference(stanza(xml.replace('<', '<wrap xmlns="w"><').replace(/$/, '</wrap>')), wrap(got));
    assert.equal(lacking, undefined, `expected ${xml}\nreceived ${serialize(got)}`);
    return got;
  }

  async opens(to = 'example.test'): Promise<Element> {
    this.write(`<open xmlns='${FRAMING}' to='${to}' version='1.0'/>`);
    await this.receives(`<open xmlns='${FRAMING}' from='${to}' version='1.0' id='*'/>`);
    return this.receives(`<features xmlns='http://etherx.jabber.org/streams'/>`);
  }

  /** The stream ends with this error, then the WebSocket. */
  async fails(condition: string): Promise<void> {
    for (;;) {
      const got = await this.next();
      assert.ok(got !== undefined, `the WebSocket was closed without ${condition}`);
      if (got.name !== 'error') continue;
      assert.ok(find(got, condition) !== undefined, serialize(got));
      await this.receives(`<close xmlns='${FRAMING}'/>`);
      assert.equal(await this.next(), undefined);
      return;
    }
  }

  async logsIn(bare: string): Promise<Element> {
    const [user, domain] = bare.split('@') as [string, string];
    await this.opens(domain);
    this.write(sasl('auth', `\0${user}\0wherefore`, "mechanism='PLAIN'"));
    await this.receives("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    return this.opens(domain);
  }

  async binds(full: string): Promise<string> {
    const [bare, resource] = full.split('/') as [string, string];
    await this.logsIn(bare);
    this.write(
      `<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${resource}</resource></bind></iq>`,
    );
    const answer = await this.receives("<iq xmlns='jabber:client' type='result' id='b'/>");
    return textOf(find(answer, 'bind', 'jid'));
  }
}

function wrap(element: Element): Element {
  const outer = new Element('wrap', { xmlns: 'w' });
  outer.children.push(element);
  return outer;
}

import { request } from 'node:https';
import type { BodyOf, ParamsOf, ReplyOf, Route } from '../../server/http/contract/index.ts';
import type { Appliance } from './appliance.ts';

/** What a browser does with the panel's API, over TLS that is checked, with a cookie and an Origin. */
export class PanelClient {
  readonly #url: string;
  readonly #ca: string;
  #cookie = '';

  private constructor(url: string, ca: string) {
    this.#url = url;
    this.#ca = ca;
  }

  static async visit(appliance: Appliance, url = appliance.panel): Promise<PanelClient> {
    return new PanelClient(url, await appliance.authority());
  }

  /** One call of the contract. Rejects with the status and the server's words when it is refused. */
  async call<R extends Route>(route: R, input: { params?: ParamsOf<R>; body?: BodyOf<R> } = {}): Promise<ReplyOf<R>> {
    const [method = '', template = ''] = route.split(' ');
    const params = (input.params ?? {}) as Readonly<Record<string, string>>;
    const path = template.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
    const body = input.body === undefined ? '' : JSON.stringify(input.body);
    const { status, cookie, text } = await this.#send(method, path, body);
    if (status !== 200) throw new Error(`${route}: ${status} ${text}`);
    if (cookie !== undefined) this.#cookie = cookie;
    return JSON.parse(text) as ReplyOf<R>;
  }

  /** Sends a file as it is; `said`: how long it is said to be. */
  put(path: string, content: Buffer, said = content.length): Promise<{ status: number; text: string }> {
    // Nothing else goes over a connection on which more was promised than comes.
    const head = { 'content-type': 'application/octet-stream', 'content-length': said, connection: 'close' };
    return this.#send('PUT', path, content, head);
  }

  /** The panel's own page. */
  async page(): Promise<{ status: number; text: string }> {
    return this.#send('GET', '/', '');
  }

  #send(
    method: string,
    path: string,
    body: string | Buffer,
    more: Readonly<Record<string, string | number>> = {},
  ): Promise<{ status: number; cookie?: string; text: string }> {
    return new Promise((resolve, reject) => {
      const headers = {
        origin: this.#url,
        ...(this.#cookie !== '' && { cookie: this.#cookie }),
        ...(body !== '' && { 'content-type': 'application/json' }),
        ...more,
      };
      const sent = request(`${this.#url}${path}`, { method, headers, ca: this.#ca, timeout: 30_000 }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => {
          const cookie = response.headers['set-cookie']?.[0]?.split(';')[0];
          resolve({ status: response.statusCode ?? 0, text, ...(cookie !== undefined && { cookie }) });
        });
      });
      sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer`)));
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

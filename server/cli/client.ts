import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { BodyOf, ErrorReply, ParamsOf, QueryOf, ReplyOf, Route } from '../http/contract/index.ts';
import { Failure } from './failure.ts';

type Need<Name extends string, Part> = [Part] extends [undefined]
  ? Partial<Record<Name, undefined>>
  : Record<Name, Part>;
type Input<R extends Route> = Need<'params', ParamsOf<R>> & Need<'query', QueryOf<R>> & Need<'body', BodyOf<R>>;
type JsonRoute = { [R in Route]: ReplyOf<R> extends undefined ? never : R }[Route];

const TIMEOUT_MS = 60_000;
const LARGEST = 16 * 1024 * 1024;

interface Loose {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
}

/** The contract over the server's Unix socket. */
export class Client {
  readonly #socket: string;
  readonly #caller: string;

  constructor(socket: string, caller: string) {
    this.#socket = socket;
    this.#caller = caller;
  }

  /** One call. Throws Failure: 1 when the server refuses, 3 when nobody answers. */
  async call<R extends JsonRoute>(route: R, input: Input<R>): Promise<ReplyOf<R>> {
    return JSON.parse(await this.#ask(route, input as Loose)) as ReplyOf<R>;
  }

  /** The certificate authority, the one reply that is not JSON. */
  text(route: 'GET /api/certificate-authority'): Promise<string> {
    return this.#ask(route, {});
  }

  /** What does not end soon, or is not JSON: handed on piece by piece. Resolves at its end. */
  async stream(
    route: 'GET /api/audit/export' | 'GET /api/log/events' | 'GET /metrics',
    query: Readonly<Record<string, string | number | undefined>>,
    take: (text: string) => void,
  ): Promise<void> {
    await this.#ask(route, { query }, take);
  }

  /** The file of a backup or an export, by the link to it, piece by piece. Throws Failure, also when the answer ends before its end. */
  async *file(folder: 'backup-files' | 'archive/export-files', token: string): AsyncGenerator<Buffer> {
    const path = `/api/${folder}/${encodeURIComponent(token)}`;
    const sent = request({
      socketPath: this.#socket,
      path,
      headers: { host: 'hallway', 'hallway-caller': this.#caller },
      timeout: TIMEOUT_MS,
    });
    try {
      sent.end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      if (response.statusCode !== 200) throw new Failure(1, `The server answered with status ${response.statusCode}.`);
      let left = Number(response.headers['content-length']);
      for await (const piece of response as AsyncIterable<Buffer>) {
        left -= piece.length;
        yield piece;
      }
      if (left !== 0) throw new Failure(3, 'The file did not come as a whole.');
    } catch (error) {
      throw this.#unreachable(error as NodeJS.ErrnoException);
    } finally {
      sent.destroy();
    }
  }

  /** Sends one file as it is, piece by piece. Throws Failure as `call` does. */
  async send(
    route: 'PUT /api/people/moves/:id/file',
    { params, query }: Input<'PUT /api/people/moves/:id/file'>,
    file: string,
  ): Promise<void> {
    const [method, template] = route.split(' ') as [string, string];
    const path = `${template.replace(':id', encodeURIComponent(params.id))}?${new URLSearchParams(query)}`;
    const opened = await open(file);
    try {
      const { size } = await opened.stat();
      const sent = request({
        socketPath: this.#socket,
        method,
        path,
        headers: {
          host: 'hallway',
          'hallway-caller': this.#caller,
          'content-type': 'application/octet-stream',
          'content-length': size,
        },
      });
      const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
      answered.catch(() => undefined);
      // Who is refused is told so at once, and need not send the rest.
      const [response] = await Promise.race([
        answered,
        pipeline(opened.createReadStream({ autoClose: false }), sent).then(() => answered),
      ]);
      let text = '';
      for await (const piece of response.setEncoding('utf8') as AsyncIterable<string>) text += piece;
      sent.destroy();
      if (response.statusCode !== 200) throw refusal(text, response.statusCode);
    } catch (error) {
      throw this.#unreachable(error as NodeJS.ErrnoException);
    } finally {
      await opened.close();
    }
  }

  #ask(route: string, { params = {}, query = {}, body }: Loose, take?: (text: string) => void): Promise<string> {
    const [method, template] = route.split(' ') as [string, string];
    const path = template.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
    const pairs = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
    const payload = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = request({
        socketPath: this.#socket,
        method,
        path: search === '' ? path : `${path}?${search}`,
        headers: {
          host: 'hallway',
          'hallway-caller': this.#caller,
          ...(payload !== undefined && { 'content-type': 'application/json' }),
        },
        timeout: TIMEOUT_MS,
      });
      sent.on('timeout', () => sent.destroy(new Failure(3, `The server does not answer at ${this.#socket}.`)));
      sent.on('error', (error: NodeJS.ErrnoException) => reject(this.#unreachable(error)));
      sent.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          if (take !== undefined && response.statusCode === 200) return take(chunk);
          text += chunk;
          if (text.length > LARGEST) sent.destroy(new Failure(3, 'The answer is too large.'));
        });
        response.on('error', (error) => reject(this.#unreachable(error)));
        response.on('end', () =>
          response.statusCode === 200 ? resolve(text) : reject(refusal(text, response.statusCode)),
        );
      });
      sent.end(payload);
    });
  }

  #unreachable(error: NodeJS.ErrnoException): Failure {
    if (error instanceof Failure) return error;
    if (error.code === 'EACCES' || error.code === 'EPERM') {
      return new Failure(3, `You may not open ${this.#socket}. Run hallwayctl as root: sudo hallwayctl …`);
    }
    if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED' || error.code === 'ENOTSOCK') {
      return new Failure(
        3,
        `Hallway is not running: nobody answers at ${this.#socket}.\n` +
          '“systemctl status hallway” says why, “systemctl start hallway” starts it (“npm start” in a checkout). Is its data folder elsewhere, name it with --data.',
      );
    }
    return new Failure(3, `The server could not be asked at ${this.#socket}: ${error.message}`);
  }
}

function refusal(text: string, status = 0): Failure {
  try {
    const reply = JSON.parse(text) as ErrorReply;
    const { field, message } = reply.error;
    // What is said of a field beside it in the panel must name it here.
    const named = field !== undefined && /^This (?:must|is needed|is too|is not of)/.test(message);
    return new Failure(1, named ? `${field}: ${message}` : message, reply);
  } catch {
    return new Failure(1, `The server answered with status ${status}.`);
  }
}

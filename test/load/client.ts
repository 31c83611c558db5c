import { connect } from 'node:tls';
import { DOMAIN, PASSWORD } from './house.ts';

/** A client that counts what it gets, and reads as little of it as it can. */
export class Client {
  presences = 0;
  messages = 0;
  readonly #socket;
  readonly #domain: string;
  #tail = '';
  #awaited: { readonly text: string; readonly resolve: (text: string) => void } | undefined;

  /** `port` is one with TLS from the first byte. */
  constructor(port: number, domain = DOMAIN) {
    this.#domain = domain;
    this.#socket = connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false });
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk: Buffer) => {
      const text = this.#tail + chunk.toString('latin1');
      this.presences += count(text, '<presence ', this.#tail.length);
      this.messages += count(text, '<message ', this.#tail.length);
      if (this.#awaited !== undefined && text.includes(this.#awaited.text)) {
        const { resolve } = this.#awaited;
        this.#awaited = undefined;
        this.#tail = text.slice(-9); // the beginning of a tag may be in it, and no whole word that is waited for
        resolve(text);
      } else this.#tail = text.slice(-32);
    });
  }

  write(xml: string): void {
    this.#socket.write(xml);
  }

  /** Waits until some text has come. */
  hears(text: string): Promise<string> {
    return new Promise((resolve) => {
      this.#awaited = { text, resolve };
    });
  }

  /** Sends something and waits until some text has come; gives what came with it. */
  says(xml: string, until: string): Promise<string> {
    const done = this.hears(until);
    this.write(xml);
    return done;
  }

  async logsIn(local: string): Promise<void> {
    const header = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${this.#domain}' version='1.0'>`;
    const plain = Buffer.from(`\0${local}\0${PASSWORD}`).toString('base64');
    await this.says(header, '</stream:features>');
    await this.says(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`, '<success');
    await this.says(header, '</stream:features>');
    const bind =
      "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>load</resource></bind></iq>";
    await this.says(`${bind}<presence/>`, '<presence ');
  }

  end(): void {
    this.#socket.destroy();
  }
}

/** How often a word is in a text, other than wholly in what was looked at before. */
function count(text: string, word: string, seen: number): number {
  let n = 0;
  for (let at = text.indexOf(word, Math.max(0, seen - word.length + 1)); at >= 0; at = text.indexOf(word, at + 1)) n++;
  return n;
}

declare module '@xmpp/client' {
  import type { Element } from '@xmpp/xml';

  interface Client {
    on(event: 'error', listener: (error: unknown) => void): this;
    on(event: 'stanza', listener: (stanza: Element) => void): this;
    /** Gives the full address. */
    start(): Promise<unknown>;
    stop(): Promise<unknown>;
    send(element: Element): Promise<void>;
    readonly iqCaller: {
      get(payload: Element): Promise<Element | undefined>;
      request(iq: Element): Promise<Element>;
    };
  }

  export function client(options: {
    service: string;
    domain: string;
    username: string;
    password: string;
    resource?: string;
  }): Client;
  export function xml(
    name: string,
    attrs?: string | Record<string, string | undefined>,
    ...children: (Element | string)[]
  ): Element;
}

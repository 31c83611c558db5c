import { fateOf, setFate } from '../../host/delivery.ts';
import type { Sent } from '../../host/session.ts';
import type { Element } from '../../xmpp/element.ts';
import { parseJid, tryParseJid } from '../../xmpp/jid.ts';
import { Stanza } from '../../xmpp/stanza.ts';

/** A stanza that waits, by its number: several sessions may wait with the same one. */
export interface KeptStanza {
  readonly n: number;
  readonly xml: string;
  /** How many devices were given it and have not failed, where that is more than one. */
  readonly takers?: number;
  /** What it is a copy of, and how that reads (XEP-0280). */
  readonly copyOf?: { readonly stanza: KeptStanza; readonly text: string };
}

export interface KeptSent {
  readonly stanza: KeptStanza;
  /** As this client gets it, where that is not the stanza itself. */
  readonly text?: string;
  readonly at: number;
}

/** Writes stanzas down, each under one number. */
export class StanzaWriter {
  readonly #numbers = new Map<Stanza, number>();

  sent({ stanza, text, at }: Sent): KeptSent {
    return { stanza: this.#stanza(stanza), ...(text !== stanza.text && { text }), at };
  }

  #stanza(stanza: Stanza): KeptStanza {
    const n = this.#numbers.get(stanza) ?? this.#numbers.size;
    this.#numbers.set(stanza, n);
    const { takers, original } = fateOf(stanza);
    return {
      n,
      xml: stanza.text,
      ...(takers !== undefined && { takers }),
      ...(original !== undefined && { copyOf: { stanza: this.#stanza(original.stanza), text: original.text } }),
    };
  }
}

/** Reads them again: what was one stanza for several sessions is one again, or a person would get it twice. */
export class StanzaReader {
  readonly #parse: (xml: string) => Element;
  readonly #stanzas = new Map<number, Stanza>();

  constructor(parse: (xml: string) => Element) {
    this.#parse = parse;
  }

  /** Throws for what is no stanza. */
  sent({ stanza, text, at }: KeptSent): Sent {
    const read = this.#stanza(stanza);
    return { stanza: read, text: text ?? read.text, at };
  }

  /** One that nobody else has. Throws like `sent`. */
  alone(xml: string): Stanza {
    const element = this.#parse(xml);
    const { from, to } = element.attrs;
    return new Stanza(element, parseJid(from), to === undefined ? undefined : tryParseJid(to));
  }

  #stanza({ n, xml, takers, copyOf }: KeptStanza): Stanza {
    const known = this.#stanzas.get(n);
    if (known !== undefined) return known;
    const stanza = this.alone(xml);
    this.#stanzas.set(n, stanza);
    setFate(stanza, {
      takers,
      original: copyOf && { stanza: this.#stanza(copyOf.stanza), text: copyOf.text },
    });
    return stanza;
  }
}

import { tryParseJid } from '../xmpp/jid.ts';

/** The domain that a text is; undefined where it is anything else, be it an address with a domain in it. */
export function domainIn(text: string | undefined): string | undefined {
  const jid = text === undefined ? undefined : tryParseJid(text);
  return jid !== undefined && jid.full === jid.domain && jid.domain !== '' ? jid.domain : undefined;
}

/** The domain of what should be an address and is none, cut as RFC 7622 §3.1 has it; undefined where that is no domain either. */
export function domainOf(text: string): string | undefined {
  const [bare = ''] = text.split('/', 1);
  return domainIn(bare.slice(bare.indexOf('@') + 1));
}

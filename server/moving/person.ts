import { type Jid, makeJid, tryParseJid } from '../xmpp/jid.ts';

/** Names of domains that are others here, by what they were. */
export type Domains = ReadonlyMap<string, string>;

/** Whose data it is, and how addresses of before are read. */
export class Person {
  readonly jid: Jid;
  /** Addresses of their own domain were of this one. */
  readonly domains: Domains;

  constructor(jid: Jid, domains: Domains) {
    this.jid = jid;
    this.domains = domains;
  }

  /** An address as it is from now on; undefined for what is none. */
  address(text: string | undefined): Jid | undefined {
    const jid = text === undefined ? undefined : tryParseJid(text);
    const domain = jid && this.domains.get(jid.domain);
    return jid === undefined || domain === undefined ? jid : makeJid(jid.local, domain, jid.resource);
  }
}

import type { Audit } from '../storage/stores/audit.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { type Actor, record } from './actor.ts';
import { CommandError } from './command-error.ts';
import type { House, HouseSession } from './house.ts';

/** One connected client, as shown to administrators. */
export interface SessionView {
  readonly jid: string;
  readonly resource: string;
  readonly address: string;
  readonly tls: string;
  readonly cipher: string;
  readonly mechanism: string;
  readonly transport: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly resumable: boolean;
  readonly presence: { readonly show: string; readonly status: string; readonly priority: number } | null;
}

const MOST = 1_000;

export function viewSession(session: HouseSession): SessionView {
  const { address, tls, cipher, mechanism, transport } = session.client;
  const { presence } = session;
  return {
    jid: session.jid.full,
    resource: session.jid.resource,
    address,
    tls,
    cipher,
    mechanism,
    transport,
    since: session.connectedAt,
    resumable: session.resumable,
    presence:
      presence === undefined ? null : { show: presence.show, status: presence.status, priority: presence.priority },
  };
}

/** What administrators do with connected clients. */
export class SessionCommands {
  readonly #house: House;
  readonly #audit: Audit;

  constructor(house: House, audit: Audit) {
    this.#house = house;
    this.#audit = audit;
  }

  /** Everybody's sessions, at most 1,000, or those of one bare address. Throws CommandError. */
  list(bare?: string): { sessions: SessionView[]; total: number } {
    if (bare !== undefined) {
      const jid = tryParseJid(bare);
      if (jid === undefined) throw new CommandError('invalid', `“${bare}” is not an address.`, 'jid');
      const found = this.#house.get(jid.domain)?.sessions.of(jid.bare) ?? [];
      return { sessions: found.slice(0, MOST).map(viewSession), total: found.length };
    }
    const sessions: SessionView[] = [];
    let total = 0;
    for (const domain of this.#house.domains()) {
      const there = this.#house.get(domain)?.sessions;
      if (there === undefined) continue;
      total += there.count;
      for (const session of there.all()) {
        if (sessions.length === MOST) break;
        sessions.push(viewSession(session));
      }
    }
    return { sessions, total };
  }

  /** Ends one client's session; the client may connect again. Throws CommandError. */
  async end(by: Actor, domain: string, local: string, resource: string): Promise<void> {
    const jid = tryParseJid(`${local}@${domain}`);
    const there = jid === undefined ? [] : (this.#house.get(jid.domain)?.sessions.of(jid.bare) ?? []);
    const session = there.find((one) => one.jid.resource === resource);
    if (session === undefined) {
      throw new CommandError('session-not-found', `${local}@${domain} is not connected as “${resource}” any more.`);
    }
    // RFC 6120 §4.9.3.14: a local policy ended the stream; the client may connect again.
    session.end('policy-violation', 'An administrator ended this session.');
    await record(this.#audit, by, 'session.end', session.jid.full, { address: session.client.address });
  }
}

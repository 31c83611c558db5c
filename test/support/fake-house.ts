import type { House, HouseCounters, HouseHost, HouseSession, HouseSessions } from '../../server/commands/house.ts';
import { parseJid } from '../../server/xmpp/jid.ts';

/** A connected client that only notes how it was ended. */
export class FakeSession implements HouseSession {
  readonly jid;
  readonly connectedAt = 1_700_000_000_000;
  client = {
    address: '192.0.2.7',
    tls: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    mechanism: 'SCRAM-SHA-256-PLUS',
    transport: 'tls',
  };
  presence: HouseSession['presence'] = { show: '', status: '', priority: 0 };
  resumable = false;
  ended: { condition: string; text: string } | undefined;
  readonly #gone: () => void;

  constructor(jid: string, gone: () => void) {
    this.jid = parseJid(jid);
    this.#gone = gone;
  }

  end(condition: string, text: string): void {
    this.ended = { condition, text };
    this.#gone();
  }
}

type Watcher = Parameters<HouseHost['events']['add']>[0];

class FakeHost implements HouseHost {
  readonly list: FakeSession[] = [];
  readonly removed: string[] = [];
  readonly rooms = undefined;
  readonly ask = async () => undefined;
  readonly watchers: Watcher[] = [];
  readonly sessions: HouseSessions;
  readonly events: HouseHost['events'] = {
    add: (watcher) => void this.watchers.push(watcher),
    emit: (name, { account }) => {
      if (name === 'removed') this.removed.push(account.local);
    },
  };

  constructor() {
    const { list } = this;
    this.sessions = {
      get count() {
        return list.length;
      },
      get accounts() {
        return new Set(list.map((one) => one.jid.bare)).size;
      },
      all: () => list,
      of: (bare) => list.filter((one) => one.jid.bare === bare),
    };
  }
}

/** The served domains without XMPP: sessions come and go as a test says. */
export class FakeHouse implements House {
  readonly counters: { -readonly [Name in keyof HouseCounters]: number } = {
    messages: 0,
    presences: 0,
    iqs: 0,
    delivered: 0,
    bounced: 0,
    logins: 0,
    loginFailures: 0,
  };
  readonly #hosts = new Map<string, FakeHost>();

  constructor(domains: readonly string[]) {
    for (const domain of domains) this.add(domain);
  }

  get(domain: string): FakeHost | undefined {
    return this.#hosts.get(domain);
  }

  domains(): string[] {
    return [...this.#hosts.keys()];
  }

  taken(domain: string): boolean {
    return this.#hosts.has(domain);
  }

  clash(): undefined {}

  add(domain: string): FakeHost {
    const host = new FakeHost();
    this.#hosts.set(domain, host);
    return host;
  }

  async remove(domain: string): Promise<void> {
    this.#hosts.delete(domain);
  }

  /** A client of this full address connects. */
  connect(full: string): FakeSession {
    const host = this.#hosts.get(parseJid(full).domain)!;
    const session = new FakeSession(full, () => {
      host.list.splice(host.list.indexOf(session), 1);
      for (const watcher of host.watchers) watcher.ended({ session });
    });
    host.list.push(session);
    for (const watcher of host.watchers) watcher.bound({ session });
    return session;
  }
}

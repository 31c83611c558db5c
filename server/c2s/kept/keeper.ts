// XEP-0198 1.6.3
import { setImmediate as turn } from 'node:timers/promises';
import type { Host } from '../../host/host.ts';
import type { Hosts } from '../../host/hosts.ts';
import type { House } from '../../host/house.ts';
import type { Keeping } from '../../host/keeping.ts';
import { type ClientInfo, Session } from '../../host/session.ts';
import type { KeptSession } from '../../storage/stores/kept-sessions.ts';
import type { Json } from '../../storage/stores/settings.ts';
import { makeJid } from '../../xmpp/jid.ts';
import { ClientOutlet } from '../client-outlet.ts';
import type { Counted } from '../management.ts';
import type { Resumptions } from '../resumptions.ts';
import { type KeptSent, StanzaReader, StanzaWriter } from './stanzas.ts';

/** A server that was away for so long, in ms, waits for nobody: what its clients missed goes where it goes without them. */
const TOO_LONG = 60 * 60_000;
/** Sessions that are written or read before others get their turn. */
const AT_ONCE = 50;

/** What is written of one session. */
interface State extends Counted {
  readonly local: string;
  readonly domain: string;
  readonly key: string;
  readonly connectedAt: number;
  readonly client: ClientInfo;
  /** XML. */
  readonly available?: string;
  readonly unshown?: string;
  readonly flags: Pick<Session, 'invisible' | 'unseen' | 'priority' | 'interested' | 'carbons'>;
  readonly unacked: readonly KeptSent[];
  /** What parts of the house remember of it, by their names. */
  readonly notes: Readonly<Record<string, Json>>;
}

/** A session that goes on, what the parts of the house remember of it. */
interface Leaving {
  readonly host: Host;
  readonly session: Session;
  readonly notes: Readonly<Record<string, Json>>;
}

export interface KeeperOptions {
  readonly house: House;
  readonly hosts: Hosts;
  readonly resumptions: Resumptions;
}

/**
 * Takes sessions over a restart of the server: those that their clients may take up again (XEP-0198 §5). To everybody else they
 * were there all the time. When the server stops: `gather`, then the hosts close, then `write`; when it starts: `restore`.
 */
export class SessionKeeper {
  readonly #house: House;
  readonly #hosts: Hosts;
  readonly #resumptions: Resumptions;
  #leaving: readonly Leaving[] = [];

  constructor({ house, hosts, resumptions }: KeeperOptions) {
    this.#house = house;
    this.#hosts = hosts;
    this.#resumptions = resumptions;
  }

  /** Finds out who goes on; gives their full addresses. No client is connected any more. */
  gather(): ReadonlySet<string> {
    const services = this.#services();
    this.#leaving = [...this.#hosts].flatMap((host) => {
      const parts = new Map([...modulesOf(host), ...services]);
      return [...host.sessions.all()]
        .filter(({ outlet }) => outlet instanceof ClientOutlet && outlet.resumable && !outlet.over)
        .map((session) => ({ host, session, notes: notesOf(session, parts) }));
    });
    return new Set(this.#leaving.map(({ session }) => session.jid.full));
  }

  /** Writes them down, with what came for them until now. Resolves when that is on disk; throws StorageError. */
  async write(now = Date.now()): Promise<void> {
    const stanzas = new StanzaWriter();
    const rows: KeptSession[] = [];
    for (const { host, session, notes } of this.#leaving) {
      const outlet = session.outlet as ClientOutlet;
      const frozen = outlet.over ? undefined : outlet.freeze();
      if (frozen === undefined || outlet.over) continue; // too much waited for it
      const { available, unshown, invisible, unseen, priority, interested, carbons } = session;
      const { key, acked, handled, unacked } = frozen;
      const state: State = {
        local: session.jid.local,
        domain: host.domain,
        key,
        acked,
        handled,
        connectedAt: session.connectedAt,
        client: session.client,
        ...(available !== undefined && { available: available.text }),
        ...(unshown !== undefined && { unshown: unshown.text }),
        flags: { invisible, unseen, priority, interested, carbons },
        unacked: unacked.map((sent) => stanzas.sent(sent)),
        notes,
      };
      rows.push({
        account: session.account.id,
        resource: session.jid.resource,
        keptAt: now,
        state: JSON.stringify(state),
      });
      if (rows.length % AT_ONCE === 0) await turn();
    }
    await this.#house.stores.keptSessions.put(rows);
    this.#leaving = [];
    this.#resumptions.close();
  }

  /** They are there again, before anybody can come in. What is damaged is left out, and told in the log. */
  async restore(now = Date.now()): Promise<void> {
    const { stores, log, parse } = this.#house;
    const reader = new StanzaReader(parse);
    const back: { readonly host: Host; readonly session: Session; readonly notes: State['notes'] }[] = [];
    const late: ClientOutlet[] = [];
    let n = 0;
    for await (const row of stores.keptSessions.all()) {
      try {
        const state = JSON.parse(row.state) as State;
        const host = this.#hosts.get(state.domain);
        const session = host && (await this.#thaw(host, row, state, reader));
        if (session === undefined) stores.keptSessions.remove(row.account, row.resource);
        else {
          back.push({ host: host!, session, notes: state.notes });
          if (now - row.keptAt > TOO_LONG) late.push(session.outlet as ClientOutlet);
        }
      } catch (error) {
        log.error({ err: error, account: row.account }, 'a session of before the restart cannot be read');
        stores.keptSessions.remove(row.account, row.resource);
      }
      if (++n % AT_ONCE === 0) await turn();
    }
    const services = this.#services();
    const parts = new Map([...this.#hosts].map((host) => [host, new Map([...modulesOf(host), ...services])]));
    for (const { host, session, notes } of back) await this.#remind(session, notes, parts.get(host)!);
    for (const { host, session } of back) host.events.emit('survived', { session });
    for (const outlet of late) outlet.finish();
    if (back.length > 0) log.info({ sessions: back.length - late.length, late: late.length }, 'sessions go on');
  }

  /** Undefined when its account is not what it was. */
  async #thaw(host: Host, row: KeptSession, state: State, reader: StanzaReader): Promise<Session | undefined> {
    const { accounts, keptSessions } = this.#house.stores;
    const account = await accounts.find(state.domain, state.local);
    if (account?.id !== row.account || account.status !== 'active') return undefined;
    const unacked = state.unacked.map((sent) => reader.sent(sent));
    const outlet = new ClientOutlet(host, this.#resumptions);
    const jid = makeJid(account.local, account.domain, row.resource);
    const session = new Session(jid, account, state.client, outlet, state.connectedAt);
    Object.assign(session, state.flags);
    if (state.available !== undefined) session.available = reader.alone(state.available);
    if (state.unshown !== undefined) session.unshown = reader.alone(state.unshown);
    outlet.session = session;
    outlet.thaw({ key: state.key, acked: state.acked, handled: state.handled, unacked });
    this.#resumptions.whenSettled(outlet, () => keptSessions.remove(row.account, row.resource));
    host.sessions.add(session);
    return session;
  }

  async #remind(session: Session, notes: State['notes'], parts: ReadonlyMap<string, Keeping>): Promise<void> {
    for (const [name, kept] of Object.entries(notes)) {
      try {
        await parts.get(name)?.back(session, kept);
      } catch (error) {
        this.#house.log.error(
          { err: error, part: name },
          'what was known of a session before the restart cannot be read',
        );
      }
    }
  }

  /** Of all domains: who is of one may be in the rooms of another. */
  #services(): [string, Keeping][] {
    return [...this.#hosts].flatMap(({ components }) =>
      [...components].flatMap(([domain, { keeps }]): [string, Keeping][] =>
        keeps === undefined ? [] : [[domain, keeps]],
      ),
    );
  }
}

function modulesOf({ house, wirings }: Host): [string, Keeping][] {
  return wirings.flatMap(({ keeps }, at): [string, Keeping][] =>
    keeps === undefined ? [] : [[house.modules[at]!.name, keeps]],
  );
}

function notesOf(session: Session, parts: ReadonlyMap<string, Keeping>): Record<string, Json> {
  const notes: Record<string, Json> = {};
  for (const [name, part] of parts) {
    const note = part.of(session);
    if (note !== undefined) notes[name] = note;
  }
  return notes;
}

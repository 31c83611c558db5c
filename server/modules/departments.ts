import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { covers } from '../host/blocklist.ts';
import { changesBetween, together, usualSight, versionText } from '../host/contacts.ts';
import type { Host } from '../host/host.ts';
import type { Module } from '../host/module.ts';
import { itemElement, writtenPush } from '../host/rosters.ts';
import type { Session } from '../host/session.ts';
import { goodbye } from '../host/showing.ts';
import type { Sight, View } from '../host/sight.ts';
import type { Account } from '../storage/stores/accounts.ts';
import type { Roster, RosterItem } from '../storage/stores/rosters.ts';
import { serialize } from '../xmpp/element.ts';
import { makeJid } from '../xmpp/jid.ts';
import type { Stanza } from '../xmpp/stanza.ts';

/** What is done in one turn of the event loop: stanzas sent, and as many contacts looked at as take as long. */
const AT_ONCE = 300;
/** Contacts that are looked at while one stanza is sent. */
const LOOKS = 10;
/** Contacts that one person is told of before others of the same departments are. */
const LAP = 100;
/** People whom somebody sees all at once of whom they are sent more than presence. Of more, their clients ask. */
const FEW = 50;
/** Characters that a client has not taken yet and is to take before it gets more; ms between two looks, and how many looks. */
const UNTAKEN = 250_000;
const LOOK = 100;
const PATIENCE = 50;

/**
 * Whoever is here learns at once what the departments have become: by roster pushes (RFC 6121 §2.1.6), and presence comes and goes
 * with them. What they are is decided by administrators; what follows from it is `host/contacts.ts`'s.
 */
export const departments: Module = {
  name: 'departments',
  rfc: [6121, '§2.1.6'],
  options: [usualSight],
  start(host) {
    const round = new Round(host);
    const unwatch = host.house.stores.departments.watch((domain) => {
      if (domain === host.domain) round.wake();
    });
    return {
      on: {
        decided({ option }) {
          if (option.key !== usualSight.key) return;
          host.contacts.decided();
          round.wake();
        },
      },
      async stop() {
        unwatch();
        await round.stop();
      },
    };
  },
};

/** People who have the same contacts by the rule, before and now: what is new is found, and written, once for all of them. */
interface Group {
  readonly people: readonly Account[];
  readonly before: View | undefined;
  readonly after: View | undefined;
  /** Addresses that look different. */
  readonly changed: readonly string[];
}

/** Goes round among those who are here, from what they were told to what holds now, until that is the same. */
class Round {
  readonly #host: Host;
  #stopped = false;
  #going: Promise<void> | undefined;
  /** How much more may be done in this turn. */
  #left = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  wake(): void {
    this.#going ??= this.#go()
      .catch((error: unknown) => {
        const { log } = this.#host.house;
        log.error({ err: error, host: this.#host.domain }, 'not everybody was told of changes of departments');
      })
      .finally(() => {
        this.#going = undefined;
      });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#going;
  }

  async #go(): Promise<void> {
    const { contacts } = this.#host;
    await this.#turn(); // what is decided in one turn is told at once
    while (!this.#stopped && contacts.sight !== contacts.told) {
      const [before, after] = [contacts.told, contacts.sight];
      for (const people of this.#alike(before, after)) {
        if (this.#stopped) return;
        await this.#tell(people, before, after);
      }
      contacts.tell(after);
    }
  }

  /** Others have their turn. */
  async #turn(): Promise<void> {
    this.#left = AT_ONCE;
    await turn();
  }

  /** Everybody who is here, by what their departments were and are: one view after the other, of many not all at a time. */
  #alike(before: Sight, after: Sight): Iterable<readonly Account[]> {
    const here = new Map([...this.#host.sessions.all()].map(({ account }) => [account.id, account]));
    const signature = ({ map }: Sight, local: string): string => map.people.get(local)?.signature ?? '';
    return Map.groupBy(here.values(), ({ local }) => `${signature(before, local)} ${signature(after, local)}`).values();
  }

  /**
   * First the pushes, as clients know presence of contacts only. Each person gets some, then the next one, so that their clients
   * can keep up: a session for which too much waits would end.
   */
  async #tell(people: readonly Account[], from: Sight, to: Sight): Promise<void> {
    const { local } = people[0]!;
    const [before, after] = [from.viewOf(local), to.viewOf(local)];
    const group = { people, before, after, changed: [...changesBetween(before, after)] };
    this.#left -= ((before?.items.size ?? 0) + (after?.items.size ?? 0)) / LOOKS;
    if (group.changed.length === 0) return;
    this.#host.contacts.remember(after);
    let patience = PATIENCE;
    for (const step of [this.#push, this.#show]) {
      for (let at = 0; at < group.changed.length; at += LAP) {
        // Who takes nothing at all is not waited for: what becomes of that session is its outlet's business.
        for (; patience > 0 && people.some((one) => this.#isBusy(one)); patience--) {
          if (this.#stopped) return;
          await pause(LOOK, undefined, { ref: false });
        }
        await step.call(this, group, at);
      }
    }
  }

  #isBusy({ local, domain }: Account): boolean {
    const sessions = this.#host.sessions.of(`${local}@${domain}`);
    return sessions.some(({ outlet }) => outlet.away !== true && (outlet.backlog ?? 0) > UNTAKEN);
  }

  /** One lap of pushes. Only with the last one a client has what the new version stands for: who is lost before is told all again. */
  async #push({ people, before, after, changed }: Group, at: number): Promise<void> {
    const lap = changed.slice(at, at + LAP);
    const written = new Map<string, string>();
    for (const account of people) {
      const self = `${account.local}@${account.domain}`;
      if (!this.#host.sessions.of(self).some(({ interested }) => interested)) continue;
      const own = await this.#host.house.stores.rosters.all(account.id);
      const last = changed.findLast((jid) => jid !== self && isListed(own, jid, before, after));
      for (const jid of lap) {
        if (this.#stopped) return;
        if (this.#left <= 0) await this.#turn();
        this.#left -= 1 / LOOKS;
        if (jid === self || !isListed(own, jid, before, after)) continue;
        const mine = own.items.get(jid);
        const text = (mine === undefined ? written.get(jid) : undefined) ?? itemText(jid, mine, after);
        if (mine === undefined) written.set(jid, text);
        const version = versionText(own.version, jid === last ? after : before);
        const push = writtenPush(this.#host, account, version, text);
        for (const session of this.#host.sessions.of(self)) {
          if (!session.interested) continue;
          session.deliver(push.for(session.jid));
          this.#left--;
        }
      }
    }
  }

  /** One lap of those who come into sight, or go out of it. Of who is away there is nothing to be said. */
  async #show({ people, before, after, changed }: Group, at: number): Promise<void> {
    const { sessions, events, house } = this.#host;
    const here = changed.slice(at, at + LAP).filter((jid) => sessions.of(jid).length > 0);
    const goodbyes = new WeakMap<Session, Stanza>();
    for (const account of people) {
      const viewer = makeJid(account.local, account.domain);
      if (!sessions.of(viewer.bare).some(({ listens }) => listens)) continue;
      const own = await house.stores.rosters.all(account.id);
      for (const jid of here) {
        if (this.#stopped) return;
        if (this.#left <= 0) await this.#turn();
        this.#left -= 1 / LOOKS;
        const visible = sees(own, jid, after);
        if (jid === viewer.bare || visible === sees(own, jid, before)) continue;
        const [session] = sessions.of(jid);
        // Of somebody who is here it was read when they came.
        const blocked = session && house.stores.blocking.list(session.account.id);
        if (session === undefined || blocked instanceof Promise || covers(blocked!, viewer)) continue;
        if (changed.length <= FEW) {
          events.emit(visible ? 'shown' : 'hidden', { account: session.account, contact: viewer.bare });
          this.#left--;
          continue;
        }
        for (const one of sessions.of(jid)) {
          if (one.available === undefined) continue;
          let stanza: Stanza = one.available;
          if (!visible) {
            stanza = goodbyes.get(one) ?? goodbye(one);
            goodbyes.set(one, stanza);
          }
          this.#host.send(stanza.for(viewer));
          this.#left--;
        }
      }
    }
  }
}

/** Whether a contact is shown in somebody's list, before or now. */
function isListed(own: Roster, jid: string, before: View | undefined, after: View | undefined): boolean {
  const shown = (one: Roster | View | undefined): boolean => one?.items.get(jid)?.listed === true;
  return shown(after) || shown(before) || shown(own);
}

function itemText(jid: string, mine: RosterItem | undefined, after: View | undefined): string {
  const item = together(mine, after?.items.get(jid));
  return serialize(itemElement(jid, item?.listed ? item : undefined));
}

/** Whether somebody sees a contact, by the rule or by their own doing. */
function sees(own: Roster, jid: string, view: View | undefined): boolean {
  const to = ({ subscription }: RosterItem): boolean => subscription === 'to' || subscription === 'both';
  const [ruled, mine] = [view?.items.get(jid), own.items.get(jid)];
  return (ruled !== undefined && to(ruled)) || (mine !== undefined && to(mine));
}

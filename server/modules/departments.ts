import { setImmediate as turn } from 'node:timers/promises';
import { covers } from '../host/blocklist.ts';
import { changesBetween, together, usualSight, versionText } from '../host/contacts.ts';
import type { Host } from '../host/host.ts';
import type { Module } from '../host/module.ts';
import { itemElement, rosterPush } from '../host/rosters.ts';
import { hidePresence, showPresence } from '../host/showing.ts';
import type { Sight, View } from '../host/sight.ts';
import type { Account } from '../storage/stores/accounts.ts';
import type { RosterItem } from '../storage/stores/rosters.ts';
import { makeJid, parseJid } from '../xmpp/jid.ts';

/** Milliseconds of work after which others have their turn. */
const SLICE_MS = 10;
/** People whom somebody sees all at once of whom they are sent more than presence. Of more, their clients ask. */
const FEW = 50;

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

/** Goes round among those who are here, from what they were told to what holds now, until that is the same. */
class Round {
  readonly #host: Host;
  #stopped = false;
  #going: Promise<void> | undefined;

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
    const { contacts, sessions } = this.#host;
    await turn(); // what is decided in one turn is told at once
    while (!this.#stopped && contacts.sight !== contacts.told) {
      const step = new Step(this.#host, contacts.told, contacts.sight);
      const here = new Map([...sessions.all()].map(({ account }) => [account.id, account]));
      let since = performance.now();
      for (const account of here.values()) {
        if (this.#stopped) return;
        for (const _ of await step.tell(account)) {
          if (performance.now() - since < SLICE_MS) continue;
          await turn();
          since = performance.now();
        }
      }
      contacts.tell(step.after);
    }
  }
}

/** From one rule to the next. */
class Step {
  readonly after: Sight;
  readonly #host: Host;
  readonly #before: Sight;
  /** Addresses that look different, by the two views between which they do. */
  readonly #changes = new Map<View | undefined, Map<View | undefined, readonly string[]>>();

  constructor(host: Host, before: Sight, after: Sight) {
    this.#host = host;
    this.#before = before;
    this.after = after;
  }

  /** Gives what tells one person, change by change. */
  async tell(account: Account): Promise<Iterable<void>> {
    const [before, after] = [this.#before.viewOf(account.local), this.after.viewOf(account.local)];
    const self = `${account.local}@${account.domain}`;
    const changed = this.#between(before, after);
    if (changed.length === 0 || (changed.length === 1 && changed[0] === self)) return [];
    const own = await this.#host.house.stores.rosters.all(account.id);
    const news: News[] = [];
    for (const jid of changed) {
      const mine = own.items.get(jid);
      const [was, is] = [together(mine, before?.items.get(jid)), together(mine, after?.items.get(jid))];
      if (jid !== self) news.push({ jid, was, is });
    }
    this.#host.contacts.remember(after);
    return this.#each(account, news, versionText(own.version, before), versionText(own.version, after));
  }

  #between(before: View | undefined, after: View | undefined): readonly string[] {
    const known = this.#changes.get(before) ?? new Map<View | undefined, readonly string[]>();
    this.#changes.set(before, known);
    const found = known.get(after) ?? [...changesBetween(before, after)];
    known.set(after, found);
    return found;
  }

  /**
   * First the pushes, as clients know presence of contacts only. Only with the last one the client has what the new version stands
   * for: one that is lost half-way is told all of it again.
   */
  *#each(account: Account, news: readonly News[], old: string, version: string): Generator<void> {
    const { sessions } = this.#host;
    const self = makeJid(account.local, account.domain);
    const shown = news.filter(({ was, is }) => was?.listed || is?.listed);
    for (const [at, { jid, is }] of shown.entries()) {
      const interested = sessions.of(self.bare).filter((session) => session.interested);
      if (interested.length === 0) break;
      const ver = at === shown.length - 1 ? version : old;
      const push = rosterPush(this.#host, account, ver, itemElement(jid, is?.listed ? is : undefined));
      for (const session of interested) session.deliver(push.for(session.jid));
      yield;
    }
    const few = news.length <= FEW;
    for (const { jid, was, is } of news) {
      if (sees(was) !== sees(is)) this.#presence(jid, self.bare, sees(is), few);
      yield;
    }
  }

  /** Somebody comes into sight, or goes out of it. Of who is away there is nothing to be said. */
  #presence(jid: string, viewer: string, visible: boolean, few: boolean): void {
    const host = this.#host;
    const [session] = host.sessions.of(jid);
    if (session === undefined) return;
    const { account } = session;
    const contact = parseJid(viewer);
    const blocked = host.house.stores.blocking.list(account.id);
    // Of somebody who is here it was read when they came.
    if (blocked instanceof Promise || covers(blocked, contact)) return;
    if (few) host.events.emit(visible ? 'shown' : 'hidden', { account, contact: viewer });
    else (visible ? showPresence : hidePresence)(host, parseJid(jid), contact);
  }
}

/** How one contact of somebody stood, and stands. */
interface News {
  readonly jid: string;
  readonly was: RosterItem | undefined;
  readonly is: RosterItem | undefined;
}

const sees = (item: RosterItem | undefined): boolean => item?.subscription === 'to' || item?.subscription === 'both';

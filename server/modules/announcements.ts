import { setImmediate as turn } from 'node:timers/promises';
import type { Host } from '../host/host.ts';
import { Ledger } from '../host/ledger.ts';
import type { Module } from '../host/module.ts';
import type { Session } from '../host/session.ts';
import type { Statement } from '../storage/database.ts';
import type { Announcement, Motd } from '../storage/stores/announcements.ts';
import { el } from '../xmpp/element.ts';
import { makeJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

/** People told before the loop is let go and the store waited for. */
const SLICE = 50;
const AGAIN_MS = 30_000;

/**
 * What the office tells everybody, from the domain's own address, which reads no answers and says so (XEP-0506 §4). It is
 * told like any message: archived, kept for who is away. The message of the day is told to each account once.
 */
export const announcements: Module = {
  name: 'announcements',
  xep: [506, '0.1.0'],
  start(host) {
    const round = new Round(host);
    return {
      features: [NS.noReply],
      on: { listening: ({ session, initial }) => (initial ? greet(host, session) : undefined) },
      stop: () => round.stop(),
    };
  },
};

/** Gives one person a text, with what is to be written in the same breath. False when they cannot take it. */
async function tell(host: Host, local: string, text: string, id: string, mark: Statement, failed: () => void) {
  // For clients that know only the older way to say that there is nobody to answer (XEP-0033 §4.6.6).
  const silent = el('addresses', { xmlns: NS.addresses }, el('address', { type: 'noreply' }));
  const element = el('message', { type: 'normal', id }, el('body', {}, text), silent);
  const ledger = new Ledger();
  ledger.statements.push(mark);
  ledger.failed.push(failed);
  try {
    await host.post(new Stanza(element, host.jid, makeJid(local, host.domain)), ledger);
    return true;
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error;
    return false; // there is no more room for them, say
  }
}

/** Somebody is here: the message of the day, if they have not seen it. Nothing but a look when there is none. */
function greet(host: Host, session: Session): undefined | Promise<void> {
  if (session.priority < 0) return undefined;
  const motd = host.house.stores.announcements.motd(host.domain);
  if (motd instanceof Promise) return motd.then((loaded) => show(host, session, loaded));
  return motd === undefined || motd.text === '' ? undefined : show(host, session, motd);
}

async function show(host: Host, { account }: Session, motd: Motd | undefined): Promise<void> {
  if (motd === undefined || motd.text === '' || (motd.until !== null && motd.until < Date.now())) return;
  const { announcements: store } = host.house.stores;
  // One device after the other, so that two that come at once do not both bring it.
  await host.changes.run(account.id, async () => {
    if ((await store.seen(account.id)) >= motd.version) return;
    const id = `motd-${motd.version}`;
    await tell(host, account.local, motd.text, id, store.see(account.id, motd.version), () => undefined);
  });
}

/** Goes round with one announcement after the other, and goes on where it stopped when the server starts again. */
class Round {
  readonly #host: Host;
  #stopped = false;
  #failed = false;
  /** Something may be there to be told. */
  #news = false;
  #under = false;
  #going: Promise<void> | undefined;
  #again: NodeJS.Timeout | undefined;

  constructor(host: Host) {
    this.#host = host;
    host.house.stores.announcements.watch(host.domain, () => this.#wake());
    this.#wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#again);
    this.#host.house.stores.announcements.unwatch(this.#host.domain);
    await this.#going;
  }

  #wake(): void {
    this.#news = true;
    if (!this.#under) this.#going = this.#go();
  }

  async #go(): Promise<void> {
    const { stores, log } = this.#host.house;
    this.#under = true;
    try {
      while (this.#news) {
        await turn();
        if (this.#stopped) return;
        this.#news = false;
        const one = await stores.announcements.next(this.#host.domain);
        if (one === undefined) continue; // and done, unless there was news while the store was asked
        this.#news = true;
        await (one.audience === 'all' ? this.#tellAll(one) : this.#tellOnline(one));
        if (this.#stopped) return;
        await stores.announcements.finish(one.id);
      }
    } catch (error) {
      if (this.#stopped) return;
      log.warn({ err: error, host: this.#host.domain }, 'an announcement stopped on its way; it will go on');
      this.#again = setTimeout(() => this.#wake(), AGAIN_MS).unref();
    } finally {
      this.#under = false;
    }
  }

  async #tellAll(one: Announcement): Promise<void> {
    const { announcements: store } = this.#host.house.stores;
    let after = one.reached;
    for (;;) {
      const people = await store.people(one, after, SLICE);
      await this.#readAhead(people);
      await this.#tellSlice(one, people);
      const last = people.at(-1);
      if (last === undefined || people.length < SLICE || this.#stopped) return;
      after = last.local;
    }
  }

  /** Those who are here now. After a restart that is nobody, so what was cut short then stays so. */
  async #tellOnline(one: Announcement): Promise<void> {
    const here = new Set<string>();
    const { departments } = this.#host.house.stores;
    const meant = one.department === 0 ? undefined : departments.members(one.domain, one.department);
    for (const session of this.#host.sessions.all()) {
      const { local } = session.jid;
      if (session.listens && session.priority >= 0 && local > one.reached && meant?.has(local) !== false)
        here.add(local);
    }
    const people = [...here].sort().map((local) => ({ local }));
    for (let at = 0; at < people.length && !this.#stopped; at += SLICE) {
      await this.#tellSlice(one, people.slice(at, at + SLICE));
    }
  }

  /** One after the other, since the mark of the last one is where it would go on. Throws when one could not be stored. */
  async #tellSlice(one: Announcement, people: readonly { readonly local: string }[]): Promise<void> {
    const { stores, db } = this.#host.house;
    const { announcements: store } = stores;
    this.#failed = false;
    const failed = (): void => {
      this.#failed = true;
    };
    for (const { local } of people) {
      if (this.#stopped || this.#failed) break;
      const mark = store.reached(one.id, local, 1);
      if (!(await tell(this.#host, local, one.text, `announcement-${one.id}`, mark, failed))) {
        db.queue([store.reached(one.id, local, 0)], failed);
      }
    }
    await db.durable();
    if (this.#failed) throw new Error('an announcement could not be stored');
    await turn();
  }

  /** What the walk will ask the store for, asked for all at once. */
  async #readAhead(people: readonly { readonly id: number; readonly local: string }[]): Promise<void> {
    const { accounts, archives, blocking, offline } = this.#host.house.stores;
    await Promise.all(
      people.flatMap(({ id, local }) => [
        accounts.at(`${local}@${this.#host.domain}`),
        archives.preferences(id),
        blocking.list(id),
        offline.count(id),
      ]),
    );
  }
}

import type { Announcements, Audience } from '../storage/stores/announcements.ts';
import type { Audit } from '../storage/stores/audit.ts';
import type { Department } from '../storage/stores/department-map.ts';
import type { Departments } from '../storage/stores/departments.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { type Actor, record } from './actor.ts';
import { CommandError } from './command-error.ts';
import type { House } from './house.ts';

/** One announcement, as shown to administrators. Times are ms since 1970. */
export interface AnnouncementView {
  readonly id: number;
  readonly domain: string;
  readonly text: string;
  readonly audience: Audience;
  /** What the department is called, or was, that it was for; '' for everybody. */
  readonly department: string;
  readonly actor: string;
  readonly createdAt: number;
  readonly given: number;
  readonly finished: boolean;
}

export interface MotdView {
  readonly domain: string;
  /** '' for none. */
  readonly text: string;
  readonly setAt: number | null;
  /** The last moment at which it is given to anybody, null for none. */
  readonly until: number | null;
}

const LONGEST = 5_000;
const UNDER_WAY = 20;
const SHOWN = 50;

/** A text for everybody: trimmed, with line ends as they are written today. Throws CommandError. */
export function checkAnnouncement(input: string): string {
  const text = input.normalize('NFC').replaceAll(/\r\n?/g, '\n').trim();
  if (text === '') throw new CommandError('invalid', 'What shall be told?', 'text');
  if (text.length > LONGEST) throw new CommandError('invalid', `At most ${LONGEST} characters, please.`, 'text');
  if (/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/u.test(text.replaceAll(/[\n\t]/g, ''))) {
    throw new CommandError('invalid', 'It holds characters that cannot be shown.', 'text');
  }
  return text;
}

/** Whom an announcement is for. */
export interface AudienceWish {
  readonly audience: Audience;
  /** All domains without it. */
  readonly domain?: string;
  /** The number of a department, whose people alone are told. */
  readonly department?: number;
}

/** What administrators tell everybody (XEP-0133 §4.23 to §4.26). */
export class AnnouncementCommands {
  readonly #store: Announcements;
  readonly #audit: Audit;
  readonly #house: House;
  readonly #departments: Pick<Departments, 'get' | 'members'>;
  readonly #now: () => number;

  constructor(
    store: Announcements,
    audit: Audit,
    house: House,
    departments: Pick<Departments, 'get' | 'members'>,
    now: () => number = Date.now,
  ) {
    this.#departments = departments;
    this.#store = store;
    this.#audit = audit;
    this.#house = house;
    this.#now = now;
  }

  /**
   * Tells the people of a department, of a domain, or of all; those who are away find it when they come, unless it is for those `online` only.
   * Stored when it resolves; it is told in the background. Throws CommandError.
   */
  async announce(by: Actor, wish: AudienceWish & { readonly text: string }): Promise<{ readonly domains: string[] }> {
    const text = checkAnnouncement(wish.text);
    const department = wish.department === undefined ? undefined : this.#department(wish.department);
    const domains = this.#domains(department?.domain ?? wish.domain);
    for (const domain of domains) {
      if ((await this.#store.underWay(domain)) >= UNDER_WAY) {
        throw new CommandError(
          'too-many',
          `${UNDER_WAY} announcements are on their way already. Please wait a little.`,
        );
      }
    }
    if ((await this.reach(wish)).people === 0) {
      throw wish.audience === 'online'
        ? new CommandError('invalid', 'Nobody would be told: none of them is online.', 'audience')
        : new CommandError('invalid', 'Nobody would be told: nobody is in it yet.', 'audience');
    }
    for (const domain of domains) {
      const { audience } = wish;
      const to = department && { department };
      await this.#store.add({ domain, text, audience, actor: by.name, createdAt: this.#now(), ...to });
      await record(this.#audit, by, 'announcement.send', domain, {
        audience,
        text: text.slice(0, 500),
        ...(department !== undefined && { department: department.name }),
      });
    }
    return { domains };
  }

  /** How many people would be told now: it cannot be taken back. Throws CommandError. */
  async reach({ audience, ...wish }: AudienceWish): Promise<{ readonly people: number }> {
    const department = wish.department === undefined ? undefined : this.#department(wish.department);
    const domains = this.#domains(department?.domain ?? wish.domain);
    const counts = domains.map((domain) =>
      audience === 'online'
        ? this.#online(domain, department).size
        : this.#store.countPeople({ domain, department: department?.id ?? 0 }),
    );
    return { people: (await Promise.all(counts)).reduce((sum, one) => sum + one, 0) };
  }

  /** The last ones, the newest first, those under way before those that are finished. */
  async list(domain?: string): Promise<AnnouncementView[]> {
    const lists = await Promise.all(this.#domains(domain).map((one) => this.#store.list(one, SHOWN)));
    return lists.flat().map(({ reached: _, departmentName, ...view }) => ({ ...view, department: departmentName }));
  }

  async motd(domain?: string): Promise<MotdView[]> {
    return Promise.all(
      this.#domains(domain).map(async (one) => {
        const motd = await this.#store.motd(one);
        const there = motd !== undefined && motd.text !== '';
        return {
          domain: one,
          text: motd?.text ?? '',
          setAt: there ? motd.setAt : null,
          until: there ? motd.until : null,
        };
      }),
    );
  }

  /**
   * Sets the message of the day, which each person is given once at the next login. With `edit` it takes the place of the one
   * there was, who has seen that is not bothered again, and it ends when that did unless something else is said. Throws CommandError.
   */
  async setMotd(
    by: Actor,
    wish: { readonly text: string; readonly domain?: string; readonly edit?: boolean; readonly until?: number | null },
  ): Promise<MotdView[]> {
    const text = checkAnnouncement(wish.text);
    const now = this.#now();
    if (typeof wish.until === 'number' && wish.until <= now)
      throw new CommandError('invalid', 'This day is over.', 'until');
    for (const domain of this.#domains(wish.domain)) {
      const before = await this.#store.motd(domain);
      const over = before === undefined || before.text === '' || (before.until !== null && before.until <= now);
      const again = wish.edit !== true || over;
      const until = wish.until === undefined && !again ? before.until : (wish.until ?? null);
      await this.#store.setMotd(domain, text, again, now, until);
      await record(this.#audit, by, again ? 'motd.set' : 'motd.edit', domain, {
        text: text.slice(0, 500),
        ...(until !== null && { until: new Date(until).toISOString() }),
      });
    }
    return this.motd(wish.domain);
  }

  /** Takes it away. Doing so twice changes nothing. */
  async clearMotd(by: Actor, domain?: string): Promise<void> {
    for (const one of this.#domains(domain)) {
      const before = await this.#store.motd(one);
      if (before === undefined || before.text === '') continue;
      await this.#store.setMotd(one, '', false, this.#now());
      await record(this.#audit, by, 'motd.clear', one);
    }
  }

  /** Forgets what was told in a domain that is not served any more. */
  async forget(domain: string): Promise<void> {
    await this.#store.forget(domain);
  }

  /** Whose devices are there and take messages. */
  #online(domain: string, department: Department | undefined): Set<string> {
    const meant = department && this.#departments.members(domain, department.id);
    const here = new Set<string>();
    for (const { jid, presence } of this.#house.get(domain)?.sessions.all() ?? []) {
      const { local } = jid;
      if (presence !== undefined && presence.priority >= 0 && meant?.has(local) !== false) here.add(local);
    }
    return here;
  }

  #department(id: number): Department {
    const found = this.#departments.get(id);
    if (found !== undefined) return found;
    throw new CommandError('department-not-found', 'There is no such department (any more).', 'department');
  }

  #domains(input: string | undefined): string[] {
    if (input === undefined) return [...this.#house.domains()];
    const domain = tryParseJid(input)?.bare;
    if (domain === undefined || this.#house.get(domain) === undefined) {
      throw new CommandError('domain-not-found', `The domain ${input} is not served here.`);
    }
    return [domain];
  }
}

import { createHash } from 'node:crypto';
import { type Found, fingerprint, type Survey } from '../../moving/survey.ts';
import type { Report } from '../../moving/tally.ts';
import type { Stores } from '../../storage/stores/index.ts';
import { CommandError } from '../command-error.ts';
import { isLeaving } from '../domain-removal.ts';
import { checkPassword } from '../passwords.ts';

/**
 * `make`: an account with the password of before; `link`: one with a link to choose a password; `there`: somebody has the address,
 * and is left as they are; `wrong`: it cannot be.
 */
export type MoveWhat = 'make' | 'link' | 'there' | 'wrong';

/** What is done with one person. */
export interface MovedRow {
  readonly position: number;
  readonly jid: string;
  readonly name: string;
  readonly what: MoveWhat;
  /** Why it is a link, or wrong; '' else. */
  readonly why: string;
  readonly report: Report;
}

export interface PlannedPerson extends MovedRow {
  readonly found: Found;
  /** The password in the clear, where it is used; '' else. */
  readonly password: string;
}

export interface MovePlan {
  readonly rows: readonly PlannedPerson[];
  readonly counts: Readonly<Record<MoveWhat, number>>;
  /** Of what the files say, to know them again. */
  readonly files: string;
  /** Of what would be done, to be held against what somebody was shown. */
  readonly digest: string;
  /** The import that was cut short and would go on. */
  readonly continues: number | null;
}

/** Says of everybody what would be done; changes nothing. */
export async function planMove(survey: Survey, stores: Stores): Promise<MovePlan> {
  const files = fingerprint(survey);
  const before = await stores.peopleImports.unfinished(files);
  const rows: PlannedPerson[] = [];
  const seen = new Set<string>();
  for (const found of survey.people) {
    const jid = `${found.local}@${found.domain}`;
    rows.push(await planOne(found, jid, seen.has(jid), before?.id, stores));
    seen.add(jid);
  }
  const counts: Record<MoveWhat, number> = { make: 0, link: 0, there: 0, wrong: 0 };
  const hash = createHash('sha256').update(files);
  for (const { what, jid } of rows) {
    counts[what]++;
    hash.update(`${what} ${jid}\n`);
  }
  return { rows, counts, files, digest: hash.digest('base64url'), continues: before?.id ?? null };
}

async function planOne(
  found: Found,
  jid: string,
  twice: boolean,
  before: number | undefined,
  stores: Stores,
): Promise<PlannedPerson> {
  const { position, name, report, domain, local } = found;
  const row = { position, jid, name, report, found, password: '' };
  const wrong = (why: string): PlannedPerson => ({ ...row, what: 'wrong', why });
  if (!found.sound) return wrong('The name has characters that an address cannot have.');
  if (twice) return wrong('The same address stands in the files twice.');
  if (await isLeaving(stores.settings, domain)) return wrong('The domain is being removed.');
  const account = await stores.accounts.find(domain, local);
  if (account !== undefined) {
    const item = before === undefined ? undefined : await stores.peopleImports.item(before, position);
    if (item?.account !== account.id)
      return { ...row, what: 'there', why: 'There is somebody with this address already.' };
  } else if ((await stores.invitations.reserving(domain, local)) !== undefined) {
    return wrong('Somebody is invited with this address already.');
  }
  return { ...row, ...way(found) };
}

/** How somebody gets in: a password in the clear makes better keys than those that another server has made of it. */
function way({ password, keys, local, domain }: Found): Pick<PlannedPerson, 'what' | 'why' | 'password'> {
  const by = { what: 'link', why: 'The files have no password.', password: '' } as const;
  if (password !== '') {
    try {
      checkPassword(password, { domain, local });
      return { what: 'make', why: '', password };
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      if (keys.length === 0) return { ...by, why: error.message };
    }
  }
  return keys.length > 0 ? { what: 'make', why: '', password: '' } : by;
}

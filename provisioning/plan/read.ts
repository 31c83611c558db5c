import { createHash } from 'node:crypto';
import { parseTable } from '../../server/config/boot-file.ts';
import { ConfigError } from '../../server/config/config-error.ts';
import { domain, oneOf, type Reader, Refusal, text } from '../../server/config/values.ts';
import type { Placed, Plan, PlannedAdmin, PlannedPerson, PlannedSetting } from './plan.ts';
import { Entry, entries, section } from './tables.ts';

/** Characters of a provisioning file. */
export const LONGEST_PLAN = 1_048_576;

const yesOrNo: Reader<boolean> = (value) => {
  if (typeof value === 'boolean') return value;
  throw new Refusal('must be true or false');
};

const line: Reader<string> = (value) => (value === '' ? '' : text(value));

const listOf =
  <T>(read: Reader<T>): Reader<T[]> =>
  (value) => {
    if (!Array.isArray(value)) throw new Refusal('must be a list, as ["one", "another"]');
    return value.map(read);
  };

const anything: Reader<PlannedSetting['value']> = (value) => {
  if (typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'bigint' && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  if (Array.isArray(value)) return listOf(text)(value);
  throw new Refusal('must be true or false, a whole number, text in quotes, or a list of texts');
};

/** The form in which the store has it, too. */
const scryptHash: Reader<string> = (value) => {
  const hash = text(value);
  const [, N = '', r = '', p = ''] =
    /^scrypt\$N=(\d+),r=(\d+),p=(\d+)\$[A-Za-z0-9_-]{22,}\$[A-Za-z0-9_-]{43}$/.exec(hash) ?? [];
  const cost = Number(N) * Number(r);
  const fits =
    Number.isInteger(Math.log2(Number(N))) && cost >= 2 ** 17 && cost <= 2 ** 21 && Number(p) >= 1 && Number(p) <= 16;
  if (fits) return hash;
  throw new Refusal('is no hash of a password as scrypt$N=32768,r=8,p=3$salt$hash');
};

/** Refuses what only looks like a way to give a password. */
function noPassword(entry: Entry): void {
  if (!entry.has('password')) return;
  throw new ConfigError(
    'a password does not stand in this file: write it into a file of its own and name that as password_file',
    entry.place('password'),
  );
}

/** The first that is there twice. Throws ConfigError. */
function once<T extends Placed>(all: readonly T[], name: (one: T) => string): readonly T[] {
  const seen = new Set<string>();
  for (const one of all) {
    if (seen.has(name(one))) throw new ConfigError(`${name(one)} is there twice`, one.at);
    seen.add(name(one));
  }
  return all;
}

function readAdmin(entry: Entry): PlannedAdmin {
  noPassword(entry);
  entry.only(['name', 'password_file', 'password_hash']);
  const passwordFile = entry.may('password_file', text);
  const passwordHash = entry.may('password_hash', scryptHash);
  if ((passwordFile === undefined) === (passwordHash === undefined)) {
    throw new ConfigError('needs either password_file or password_hash', entry.place());
  }
  const name = entry.need('name', text).normalize('NFKC').trim().toLowerCase();
  return {
    at: entry.place('name'),
    name,
    ...(passwordFile !== undefined && { passwordFile }),
    ...(passwordHash !== undefined && { passwordHash }),
  };
}

function readPerson(entry: Entry): PlannedPerson {
  noPassword(entry);
  entry.only(['address', 'name', 'password_file']);
  const address = entry.need('address', text);
  if (!/^[^@/]+@[^@/]+$/.test(address))
    throw new ConfigError('must be an address such as anna@example.com', entry.place('address'));
  const passwordFile = entry.may('password_file', text);
  return {
    at: entry.place('address'),
    address,
    name: entry.may('name', line) ?? '',
    ...(passwordFile !== undefined && { passwordFile }),
  };
}

function readRoom(entry: Entry): Plan['rooms'][number] {
  entry.only(['domain', 'name', 'owner', 'title', 'description', 'public', 'members_only', 'moderated']);
  return {
    at: entry.place('name'),
    domain: entry.need('domain', domain),
    name: entry.need('name', text),
    owner: entry.need('owner', text),
    title: entry.may('title', line) ?? '',
    description: entry.may('description', line) ?? '',
    public: entry.may('public', yesOrNo) ?? true,
    membersOnly: entry.may('members_only', yesOrNo) ?? false,
    moderated: entry.may('moderated', yesOrNo) ?? false,
  };
}

function readSetting(entry: Entry): PlannedSetting {
  entry.only(['key', 'value', 'domain']);
  const forDomain = entry.may('domain', domain);
  return {
    at: entry.place('value'),
    key: entry.need('key', text),
    value: entry.need('value', anything),
    ...(forDomain !== undefined && { domain: forDomain }),
  };
}

function readFederation(entry: Entry): NonNullable<Plan['federation']> {
  entry.only(['default', 'allow', 'deny']);
  const standard = entry.may('default', oneOf(['closed', 'ask', 'open'] as const));
  const allow = entry.may('allow', listOf(text)) ?? [];
  const deny = entry.may('deny', listOf(text)) ?? [];
  const both = allow.find((one) => deny.includes(one));
  if (both !== undefined) throw new ConfigError(`${both} is both allowed and denied`, entry.place('deny'));
  return { at: entry.place(), ...(standard !== undefined && { default: standard }), allow, deny };
}

const SECTIONS = ['administrators', 'people', 'rooms', 'settings', 'federation'];

/** Reads a provisioning file as a whole. `name` is what it is called in an error. Throws ConfigError, which names line and key. */
export function readPlan(name: string, source: string): Plan {
  if (source.length > LONGEST_PLAN) throw new ConfigError('is larger than 1 MB', { file: name });
  const table = parseTable(name, source);
  const root = new Entry(name, source, '', undefined, table);
  root.only(['domains', ...SECTIONS]);
  const all = (key: string): Entry[] => entries(name, source, key, table[key]);
  const federation = section(name, source, 'federation', table.federation);
  return {
    hash: createHash('sha256').update(source).digest('hex'),
    domains: once(
      (root.may('domains', listOf(domain)) ?? []).map((one) => ({ at: root.place('domains'), name: one })),
      (one) => one.name,
    ),
    administrators: once(all('administrators').map(readAdmin), (one) => one.name),
    people: once(all('people').map(readPerson), (one) => one.address.toLowerCase()),
    rooms: once(all('rooms').map(readRoom), (one) => `${one.name}@${one.domain}`),
    settings: once(all('settings').map(readSetting), (one) => [one.key, one.domain].filter(Boolean).join(' of ')),
    ...(federation && { federation: readFederation(federation) }),
  };
}

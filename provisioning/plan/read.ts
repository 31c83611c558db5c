import { createHash } from 'node:crypto';
import { parseTable } from '../../server/config/boot-file.ts';
import { ConfigError } from '../../server/config/config-error.ts';
import { domain, oneOf, text } from '../../server/config/values.ts';
import {
  PLANNED_CHALLENGES,
  PLANNED_ROLES,
  PLANNED_SIGHTS,
  type Placed,
  type Plan,
  type PlannedAcme,
  type PlannedAdmin,
  type PlannedCertificate,
  type PlannedPerson,
  type PlannedSetting,
} from './plan.ts';
import { anything, line, lines, listOf, scryptHash, size, yesOrNo } from './readers.ts';
import { Entry, entries, section } from './tables.ts';

/** Characters of a provisioning file. */
export const LONGEST_PLAN = 1_048_576;

/** The keys that each section has; `domains` stands above them all. */
export const PLAN_KEYS = {
  administrators: ['name', 'role', 'password_file', 'password_hash'],
  departments: ['domain', 'name', 'description', 'rooms', 'outside'],
  sights: ['domain', 'department', 'other', 'relation'],
  people: ['address', 'name', 'password_file', 'departments', 'files'],
  rooms: ['domain', 'name', 'owner', 'title', 'description', 'public', 'members_only', 'moderated', 'members'],
  settings: ['key', 'value', 'value_file', 'domain'],
  certificates: ['domain', 'chain_file', 'key_file', 'pkcs12_file', 'passphrase_file'],
  acme: ['domains', 'terms_accepted', 'email', 'directory', 'authority_file', 'challenge', 'hook'],
  messages_of_the_day: ['text', 'domain'],
  federation: ['default', 'outside', 'allow', 'deny'],
} as const;

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

/** Those that are there, under names of ours. */
function given<Name extends string>(values: Readonly<Record<Name, string | undefined>>): { [name in Name]?: string } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [name in Name]?: string;
  };
}

function readAdmin(entry: Entry): PlannedAdmin {
  noPassword(entry);
  entry.only(PLAN_KEYS.administrators);
  const passwordFile = entry.may('password_file', text);
  const passwordHash = entry.may('password_hash', scryptHash);
  if ((passwordFile === undefined) === (passwordHash === undefined)) {
    throw new ConfigError('needs either password_file or password_hash', entry.place());
  }
  const name = entry.need('name', text).normalize('NFKC').trim().toLowerCase();
  const role = entry.may('role', oneOf(PLANNED_ROLES)) ?? 'owner';
  return { at: entry.place('name'), name, role, ...given({ passwordFile, passwordHash }) };
}

function readDepartment(entry: Entry): Plan['departments'][number] {
  entry.only(PLAN_KEYS.departments);
  return {
    at: entry.place('name'),
    domain: entry.need('domain', domain),
    name: entry.need('name', text),
    description: entry.may('description', line) ?? '',
    rooms: entry.may('rooms', listOf(text)) ?? [],
    outside: entry.may('outside', yesOrNo) ?? false,
  };
}

function readSight(entry: Entry): Plan['sights'][number] {
  entry.only(PLAN_KEYS.sights);
  return {
    at: entry.place('relation'),
    domain: entry.need('domain', domain),
    department: entry.need('department', text),
    other: entry.need('other', text),
    relation: entry.need('relation', oneOf(PLANNED_SIGHTS)),
  };
}

function readPerson(entry: Entry): PlannedPerson {
  noPassword(entry);
  entry.only(PLAN_KEYS.people);
  const address = entry.need('address', text);
  if (!/^[^@/]+@[^@/]+$/.test(address))
    throw new ConfigError('must be an address such as anna@example.com', entry.place('address'));
  const files = entry.may('files', size);
  return {
    at: entry.place('address'),
    address,
    name: entry.may('name', line) ?? '',
    departments: entry.may('departments', listOf(text)) ?? [],
    ...(files !== undefined && { files }),
    ...given({ passwordFile: entry.may('password_file', text) }),
  };
}

function readRoom(entry: Entry): Plan['rooms'][number] {
  entry.only(PLAN_KEYS.rooms);
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
    members: entry.may('members', listOf(text)) ?? [],
  };
}

function readSetting(entry: Entry): PlannedSetting {
  entry.only(PLAN_KEYS.settings);
  const value = entry.may('value', anything);
  const valueFile = entry.may('value_file', text);
  if ((value === undefined) === (valueFile === undefined)) {
    throw new ConfigError('needs either value or value_file', entry.place());
  }
  return {
    at: entry.place(valueFile === undefined ? 'value' : 'value_file'),
    key: entry.need('key', text),
    ...(value !== undefined && { value }),
    ...given({ valueFile, domain: entry.may('domain', domain) }),
  };
}

function readCertificate(entry: Entry): PlannedCertificate {
  entry.only(PLAN_KEYS.certificates);
  const chainFile = entry.may('chain_file', text);
  const keyFile = entry.may('key_file', text);
  const pkcs12File = entry.may('pkcs12_file', text);
  if ((chainFile === undefined) === (pkcs12File === undefined) || (keyFile !== undefined && chainFile === undefined)) {
    throw new ConfigError('needs either chain_file with its key_file, or pkcs12_file', entry.place());
  }
  const passphraseFile = entry.may('passphrase_file', text);
  return {
    at: entry.place(chainFile === undefined ? 'pkcs12_file' : 'chain_file'),
    domain: entry.need('domain', domain),
    ...given({ chainFile, keyFile, pkcs12File, passphraseFile }),
  };
}

function readAcme(entry: Entry): PlannedAcme {
  entry.only(PLAN_KEYS.acme);
  if (!entry.need('terms_accepted', yesOrNo)) {
    const text = 'must be true: the authority gives certificates only to who accepts its terms';
    throw new ConfigError(text, entry.place('terms_accepted'));
  }
  const domains = entry.need('domains', listOf(domain));
  if (domains.length === 0) throw new ConfigError('names no domain', entry.place('domains'));
  const challenge = entry.may('challenge', oneOf(PLANNED_CHALLENGES)) ?? 'http';
  const hook = entry.may('hook', text) ?? '';
  if (challenge === 'http' && hook !== '') {
    throw new ConfigError('is for challenge = "dns" only', entry.place('hook'));
  }
  return {
    at: entry.place('domains'),
    domains,
    email: entry.may('email', text) ?? '',
    challenge,
    hook,
    ...given({ directory: entry.may('directory', text), authorityFile: entry.may('authority_file', text) }),
    where: (key) => entry.place(entry.has(key) ? key : undefined),
  };
}

/** What is got by itself is not brought. Throws ConfigError. */
function apart(acme: PlannedAcme | undefined, certificates: readonly PlannedCertificate[]): void {
  const both = certificates.find((one) => acme?.domains.includes(one.domain));
  if (both !== undefined) throw new ConfigError(`${both.domain} has one by [acme] already`, both.at);
}

function readMessage(entry: Entry): Plan['messages'][number] {
  entry.only(PLAN_KEYS.messages_of_the_day);
  return {
    at: entry.place('text'),
    text: entry.need('text', lines),
    ...given({ domain: entry.may('domain', domain) }),
  };
}

function readFederation(entry: Entry): NonNullable<Plan['federation']> {
  entry.only(PLAN_KEYS.federation);
  const standard = entry.may('default', oneOf(['closed', 'ask', 'open'] as const));
  const outside = entry.may('outside', oneOf(['everyone', 'chosen'] as const));
  const allow = entry.may('allow', listOf(text)) ?? [];
  const deny = entry.may('deny', listOf(text)) ?? [];
  const both = allow.find((one) => deny.includes(one));
  if (both !== undefined) throw new ConfigError(`${both} is both allowed and denied`, entry.place('deny'));
  return {
    at: entry.place(),
    ...(standard !== undefined && { default: standard }),
    ...(outside !== undefined && { outside }),
    allow,
    deny,
  };
}

/** Reads a provisioning file as a whole. `name` is what it is called in an error. Throws ConfigError, which names line and key. */
export function readPlan(name: string, source: string): Plan {
  if (source.length > LONGEST_PLAN) throw new ConfigError('is larger than 1 MB', { file: name });
  const table = parseTable(name, source);
  const root = new Entry(name, source, '', undefined, table);
  root.only(['domains', ...Object.keys(PLAN_KEYS)]);
  const all = <T extends Placed>(
    key: keyof typeof PLAN_KEYS,
    read: (entry: Entry) => T,
    called: (one: T) => string,
  ): readonly T[] => once(entries(name, source, key, table[key]).map(read), called);
  const certificates = all('certificates', readCertificate, (one) => `the certificate of ${one.domain}`);
  const wanted = section(name, source, 'acme', table.acme);
  const acme = wanted && readAcme(wanted);
  apart(acme, certificates);
  const federation = section(name, source, 'federation', table.federation);
  return {
    hash: createHash('sha256').update(source).digest('hex'),
    domains: (root.may('domains', listOf(domain)) ?? []).map((one) => ({ at: root.place('domains'), name: one })),
    administrators: all('administrators', readAdmin, (one) => one.name),
    departments: all('departments', readDepartment, (one) => `${one.name.toLowerCase()} of ${one.domain}`),
    sights: all('sights', readSight, ({ domain: where, department, other }) => {
      return `${[department, other].sort().join(' and ').toLowerCase()} of ${where}`;
    }),
    people: all('people', readPerson, (one) => one.address.toLowerCase()),
    rooms: all('rooms', readRoom, (one) => `${one.name}@${one.domain}`),
    settings: all('settings', readSetting, (one) => [one.key, one.domain].filter(Boolean).join(' of ')),
    certificates,
    ...(acme && { acme }),
    messages: all(
      'messages_of_the_day',
      readMessage,
      (one) => `the message of the day of ${one.domain ?? 'all domains'}`,
    ),
    ...(federation && { federation: readFederation(federation) }),
  };
}

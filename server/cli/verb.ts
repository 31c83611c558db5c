import type { Terminal } from './ask.ts';
import type { Client } from './client.ts';
import { usage } from './failure.ts';

/** Every option there is; each verb names those it takes. An option means the same wherever it is taken. */
export const OPTIONS = {
  config: { type: 'string', value: 'FILE', help: 'the boot file of the server' },
  data: { type: 'string', value: 'DIR', help: 'the data folder of the server' },
  json: { type: 'boolean', help: 'print the server’s reply as JSON' },
  help: { type: 'boolean', short: 'h', help: 'say how it is used' },
  domain: { type: 'string', value: 'DOMAIN', help: 'which domain, where there are several' },
  name: { type: 'string', value: 'NAME', help: 'what the person is called' },
  'password-stdin': { type: 'boolean', help: 'read the password from standard input' },
  generate: { type: 'boolean', help: 'have a password made, and print it once' },
  search: { type: 'string', value: 'TEXT', help: 'part of the address or of the name' },
  status: { type: 'string', value: 'STATUS', help: 'active, disabled, online, leaving, never or full' },
  role: { type: 'string', value: 'ROLE', help: 'chat-admin: who may administer from chat' },
  sort: { type: 'string', value: 'ORDER', help: 'by address, name, seen or created' },
  reverse: { type: 'boolean', help: 'the other way round' },
  now: { type: 'boolean', help: 'at once, without a while in which it can be taken back' },
  leave: { type: 'boolean', help: 'out of it' },
  'dry-run': { type: 'boolean', help: 'only say what would be done' },
  passwords: { type: 'string', value: 'HOW', help: 'generate, file (those of the file), or invite (links instead)' },
  existing: { type: 'string', value: 'HOW', help: 'who is there already: refuse, skip or update' },
  'make-departments': { type: 'boolean', help: 'make departments that there are not' },
  'leave-out': { type: 'boolean', help: 'leave out what has errors' },
  rename: {
    type: 'string',
    multiple: true,
    value: 'OLD=NEW',
    help: 'a domain that is called otherwise here; may be given several times',
  },
  out: { type: 'string', value: 'FILE', help: 'where to write what is handed over' },
  after: { type: 'string', value: 'NAME', help: 'go on after this one' },
  before: { type: 'string', value: 'ID', help: 'what came before this number' },
  limit: { type: 'string', value: 'COUNT', help: 'how many at most (1 to 200)' },
  reason: { type: 'string', value: 'TEXT', help: 'why: for other administrators, or for those whom it concerns' },
  admin: {
    type: 'string',
    multiple: true,
    value: 'URI',
    help: 'who runs it; may be given several times, as those below',
  },
  abuse: { type: 'string', multiple: true, value: 'URI', help: 'whom to tell of abuse' },
  support: { type: 'string', multiple: true, value: 'URI', help: 'who helps' },
  security: { type: 'string', multiple: true, value: 'URI', help: 'whom to tell of weaknesses' },
  feedback: { type: 'string', multiple: true, value: 'URI', help: 'who wants to hear opinions' },
  sales: { type: 'string', multiple: true, value: 'URI', help: 'who sells' },
  'status-page': { type: 'string', multiple: true, value: 'URI', help: 'where it says whether all is well' },
  days: { type: 'string', value: 'COUNT', help: 'how long it is good for (1 to 90)' },
  uses: { type: 'string', value: 'COUNT', help: 'how many people may use it (1 to 500; else 1)' },
  contact: { type: 'string', value: 'JID', help: 'whose contact the newcomer becomes' },
  clear: { type: 'boolean', help: 'take all away first' },
  online: { type: 'boolean', help: 'only those who are online now' },
  owner: { type: 'string', value: 'JID', help: 'whose room it is' },
  title: { type: 'string', value: 'TEXT', help: 'what the room is called' },
  description: { type: 'string', value: 'TEXT', help: 'what the room is for' },
  departments: {
    type: 'string',
    multiple: true,
    value: 'NAME',
    help: 'they are put into it; may be given several times',
  },
  hidden: { type: 'boolean', help: 'only those who know its address find it' },
  'members-only': { type: 'boolean', help: 'only members come in' },
  moderated: { type: 'boolean', help: 'only members may speak, until others are let' },
  alternate: { type: 'string', value: 'ROOM', help: 'where people go instead' },
  person: { type: 'string', value: 'JID', help: 'whose files' },
  room: { type: 'string', value: 'ROOM', help: 'what was shown to this room' },
  order: { type: 'string', value: 'ORDER', help: 'newest, oldest or largest first' },
  'older-than': {
    type: 'string',
    value: 'DAY',
    help: 'from before this day, as 2026-01-31; pictures of profiles stay',
  },
  for: { type: 'string', value: 'SERVER', help: 'text to paste into bind, unbound, dnsmasq or windows' },
  edit: { type: 'boolean', help: 'in the place of the one there is; who has seen that is not bothered again' },
  until: { type: 'string', value: 'DAY', help: 'the last day on which it holds, as 2026-01-31' },
  tls: { type: 'string', value: 'VERSION', help: 'the least that will do: 1.2 or 1.3' },
  proof: { type: 'string', value: 'HOW', help: 'certificate, or dialback where that will do, too' },
  address: { type: 'string', value: 'HOST:PORT', help: 'where to connect to, in the place of what the DNS says' },
  authority: { type: 'string', value: 'FILE', help: 'certificates (PEM) of an authority that speaks for them' },
  private: { type: 'string', value: 'YESNO', help: 'whether servers may be in private networks: yes or no' },
  strangers: { type: 'boolean', help: 'also those that somebody only claimed to be' },
  by: { type: 'string', value: 'NAME', help: 'what this one did' },
  action: { type: 'string', value: 'WHAT', help: 'only this, as account.create' },
  subject: { type: 'string', value: 'TEXT', help: 'what was done to whom or what has this in its name' },
  from: { type: 'string', value: 'DAY', help: 'from this day on, as 2026-01-31' },
  to: { type: 'string', value: 'DAY', help: 'up to this day, as 2026-01-31' },
  seal: { type: 'string', value: 'SEAL', help: 'a seal that was noted before' },
  replace: { type: 'boolean', help: 'put the house that is there aside' },
  'key-file': { type: 'string', value: 'FILE', help: 'the file that holds the recovery key; else it is asked for' },
  hostname: { type: 'string', value: 'NAME', help: 'the name of this machine from now on' },
  department: { type: 'string', value: 'NAME', help: 'which department of the domain' },
  with: { type: 'string', value: 'JID', help: 'with whom it was exchanged' },
  remove: { type: 'boolean', help: 'what was kept so far goes now' },
  chain: { type: 'string', value: 'FILE', help: 'certificate and chain (PEM); the key may be in the same file' },
  key: { type: 'string', value: 'FILE', help: 'private key (PEM)' },
  p12: { type: 'string', value: 'FILE', help: 'a file .p12 or .pfx with all of it' },
  'passphrase-stdin': { type: 'boolean', help: 'read the passphrase of key or file from standard input' },
  check: { type: 'boolean', help: 'only look whether it would do' },
  rsa: { type: 'boolean', help: 'an RSA key, for those who sign no other' },
  drop: { type: 'boolean', help: 'forget it' },
  wait: { type: 'boolean', help: 'wait until it is done' },
  directory: { type: 'string', value: 'URL', help: 'where the authority’s ACME directory is' },
  email: { type: 'string', value: 'ADDRESS', help: 'whom the authority may write to' },
  agree: { type: 'boolean', help: 'agree to the authority’s terms' },
  challenge: { type: 'string', value: 'HOW', help: 'http-01 or dns-01' },
  hook: {
    type: 'string',
    value: 'NAME',
    help: 'the script that makes TXT records, in the folder hooks beside the boot file',
  },
  names: { type: 'string', value: 'NAMES', help: 'for which names, with commas between them' },
  level: { type: 'string', value: 'LEVEL', help: 'error, warn, info, debug or trace: this and graver' },
  follow: { type: 'boolean', help: 'go on with what is logged from now on, until it is interrupted' },
  yes: { type: 'boolean', help: 'do not ask' },
} as const;

export type OptionName = keyof typeof OPTIONS;
export type Given = {
  readonly [Name in OptionName]?: (typeof OPTIONS)[Name] extends { readonly multiple: true }
    ? string[]
    : (typeof OPTIONS)[Name]['type'] extends 'string'
      ? string
      : boolean;
};

/** Taken by every verb. */
export const COMMON: readonly OptionName[] = ['config', 'data', 'json', 'help'];

export interface Context {
  readonly client: Client;
  readonly terminal: Terminal;
  readonly given: Given;
  /** Runs another program of the server's to its end, with this terminal as its own; gives its exit code. */
  program(name: 'restore' | 'rollback', args: readonly string[]): Promise<number>;
  /** The folder that relative paths start from. */
  readonly cwd: string;
  /** Prints the reply for people, or as it is for `--json`. */
  print(reply: unknown, text: string): void;
  /** Writes what is no reply, as it comes. */
  write(text: string): void;
}

/** One verb as data. */
export interface Verb {
  /** As `user add`. */
  readonly words: string;
  /** The arguments, as `JID`; those in brackets may be left out. */
  readonly args: readonly string[];
  readonly options: readonly OptionName[];
  readonly summary: string;
  run(context: Context, args: readonly string[]): Promise<void>;
}

/** `local@domain`. Throws Failure. */
export function account(jid: string): { local: string; domain: string } {
  const at = jid.indexOf('@');
  if (at < 1 || at === jid.length - 1 || jid.includes('/'))
    throw usage(`“${jid}” is not an address like anna@example.com.`);
  return { local: jid.slice(0, at), domain: jid.slice(at + 1) };
}

/** A whole number of an option. Throws Failure. */
export function whole(name: OptionName, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return number(text, `--${name} takes a whole number.`);
}

/** A whole number, as the ids of messages are. Throws Failure with `complaint`. */
export function number(text: string, complaint: string): number {
  const found = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(found)) throw usage(complaint);
  return found;
}

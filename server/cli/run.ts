import type { Readable, Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { Client } from './client.ts';
import { type ExitCode, Failure, usage } from './failure.ts';
import { help, helpFor } from './help.ts';
import { socketPath } from './locate.ts';
import { nearest } from './nearest.ts';
import { wholeNames } from './short-names.ts';
import { plainLines } from './text.ts';
import { COMMON, type Given, OPTIONS, type OptionName, type Verb } from './verb.ts';
import { admins } from './verbs/admins.ts';
import { announcements } from './verbs/announcements.ts';
import { archive } from './verbs/archive.ts';
import { archiveReading } from './verbs/archive-reading.ts';
import { audit } from './verbs/audit.ts';
import { backups } from './verbs/backups.ts';
import { certificates } from './verbs/certificates.ts';
import { components } from './verbs/components.ts';
import { contacts } from './verbs/contacts.ts';
import { departments } from './verbs/departments.ts';
import { devices } from './verbs/devices.ts';
import { dns } from './verbs/dns.ts';
import { doctor } from './verbs/doctor.ts';
import { domains } from './verbs/domains.ts';
import { federation } from './verbs/federation.ts';
import { federationPolicy } from './verbs/federation-policy.ts';
import { figures } from './verbs/figures.ts';
import { files } from './verbs/files.ts';
import { house } from './verbs/house.ts';
import { invitations } from './verbs/invitations.ts';
import { log } from './verbs/log.ts';
import { moves } from './verbs/moves.ts';
import { outage } from './verbs/outage.ts';
import { people } from './verbs/people.ts';
import { peopleImport } from './verbs/people-import.ts';
import { provision } from './verbs/provision.ts';
import { reports } from './verbs/reports.ts';
import { roomPeople } from './verbs/room-people.ts';
import { rooms } from './verbs/rooms.ts';
import { sessions } from './verbs/sessions.ts';
import { settings } from './verbs/settings.ts';
import { setup } from './verbs/setup.ts';
import { transfers } from './verbs/transfers.ts';
import { users } from './verbs/users.ts';

/** What a call has of the world. */
export interface World {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable;
  readonly cwd: string;
  /** Who calls, for the audit log. */
  readonly caller: string;
  /** Runs another program of the server's, as `server/restore.ts`, with this terminal as its own; gives its exit code. */
  readonly program?: (name: string, args: readonly string[]) => Promise<number>;
}

export const VERBS: readonly Verb[] = [
  ...house,
  ...admins,
  ...users,
  ...people,
  ...peopleImport,
  ...moves,
  ...invitations,
  ...sessions,
  ...devices,
  ...domains,
  ...dns,
  ...certificates,
  ...contacts,
  ...components,
  ...federationPolicy,
  ...federation,
  ...rooms,
  ...roomPeople,
  ...files,
  ...setup,
  ...transfers,
  ...announcements,
  ...archive,
  ...archiveReading,
  ...outage,
  ...settings,
  ...departments,
  ...provision,
  ...reports,
  ...audit,
  ...backups,
  ...doctor,
  ...figures,
  ...log,
];

function parse(argv: readonly string[]): { given: Given; words: string[] } {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
    return { given: values, words: positionals };
  } catch (error) {
    const message = (error as Error).message;
    const unknown = /Unknown option '--?([\w-]+)'/.exec(message)?.[1];
    if (unknown === undefined) throw usage(message);
    const near = nearest(unknown, Object.keys(OPTIONS));
    throw usage(`There is no option --${unknown}.${near === undefined ? '' : ` Did you mean --${near}?`}`);
  }
}

function find(words: readonly string[]): { verb: Verb; args: string[] } {
  for (const length of [2, 1]) {
    const verb = VERBS.find((one) => one.words === words.slice(0, length).join(' '));
    if (verb !== undefined) return { verb, args: words.slice(verb.words.split(' ').length) };
  }
  const [noun = '', second = ''] = words;
  const family = VERBS.filter((verb) => verb.words.startsWith(`${noun} `));
  const near =
    nearest(
      `${noun} ${second}`.trim(),
      VERBS.map((verb) => verb.words),
    ) ??
    nearest(
      noun,
      VERBS.map((verb) => verb.words),
    );
  if (near !== undefined) throw usage(`There is no verb “${`${noun} ${second}`.trim()}”. Did you mean “${near}”?`);
  if (family.length > 0) throw usage(`Say what to do: ${family.map((verb) => verb.words).join(', ')}.`);
  throw usage(`There is no verb “${noun}”. “hallwayctl --help” lists them.`);
}

function checkCall(verb: Verb, args: readonly string[], given: Given): void {
  const needed = verb.args.filter((arg) => !arg.startsWith('[')).length;
  // An ellipsis at the end: as many as there are, none too.
  const more = verb.args.at(-1)?.endsWith('…') === true;
  if (args.length < (more ? needed - 1 : needed) || (!more && args.length > verb.args.length)) {
    throw usage(`It is used so: hallwayctl ${[verb.words, ...verb.args].join(' ')}`);
  }
  for (const name of Object.keys(given) as OptionName[]) {
    if (!COMMON.includes(name) && !verb.options.includes(name)) throw usage(`“${verb.words}” does not take --${name}.`);
  }
}

/** One call of hallwayctl; returns its exit code. */
export async function run(argv: readonly string[], world: World): Promise<ExitCode> {
  const { stdin, stdout, stderr, cwd, caller } = world;
  let json = false;
  try {
    const { given, words } = parse(argv);
    json = given.json === true;
    if (words.length === 0 || words[0] === 'help') {
      const asked = given.help === true || words[0] === 'help';
      (asked ? stdout : stderr).write(help(VERBS));
      return asked ? 0 : 2;
    }
    const family = VERBS.filter((verb) => verb.words.startsWith(`${words[0]} `));
    if (given.help === true && words.length === 1 && family.length > 0) {
      const itself = VERBS.find((verb) => verb.words === words[0]);
      stdout.write(itself === undefined ? help(family) : helpFor(itself, family));
      return 0;
    }
    const { verb, args } = find(words);
    if (given.help) {
      stdout.write(helpFor(verb));
      return 0;
    }
    checkCall(verb, args, given);
    const client = new Client(socketPath({ config: given.config, data: given.data, cwd }), caller);
    // What the server says goes to root's terminal as text and no more; a file or another program gets it as it is.
    const write = (text: string) => void stdout.write(stdout.isTTY ? plainLines(text) : text);
    const print = (reply: unknown, text: string) => write(json ? `${JSON.stringify(reply)}\n` : text);
    const program = world.program ?? (() => Promise.reject(new Failure(3, 'This works at a terminal only.')));
    const named = Object.entries({ config: given.config, data: given.data, caller });
    const common = named.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
    const meant = await wholeNames(verb, args, given, client);
    await verb.run(
      {
        client,
        terminal: { stdin, stderr },
        given: meant.given,
        print,
        write,
        cwd,
        program: (name, rest) => program(name, [...common, ...rest]),
      },
      meant.args,
    );
    return 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (json && error.reply !== undefined) stdout.write(`${JSON.stringify(error.reply)}\n`);
    stderr.write(`hallwayctl: ${plainLines(error.message)}\n`);
    return error.exit;
  }
}

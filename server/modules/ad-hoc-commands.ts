import type { Actor } from '../commands/actor.ts';
import { CommandError } from '../commands/command-error.ts';
import type { Commands } from '../commands/index.ts';
import type { Field } from '../xmpp/data-form.ts';
import { dateTime } from '../xmpp/delay.ts';
import { type Jid, tryParseJid } from '../xmpp/jid.ts';

/** What a command is given: who asks, on which domain, and the submitted form. */
export interface Call {
  readonly commands: Commands;
  readonly domain: string;
  readonly actor: Actor;
  readonly values: ReadonlyMap<string, readonly string[]>;
}

export interface Outcome {
  readonly note: string;
  /** Fields of a result form. */
  readonly fields?: readonly Field[];
}

/** One command of XEP-0133 §4. */
export interface AdminCommand {
  readonly node: string;
  readonly name: string;
  /** What is asked; empty for commands that just answer. */
  readonly fields: readonly Field[];
  /** What is asked when that depends on what there is; in the place of `fields`. */
  ask?(call: Call): Promise<readonly Field[]>;
  run(call: Call): Promise<Outcome>;
}

export const ONE: Field = {
  name: 'accountjid',
  type: 'jid-single',
  label: 'The address of the person',
  required: true,
};
const SOME: Field = { name: 'accountjids', type: 'jid-multi', label: 'The addresses of the people', required: true };
const PASSWORD: Field = { name: 'password', type: 'text-private', label: 'The password', required: true };
const AGAIN: Field = { name: 'password-verify', type: 'text-private', label: 'The password again', required: true };
/** People that one command may concern, and that a list shows unless more is asked for. */
const AT_ONCE = 100;
const LENGTHS: readonly string[] = ['25', '50', '75', '100', '150', '200'];
/** §4.18: how long a list shall be. */
const MOST: Field = {
  name: 'max_items',
  type: 'list-single',
  label: 'How many to show at most',
  values: [String(AT_ONCE)],
  options: LENGTHS.map((length) => ({ label: length, value: length })),
};

export function value(call: Call, name: string): string {
  return call.values.get(name)?.[0] ?? '';
}

/** An address of this domain. Throws CommandError. */
function personOf(call: Call, text: string): Jid {
  const jid = tryParseJid(text);
  if (jid === undefined || jid.local === '' || jid.domain !== call.domain) {
    throw new CommandError('invalid', `${text === '' ? 'An empty address' : text} is no address on ${call.domain}.`);
  }
  return jid;
}

export const localOf = (call: Call, text: string): string => personOf(call, text).local;

/** Runs a deed for each of the people in the form, once, or for none when one of them is not there. */
async function each(call: Call, deed: (jid: Jid) => Promise<unknown>, done: string): Promise<Outcome> {
  const given = call.values.get('accountjids') ?? [];
  if (given.length === 0 || given.length > AT_ONCE)
    throw new CommandError('invalid', `Please name 1 to ${AT_ONCE} people.`);
  const jids = new Map(given.map((text) => personOf(call, text)).map((jid) => [jid.full, jid]));
  for (const { local } of jids.values()) await call.commands.accounts.get(call.domain, local);
  for (const jid of jids.values()) await deed(jid);
  return { note: `${done}: ${jids.size}` };
}

/** The same for deeds that are done to a person, not to a device. */
function eachPerson(call: Call, deed: (local: string) => Promise<unknown>, done: string): Promise<Outcome> {
  const people = (call.values.get('accountjids') ?? []).map((text) => tryParseJid(text)?.bare ?? text);
  const values = new Map([...call.values, ['accountjids', people]]);
  return each({ ...call, values }, ({ local }) => deed(local), done);
}

function checkTwice(call: Call): string {
  const password = value(call, 'password');
  if (password !== value(call, 'password-verify')) throw new CommandError('invalid', 'The two passwords differ.');
  return password;
}

function number(name: string, label: string, n: number): Outcome {
  return { note: `${label}: ${n}`, fields: [{ name, type: 'text-single', label, values: [String(n)] }] };
}

type Status = 'active' | 'disabled' | 'online' | undefined;

function counting(node: string, field: string, label: string, status: Status): AdminCommand {
  return {
    node,
    name: label,
    fields: [],
    async run({ commands, domain }) {
      const list = await commands.accounts.list(domain, { limit: 1, ...(status !== undefined && { status }) });
      return number(field, label, list.total);
    },
  };
}

function listing(node: string, field: string, label: string, status: Status): AdminCommand {
  return {
    node,
    name: label,
    fields: [],
    // §4.18: while they are few, it just answers.
    async ask({ commands, domain }) {
      const { total } = await commands.accounts.list(domain, { limit: 1, ...(status !== undefined && { status }) });
      return total > AT_ONCE ? [MOST] : [];
    },
    async run(call) {
      const { commands, domain } = call;
      const given = value(call, 'max_items');
      if (given !== '' && !LENGTHS.includes(given)) {
        throw new CommandError('invalid', `It shows ${LENGTHS.join(', ')} people, no other number.`);
      }
      const limit = given === '' ? AT_ONCE : Number(given);
      const list = await commands.accounts.list(domain, { limit, ...(status !== undefined && { status }) });
      const jids = list.accounts.map((account) => account.jid);
      const note = list.hasAfter ? `The first ${jids.length} of ${list.total}.` : `${jids.length} in all.`;
      return { note, fields: [{ name: field, type: 'jid-multi', label, values: jids }] };
    },
  };
}

export const USER_COMMANDS: readonly AdminCommand[] = [
  {
    node: 'add-user',
    name: 'Add a person',
    fields: [
      ONE,
      PASSWORD,
      AGAIN,
      { name: 'given_name', type: 'text-single', label: 'First name' },
      { name: 'surname', type: 'text-single', label: 'Family name' },
    ],
    async run(call) {
      const local = localOf(call, value(call, 'accountjid'));
      const password = checkTwice(call);
      const name = `${value(call, 'given_name')} ${value(call, 'surname')}`.trim();
      await call.commands.accounts.create(call.actor, call.domain, { local, password, name });
      return { note: `${local}@${call.domain} can log in now.` };
    },
  },
  {
    node: 'delete-user',
    name: 'Delete people',
    fields: [SOME],
    run: (call) =>
      eachPerson(
        call,
        (local) => call.commands.leaving.remove(call.actor, call.domain, local, `${local}@${call.domain}`),
        'Deleted',
      ),
  },
  {
    node: 'disable-user',
    name: 'Disable people',
    fields: [SOME],
    run: (call) =>
      eachPerson(call, (local) => call.commands.accounts.disable(call.actor, call.domain, local), 'Disabled'),
  },
  {
    node: 'reenable-user',
    name: 'Enable people again',
    fields: [SOME],
    run: (call) =>
      eachPerson(call, (local) => call.commands.accounts.enable(call.actor, call.domain, local), 'Enabled'),
  },
  {
    node: 'end-user-session',
    name: 'End the sessions of people',
    fields: [SOME],
    run: (call) => each(call, (jid) => endSessions(call, jid), 'Logged out'),
  },
  {
    node: 'change-user-password',
    name: 'Change a password',
    fields: [ONE, PASSWORD],
    async run(call) {
      const local = localOf(call, value(call, 'accountjid'));
      await call.commands.accounts.setPassword(call.actor, call.domain, local, { password: value(call, 'password') });
      return { note: `${local}@${call.domain} has a new password.` };
    },
  },
  {
    node: 'get-user-lastlogin',
    name: 'When somebody was last here',
    fields: [ONE],
    async run(call) {
      const { account, sessions } = await person(call);
      const last = sessions.length > 0 ? Date.now() : account.lastActivity;
      const text = last === null ? 'never' : dateTime(last);
      return { note: text, fields: [{ name: 'lastlogin', type: 'text-single', label: 'Last here', values: [text] }] };
    },
  },
  {
    node: 'user-stats',
    name: 'About a person',
    fields: [ONE],
    async run(call) {
      const { account, sessions, counts } = await person(call);
      return {
        note: account.jid,
        fields: [
          {
            name: 'ipaddresses',
            type: 'text-multi',
            label: 'IP addresses',
            values: sessions.map((session) => session.address),
          },
          { name: 'rostersize', type: 'text-single', label: 'Contacts', values: [String(counts.contacts)] },
          {
            name: 'onlineresources',
            type: 'text-multi',
            label: 'Devices that are online',
            values: sessions.map((session) => session.resource),
          },
        ],
      };
    },
  },
  counting('get-registered-users-num', 'registeredusersnum', 'How many people there are', undefined),
  counting('get-disabled-users-num', 'disabledusersnum', 'How many people are disabled', 'disabled'),
  counting('get-online-users-num', 'onlineusersnum', 'How many people are online', 'online'),
  listing('get-registered-users-list', 'registereduserjids', 'Who there is', undefined),
  listing('get-disabled-users-list', 'disableduserjids', 'Who is disabled', 'disabled'),
  listing('get-online-users-list', 'onlineuserjids', 'Who is online', 'online'),
];

function person(call: Call) {
  return call.commands.accounts.get(call.domain, localOf(call, value(call, 'accountjid')));
}

/** §4.5: all sessions of a bare address, or the one of a full address. */
async function endSessions({ commands, actor, domain }: Call, { local, resource }: Jid): Promise<void> {
  if (resource !== '') return commands.sessions.end(actor, domain, local, resource);
  const { sessions } = await commands.accounts.get(domain, local);
  for (const session of sessions) await commands.sessions.end(actor, domain, local, session.resource);
}

import type { AuditRow, Setting } from '../../server/http/contract/index.ts';
import { namesDepartment } from './activity.ts';
import { roleWords } from './components/administrators/words.ts';
import { groups } from './components/rooms/fields.ts';
import { affiliations } from './components/rooms/words.ts';
import { settingValue } from './components/settings/words.ts';
import { bytes, count, date, fullTime } from './format.ts';
import { t } from './language.ts';

type Value = AuditRow['detail'][string];
type Told = Pick<AuditRow, 'action' | 'detail'> & Partial<Pick<AuditRow, 'subject'>>;
type Settings = ReadonlyMap<string, Setting>;

/** What stands before a value; null: it is of use to programs only. */
const names: Readonly<Record<string, string | null>> = {
  'abuse-addresses': t('abuse:'),
  address: t('from'),
  'admin-addresses': t('administrators:'),
  administrators: t('administrators:'),
  alternate: t('instead:'),
  audience: t('for'),
  authority: t('with an authority of their own'),
  before: t('once it is kept again:'),
  bytes: t('size:'),
  challenge: t('proved by'),
  closed: t('connections:'),
  days: t('days:'),
  department: t('department:'),
  description: t('about it:'),
  device: t('number'),
  domains: t('domains:'),
  email: t('told to'),
  ended: t('browsers:'),
  'expected-hash': null,
  'expected-id': t('last known entry:'),
  export: t('number'),
  failure: t('because:'),
  'feedback-addresses': t('feedback:'),
  files: t('files:'),
  fingerprint: t('fingerprint:'),
  'found-hash': null,
  'found-id': t('last entry found:'),
  from: t('was'),
  further: t('further back'),
  generated: t('password made by the server'),
  good: t('result:'),
  hash: null,
  hook: t('by the script'),
  how: t('by'),
  import: t('import number'),
  invitation: t('number'),
  kept: t('kept:'),
  key: t('kind of key:'),
  leastTls: t('encryption:'),
  made: t('made at'),
  message: t('message:'),
  messages: t('messages:'),
  name: t('name:'),
  names: t('names:'),
  nick: t('as'),
  order: null,
  other: t('and'),
  outcome: t('result:'),
  outside: t('who talks with other servers:'),
  own: null,
  owner: t('owner:'),
  passkey: t('number'),
  password: t('password:'),
  people: t('people:'),
  privateAddresses: t('also servers in private networks'),
  proof: t('they show who they are'),
  pubsub: t('belongs with it:'),
  purpose: t('for'),
  reason: t('because:'),
  relation: t('now:'),
  removed: t('deleted:'),
  reporter: t('by'),
  role: t('role:'),
  rooms: t('rooms:'),
  rotated: t('in the place of another'),
  rows: t('entries:'),
  'sales-addresses': t('sales:'),
  'security-addresses': t('security:'),
  settings: t('settings:'),
  sha256: null,
  since: t('from'),
  space: t('room for files:'),
  'status-addresses': t('status page:'),
  'support-addresses': t('help:'),
  text: t('text:'),
  through: t('up to number'),
  to: t('is'),
  undone: t('takes back change'),
  until: t('until'),
  uses: t('people:'),
  value: t('now:'),
  who: t('whom:'),
  with: t('with'),
  words: t('words:'),
};

/** How a room is, as its page calls it. */
const ofRooms = new Map<string, string>(groups.flatMap(({ fields }) => fields.map(({ key, label }) => [key, label])));

const common: Readonly<Record<string, string>> = {
  on: t('yes'),
  off: t('no'),
  none: t('none'),
  '(none)': t('none'),
  changed: t('changed'),
  removed: t('removed'),
};
const forEver = { 'for ever': t('for ever') };

/** What the server's own words mean, by what they are said of. */
const values: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  audience: { all: t('everybody'), online: t('who is connected'), department: t('a department') },
  before: forEver,
  challenge: { 'http-01': t('a web address'), 'dns-01': t('a record in the DNS') },
  good: { true: t('it can be restored'), false: t('it can NOT be restored') },
  how: {
    claim: t('claiming this house'),
    code: t('a one-time code'),
    passkey: t('a passkey'),
    password: t('the password'),
    'password and code': t('the password and a code'),
    'password and passkey': t('the password and a passkey'),
  },
  key: { ec: t('elliptic curve'), rsa: 'RSA' },
  kept: { nothing: t('nothing'), 'no rule of its own': t('as everywhere'), ...forEver },
  leastTls: { 'TLSv1.2': t('TLS 1.2 or newer'), 'TLSv1.3': 'TLS 1.3' },
  outcome: { connected: t('connected'), failed: t('failed') },
  outside: { everyone: t('everybody'), chosen: t('who is chosen') },
  privateMessages: {
    anyone: t('everybody'),
    participants: t('whoever may speak'),
    moderators: t('moderators alone'),
    none: t('nobody'),
  },
  proof: { certificate: t('by certificate'), dialback: t('by dialback') },
  purpose: { account: t('an account'), contact: t('a contact'), both: t('an account and a contact') },
  relation: {
    usual: t('as usual'),
    mutual: t('both see each other'),
    sees: t('the first sees the second'),
    seen: t('the second sees the first'),
    hidden: t('neither sees the other'),
  },
  removed: { 'what was kept so far': t('what was kept so far') },
  space: { 'as everybody': t('as everybody') },
  value: { 'back to the default': t('the default'), 'a secret': t('a secret'), true: t('on'), false: t('off') },
};

/** A particular of a row, '' for what is not told. */
function particular(row: Told, settings: Settings, name: string, value: Value): string {
  const { action } = row;
  if (value === null || value === '' || names[name] === null) return '';
  if (name === 'department' && namesDepartment(action)) return '';
  if (typeof value === 'boolean' && values[name] === undefined) return value ? (names[name] ?? name) : '';
  return `${names[name] ?? withColon(ofRooms.get(name) ?? name)} ${words(row, settings, name, value)}`;
}

const withColon = (text: string): string => `${text}:`;

function words({ action, subject }: Told, settings: Settings, name: string, value: Value): string {
  const text = String(value);
  const ours = values[name] ?? (ofRooms.has(name) || name.endsWith('-addresses') || name === 'password' ? common : {});
  if (Object.hasOwn(ours, text)) return ours[text]!;
  if (['since', 'until', 'made'].includes(name)) return momentWords(text);
  if (name === 'bytes' || name === 'space') return bytes(Number(value));
  if (name === 'kept' || name === 'before') return t('{n} day | {n} days', Number(value));
  if (name === 'role' || (action === 'admin.role' && (name === 'from' || name === 'to'))) return roleWords(text);
  if (action === 'room.member' && (name === 'from' || name === 'to'))
    return Object.entries(affiliations).find(([key]) => key === text)?.[1] ?? text;
  if (action === 'setting.change') return settingWords(settings.get(subject?.split(' ')[0] ?? ''), text);
  return typeof value === 'number' ? count(value) : text;
}

/** A value of a setting, which is written down as JSON, and cut where it is long. */
function settingWords(setting: Setting | undefined, text: string): string {
  try {
    return settingValue(
      setting ?? { key: '', shape: { kind: 'text', longest: 0, secret: false, lines: false } },
      JSON.parse(text),
    );
  } catch {
    return text;
  }
}

function momentWords(text: string): string {
  const at = Date.parse(text);
  if (Number.isNaN(at)) return text;
  return text.includes('T') ? fullTime(at) : date(at);
}

/** Whether there are words for it, or it is known not to need any. */
export const isParticular = (name: string): boolean => Object.hasOwn(names, name) || ofRooms.has(name);

/** The particulars of a row on one line, '' when there are none; `settings`, by their keys, tell their values as their page does. */
export function detailWords(row: Told, settings: Settings = new Map()): string {
  return Object.entries(row.detail)
    .map(([name, value]) => particular(row, settings, name, value))
    .filter((text) => text !== '')
    .join(', ');
}

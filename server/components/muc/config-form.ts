import type { RoomConfig } from '../../storage/stores/rooms.ts';
import type { Field, Submitted } from '../../xmpp/data-form.ts';
import {
  anyOf,
  type Bounds,
  type ConfigField,
  line,
  oneOf,
  readNumber,
  readPeople,
  readSwitch,
  unacceptable,
  wholeNumber,
  yesNo,
} from './config-fields.ts';

const LONGEST_PASSWORD = 256;
const CONTACTS = 20;
/** Seconds. */
const SLOWEST = 86_400;
/** RFC 5646 §2.1, as far as a form must know. */
const LANGUAGE = /^[a-z]{2,8}(?:-[a-z0-9]{1,8})*$/i;

const ROLES = { moderator: 'Moderators', participant: 'Participants', visitor: 'Visitors' } as const;

const PROTECTED = 'muc#roomconfig_passwordprotectedroom';
const SECRET = 'muc#roomconfig_roomsecret';
const MAX_USERS = 'muc#roomconfig_maxusers';
const CONTACT = 'muc#roomconfig_contactjid';

const maxUsers: ConfigField = {
  name: MAX_USERS,
  show({ maxOccupants }, { occupants }) {
    const steps = [10, 20, 50, 100, 200, 500, 1_000, maxOccupants].filter((n) => n > 0 && n <= occupants);
    const options = [...new Set(steps)].sort((a, b) => a - b).map((n) => ({ label: String(n), value: String(n) }));
    const limited = maxOccupants > 0 && maxOccupants <= occupants;
    return {
      name: MAX_USERS,
      type: 'list-single',
      label: 'Most people in the room',
      values: [limited ? String(maxOccupants) : 'none'],
      options: [...options, { label: 'As many as the server allows', value: 'none' }],
      open: true,
    };
  },
  read([text = '', ...more], _config, { occupants }) {
    const label = 'Most people in the room';
    if (more.length > 0) throw unacceptable(label, 'one value, please.');
    if (text === '') return {};
    return { maxOccupants: text === 'none' ? 0 : readNumber(label, text, [0, occupants]) };
  },
};

const contacts: ConfigField = {
  name: CONTACT,
  show: (config) => ({
    name: CONTACT,
    type: 'jid-multi',
    label: 'Whom to ask about the room',
    values: config.contacts,
  }),
  read: (values) => ({ contacts: readPeople('Whom to ask about the room', values, CONTACTS) }),
};

/** What the password is follows from two fields: whether there is one, and which. */
const isProtected: ConfigField = {
  name: PROTECTED,
  show: ({ password }) => ({
    name: PROTECTED,
    type: 'boolean',
    label: 'A password is needed to come in',
    values: [password === '' ? '0' : '1'],
  }),
  read: (values) => (readSwitch('A password is needed to come in', values) === false ? { password: '' } : {}),
};

const secret: ConfigField = {
  name: SECRET,
  show: ({ password }) => ({ name: SECRET, type: 'text-private', label: 'The password', values: [password] }),
  read([text = '', ...more]) {
    if (more.length > 0) throw unacceptable('The password', 'one value, please.');
    if (text.length > LONGEST_PASSWORD) throw unacceptable('The password', `at most ${LONGEST_PASSWORD} characters.`);
    return { password: text };
  },
};

/** The form of XEP-0045 §10.1.3, with the fields of its registry (§16.5.3) and of XEP-0500. */
const FIELDS: readonly ConfigField[] = [
  line('muc#roomconfig_roomname', 'title', 'Name of the room', 200),
  line('muc#roomconfig_roomdesc', 'description', 'What the room is for', 2_000),
  line('muc#roomconfig_lang', 'lang', 'Language that is spoken', 35, (value) =>
    LANGUAGE.test(value) ? undefined : 'a code like en or pt-BR.',
  ),
  yesNo('muc#roomconfig_persistentroom', 'persistent', 'The room stays when nobody is in it'),
  yesNo('muc#roomconfig_publicroom', 'public', 'Anybody can find the room'),
  yesNo('muc#roomconfig_membersonly', 'membersOnly', 'Only members come in'),
  yesNo('muc#roomconfig_moderatedroom', 'moderated', 'Who is no member speaks only when let'),
  isProtected,
  secret,
  maxUsers,
  oneOf(
    'muc#roomconfig_whois',
    'Who sees people’s addresses',
    { moderators: 'Moderators only', anyone: 'Everybody in the room' },
    ({ openAddresses }) => (openAddresses ? 'anyone' : 'moderators'),
    (value) => ({ openAddresses: value === 'anyone' }),
  ),
  yesNo('muc#roomconfig_enablelogging', 'archived', 'Messages are kept in the room’s archive'),
  wholeNumber('muc#maxhistoryfetch', 'historyLength', 'Messages that newcomers are shown at most', ({ history }) => [
    0,
    history,
  ]),
  yesNo('muc#roomconfig_changesubject', 'allowSubject', 'Participants may change the subject'),
  yesNo('muc#roomconfig_allowinvites', 'allowInvites', 'Members may invite others'),
  oneOf(
    'muc#roomconfig_allowpm',
    'Who may send private messages',
    { anyone: 'Everybody', participants: 'Who may speak', moderators: 'Moderators only', none: 'Nobody' },
    ({ privateMessages }) => privateMessages,
    (privateMessages) => ({ privateMessages }),
  ),
  yesNo('muc#roomconfig_allowvoicerequests', 'allowVoiceRequests', 'Visitors may ask to speak'),
  anyOf('muc#roomconfig_presencebroadcast', 'broadcast', 'Whose coming and going is told to the others', ROLES),
  anyOf('muc#roomconfig_getmemberlist', 'memberList', 'Who may see the list of members', ROLES),
  yesNo('muc#roomconfig_allowregistration', 'allowRegistration', 'People can make themselves members'),
  wholeNumber('muc#roomconfig_slow_mode_duration', 'slowMode', 'Seconds between two messages of one person', () => [
    0,
    SLOWEST,
  ]),
  contacts,
  line('muc#roomconfig_pubsub', 'pubsub', 'Publish-subscribe node that goes with the room', 1_000, (value) =>
    /^xmpp:\S+$/i.test(value) ? undefined : 'an address that begins with xmpp:',
  ),
];

/** The fields as they are now, for an owner. */
export function configFields(config: RoomConfig, bounds: Bounds): Field[] {
  return FIELDS.map((field) => field.show(config, bounds));
}

/** A configuration with what a form changes of it; fields that are none of ours are passed over. Throws StanzaError. */
export function readConfig(values: Submitted['values'], config: RoomConfig, bounds: Bounds): RoomConfig {
  let read = config;
  for (const field of FIELDS) {
    const given = values.get(field.name);
    if (given !== undefined) read = { ...read, ...field.read(given, read, bounds) };
  }
  return withPassword(values, read);
}

function withPassword(values: Submitted['values'], config: RoomConfig): RoomConfig {
  const wanted = readSwitch('A password is needed to come in', values.get(PROTECTED) ?? []);
  if (wanted === false) return { ...config, password: '' };
  // §10.1.3: a room that has a password has one that is not empty.
  if (wanted === true && config.password === '') throw unacceptable('The password', 'it cannot be empty.');
  return config;
}

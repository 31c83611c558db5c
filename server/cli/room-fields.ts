import type { BodyOf, RoomConfig } from '../http/contract/index.ts';
import { usage } from './failure.ts';

type Wish = BodyOf<'POST /api/domains/:domain/rooms/:room/config'>;
type Key = Exclude<keyof RoomConfig, 'hasPassword'>;

/** What can be decided about a room, by the word that is typed. */
interface Field {
  readonly key: Key;
  readonly kind: 'switch' | 'number' | 'text' | 'list';
  /** The words that it may be. */
  readonly choices?: readonly string[];
  readonly help: string;
}

const ROLES = ['moderator', 'participant', 'visitor'] as const;

const FIELDS: Readonly<Record<string, Field>> = {
  title: { key: 'title', kind: 'text', help: 'what it is called' },
  description: { key: 'description', kind: 'text', help: 'what it is for' },
  language: { key: 'lang', kind: 'text', help: 'what is spoken, as en' },
  public: { key: 'public', kind: 'switch', help: 'it is in the list that everybody can ask for' },
  'members-only': { key: 'membersOnly', kind: 'switch', help: 'only members come in' },
  moderated: { key: 'moderated', kind: 'switch', help: 'who is no member may not speak until they are let' },
  'show-addresses': {
    key: 'openAddresses',
    kind: 'switch',
    help: 'all see the addresses of all, not moderators alone',
  },
  persistent: { key: 'persistent', kind: 'switch', help: 'it stays when nobody is in it' },
  'most-people': {
    key: 'maxOccupants',
    kind: 'number',
    help: 'how many may be in it; 0: as many as the service allows',
  },
  invitations: { key: 'allowInvites', kind: 'switch', help: 'members may invite others' },
  subject: { key: 'allowSubject', kind: 'switch', help: 'everybody who may speak may change the subject' },
  'private-messages': {
    key: 'privateMessages',
    kind: 'text',
    choices: ['anyone', 'participants', 'moderators', 'none'],
    help: 'who may write to single people in it',
  },
  'voice-requests': { key: 'allowVoiceRequests', kind: 'switch', help: 'who may not speak may ask for it' },
  'show-presence': {
    key: 'broadcast',
    kind: 'list',
    choices: ROLES,
    help: 'whose coming and going the others see',
  },
  'show-members': { key: 'memberList', kind: 'list', choices: ROLES, help: 'who may see the list of members' },
  registration: { key: 'allowRegistration', kind: 'switch', help: 'people may enter themselves as members' },
  archived: { key: 'archived', kind: 'switch', help: 'what is said is kept' },
  history: { key: 'historyLength', kind: 'number', help: 'messages that newcomers are shown' },
  'slow-mode': { key: 'slowMode', kind: 'number', help: 'seconds between two messages of one person, 0 for none' },
  contacts: { key: 'contacts', kind: 'list', help: 'addresses of whom to ask about it' },
};

const words = (): string => [...Object.keys(FIELDS), 'password'].join(', ');

/** What a room is like, each with the word by which it is changed. */
export function written(config: RoomConfig): [word: string, value: string, help: string][] {
  const rows = Object.entries(FIELDS).map(([word, { key, help }]): [string, string, string] => {
    const value = config[key];
    if (typeof value === 'boolean') return [word, value ? 'on' : 'off', help];
    return [word, (Array.isArray(value) ? value.join(' ') : String(value)) || '(none)', help];
  });
  return [...rows, ['password', config.hasPassword ? '(set; it is not shown)' : '(none)', 'needed to come in']];
}

/** What was typed for one of them. Throws Failure. */
export function readWish(word: string, values: readonly string[]): Wish {
  const field = Object.hasOwn(FIELDS, word) ? FIELDS[word] : undefined;
  if (field === undefined) throw usage(`A room has no “${word}”. It has: ${words()}.`);
  const { key, kind, choices } = field;
  const wrong = values.find((value) => choices !== undefined && !choices.includes(value));
  if (wrong !== undefined) throw usage(`${word} is ${kind === 'list' ? 'any' : 'one'} of: ${choices!.join(', ')}.`);
  if (kind === 'list') return { [key]: values };
  const [value, ...more] = values;
  if (value === undefined) throw usage(`Say what ${word} shall be.`);
  if (more.length > 0) throw usage(`${word} takes one value; put quotation marks around a text with spaces.`);
  if (kind === 'switch') {
    if (!['on', 'off'].includes(value)) throw usage(`${word} is on or off.`);
    return { [key]: value === 'on' };
  }
  if (kind === 'number') {
    if (!/^\d{1,9}$/.test(value)) throw usage(`${word} takes a whole number.`);
    return { [key]: Number(value) };
  }
  return { [key]: value };
}

import type { BodyOf, RoomConfig } from '../../../../server/http/contract/index.ts';
import { withoutSigns } from '../../api.ts';
import { t } from '../../language.ts';

export type RoomWish = BodyOf<'POST /api/domains/:domain/rooms/:room/config'>;
/** What is typed and chosen, before it is sent. */
export type Draft = { [Key in FieldKey]: string | boolean };
export type FieldKey = Exclude<keyof RoomConfig, 'hasPassword'>;

interface About {
  readonly key: FieldKey;
  readonly label: string;
  readonly help: string;
}
/** One thing to decide about a room, as it is drawn. */
export type Field =
  | (About & { readonly kind: 'switch' })
  | (About & { readonly kind: 'text'; readonly literal?: boolean; readonly longest: number })
  | (About & { readonly kind: 'list'; readonly longest: number })
  | (About & { readonly kind: 'number'; readonly most: number; readonly unit: string })
  | (About & { readonly kind: 'choice' | 'roles'; readonly choices: readonly { value: string; label: string }[] });

const everybody = [
  { value: 'moderator participant visitor', label: t('Everybody in the room') },
  { value: 'moderator participant', label: t('Whoever may speak') },
  { value: 'moderator', label: t('Moderators alone') },
  { value: '', label: t('Nobody') },
];

/** All that can be decided about a room, beside its password, in the order in which it is shown. */
export const groups: readonly { readonly title: string; readonly fields: readonly Field[] }[] = [
  {
    title: t('What it is'),
    fields: [
      {
        key: 'title',
        kind: 'text',
        label: t('Title'),
        help: t('What people see in their list of rooms.'),
        longest: 200,
      },
      {
        key: 'description',
        kind: 'text',
        label: t('What it is for'),
        help: t('One or two sentences.'),
        longest: 2_000,
      },
      {
        key: 'lang',
        kind: 'text',
        literal: true,
        label: t('Language'),
        help: t('A short code, as en or pt-BR. May be left out.'),
        longest: 35,
      },
      {
        key: 'contacts',
        kind: 'list',
        label: t('Whom to ask about it'),
        help: t('Chat addresses, one a line.'),
        longest: 2_000,
      },
    ],
  },
  {
    title: t('Who comes in'),
    fields: [
      {
        key: 'public',
        kind: 'switch',
        label: t('Everybody finds it'),
        help: t('It is in the list of rooms. Otherwise people must know its address or be invited.'),
      },
      {
        key: 'membersOnly',
        kind: 'switch',
        label: t('For members only'),
        help: t('Whoever is in it and is no member has to leave when this is switched on.'),
      },
      {
        key: 'allowInvites',
        kind: 'switch',
        label: t('Members may invite'),
        help: t('In a room for members, whoever they invite becomes a member.'),
      },
      {
        key: 'allowRegistration',
        kind: 'switch',
        label: t('People may make themselves members'),
        help: t('From a chat app that can register with a room.'),
      },
      {
        key: 'maxOccupants',
        kind: 'number',
        label: t('Most people at once'),
        help: t('0 for as many as this server allows.'),
        most: 100_000,
        unit: t('people'),
      },
    ],
  },
  {
    title: t('Who may do what'),
    fields: [
      {
        key: 'moderated',
        kind: 'switch',
        label: t('Only members may speak'),
        help: t('Guests listen until a moderator lets them speak.'),
      },
      {
        key: 'allowVoiceRequests',
        kind: 'switch',
        label: t('Guests may ask to speak'),
        help: t('Moderators are asked, and decide.'),
      },
      {
        key: 'allowSubject',
        kind: 'switch',
        label: t('Whoever may speak may change the subject'),
        help: t('Otherwise moderators alone.'),
      },
      {
        key: 'privateMessages',
        kind: 'choice',
        label: t('Who may write to one person alone'),
        help: t('Messages that only one of those in the room gets.'),
        choices: [
          { value: 'anyone', label: t('Everybody in the room') },
          { value: 'participants', label: t('Whoever may speak') },
          { value: 'moderators', label: t('Moderators alone') },
          { value: 'none', label: t('Nobody') },
        ],
      },
      {
        key: 'slowMode',
        kind: 'number',
        label: t('Pause between two messages of one person'),
        help: t('0 for none.'),
        most: 86_400,
        unit: t('seconds'),
      },
    ],
  },
  {
    title: t('Who sees what'),
    fields: [
      {
        key: 'openAddresses',
        kind: 'switch',
        label: t('Everybody sees the chat addresses of all'),
        help: t('Otherwise moderators alone see them; the others see nicknames.'),
      },
      {
        key: 'memberList',
        kind: 'roles',
        label: t('Who sees the list of members'),
        help: t('Owners and administrators always do.'),
        choices: everybody,
      },
      {
        key: 'broadcast',
        kind: 'roles',
        label: t('Whose coming and going is shown'),
        help: t('In large rooms, showing all of it is much traffic.'),
        choices: everybody,
      },
    ],
  },
  {
    title: t('What stays'),
    fields: [
      {
        key: 'archived',
        kind: 'switch',
        label: t('What is said is kept'),
        help: t('People who were away can read it later, as long as this server keeps messages.'),
      },
      {
        key: 'historyLength',
        kind: 'number',
        label: t('Shown to those who come in'),
        help: t('The last messages before they came.'),
        most: 1_000,
        unit: t('messages'),
      },
      {
        key: 'persistent',
        kind: 'switch',
        label: t('The room stays when nobody is in it'),
        help: t('Otherwise it ends, with all that was said, when the last person leaves.'),
      },
    ],
  },
];

const all = groups.flatMap(({ fields }) => fields);

/** A configuration as the fields hold it. */
export function draftOf(config: RoomConfig): Draft {
  const entries = all.map(({ key, kind }) => {
    const value = config[key];
    if (typeof value === 'boolean') return [key, value];
    if (Array.isArray(value)) return [key, kind === 'roles' ? [...value].sort().join(' ') : value.join('\n')];
    return [key, String(value)];
  });
  return Object.fromEntries(entries) as Draft;
}

/** The choices of a field, with what holds now though it be none of them. */
export function choicesOf(
  field: Extract<Field, { choices: unknown }>,
  held: string,
): readonly { value: string; label: string }[] {
  if (field.choices.some(({ value }) => value === held)) return field.choices;
  return [...field.choices, { value: held, label: t('As it is now ({roles})', { roles: held.replaceAll(' ', ', ') }) }];
}

/** What is different in a draft, ready to be sent, or what is wrong with it, by field. */
export function wishOf(config: RoomConfig, draft: Draft): { wish: RoomWish; wrong: Partial<Record<FieldKey, string>> } {
  const before = draftOf(config);
  const wish: Record<string, unknown> = {};
  const wrong: Partial<Record<FieldKey, string>> = {};
  for (const field of all) {
    const { key, kind } = field;
    if (draft[key] === before[key]) continue;
    const value = typeof draft[key] === 'string' ? withoutSigns(draft[key]) : draft[key];
    if (typeof value === 'boolean') wish[key] = value;
    else if (kind === 'number') {
      const number = Number(value.trim());
      const fits = /^\d+$/.test(value.trim()) && number <= field.most;
      if (fits) wish[key] = number;
      else wrong[key] = t('A whole number from {least} to {most}, please.', { least: 0, most: field.most });
    } else if (kind === 'roles') wish[key] = value === '' ? [] : value.split(' ');
    else if (kind === 'list') wish[key] = value.split(/\s*\n\s*/).filter((line) => line !== '');
    else wish[key] = value;
  }
  return { wish, wrong };
}

import { choiceOption, listOption, numberOption, switchOption } from '../../host/options.ts';

/** What an administrator decides about the rooms of a domain. */
const about = { scope: 'domain', group: 'Rooms' } as const;

export const makersOption = choiceOption({
  ...about,
  key: 'rooms.makers',
  title: 'Who may make rooms',
  help: 'Rooms that are there stay as they are, whatever you choose.',
  choices: {
    everybody: 'Everybody with an address here',
    administrators: 'Those who may administer from chat',
    nobody: 'Nobody: rooms are made by administrators in the panel',
  },
  default: 'everybody',
});

export const namesOption = listOption({
  ...about,
  key: 'rooms.names',
  title: 'Names of new rooms',
  help: 'If there are any here, the address of a new room (what is before the @) must be one of them; a star stands for any characters: team-* allows team-north. Those who may administer from chat are free to choose.',
  longest: 100,
  most: 50,
  default: [],
});

export const reservedOption = listOption({
  ...about,
  key: 'rooms.reserved-names',
  title: 'Names that nobody takes',
  help: 'Addresses that only those who may administer from chat give to a room; a star stands for any characters: *admin* keeps all names with the word admin in them.',
  longest: 100,
  most: 200,
  default: [],
});

export const perPersonOption = numberOption({
  ...about,
  key: 'rooms.per-person',
  title: 'Most rooms of one person',
  help: 'Rooms that one person has made and that are there still.',
  least: 0,
  most: 10_000,
  unit: 'rooms',
  default: 100,
});

export const perDomainOption = numberOption({
  ...about,
  key: 'rooms.per-domain',
  title: 'Most rooms',
  help: 'Rooms that there are at most, whoever made them.',
  least: 0,
  most: 1_000_000,
  unit: 'rooms',
  default: 10_000,
});

export const occupantsOption = numberOption({
  ...about,
  key: 'rooms.most-occupants',
  title: 'Most people in one room',
  help: 'Owners of a room can allow less, and not more. Those who run a full room come in still.',
  least: 2,
  most: 20_000,
  unit: 'people',
  default: 2_000,
});

export const historyOption = numberOption({
  ...about,
  key: 'rooms.longest-history',
  title: 'Longest history',
  help: 'Messages that whoever comes into a room is shown at most. What is older stands in the archive of the room.',
  least: 0,
  most: 200,
  unit: 'messages',
  default: 100,
});

export const newPublicOption = switchOption({
  ...about,
  key: 'rooms.new-public',
  title: 'New rooms can be found',
  help: 'New rooms stand in the list of rooms. Owners can change that for their room.',
  default: true,
});

export const newMembersOnlyOption = switchOption({
  ...about,
  key: 'rooms.new-members-only',
  title: 'New rooms are for members',
  help: 'Only people who were made members get into a new room. Owners can change that for their room.',
  default: false,
});

export const personRateOption = numberOption({
  ...about,
  key: 'rooms.messages-person',
  title: 'Messages of one person',
  help: 'Messages that one person may send to one room in a minute; more are refused. 0 means as many as they like.',
  least: 0,
  most: 60_000,
  unit: 'a minute',
  default: 60_000, // what only a program gone wild reaches: nobody's working bot is refused
});

export const roomRateOption = numberOption({
  ...about,
  key: 'rooms.messages-room',
  title: 'Messages in one room',
  help: 'Messages that all people together may send to one room in a minute; more are refused. 0 means as many as they like.',
  least: 0,
  most: 600_000,
  unit: 'a minute',
  default: 600_000,
});

export const joinRateOption = numberOption({
  ...about,
  key: 'rooms.joins',
  title: 'Coming and going',
  help: 'How often a minute one person may come into the same room, with all their devices; more is refused for a while. 0 means as often as they like.',
  least: 0,
  most: 6_000,
  unit: 'a minute',
  default: 60,
});

/** Whether a name is like a pattern in which a star stands for any characters. No regular expression: nobody waits for it. */
export function isLike(name: string, pattern: string): boolean {
  const parts = pattern.toLowerCase().split('*');
  const first = parts.shift()!;
  if (!name.startsWith(first)) return false;
  const last = parts.pop();
  if (last === undefined) return name === first;
  let at = first.length;
  for (const part of parts) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

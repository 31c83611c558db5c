import type { RoomConfig } from '../../storage/stores/rooms.ts';

/** What a room is like of which nobody said anything: for all of the office, to stay, with a memory. */
export const STANDARD: RoomConfig = {
  title: '',
  description: '',
  lang: '',
  persistent: true,
  public: true,
  membersOnly: false,
  moderated: false,
  openAddresses: false,
  password: '',
  maxOccupants: 0,
  allowInvites: true,
  allowSubject: true,
  privateMessages: 'anyone',
  allowVoiceRequests: true,
  broadcast: ['moderator', 'participant', 'visitor'],
  memberList: ['moderator', 'participant'],
  allowRegistration: false,
  archived: true,
  historyLength: 20,
  slowMode: 0,
  contacts: [],
  pubsub: '',
};

/** A stored configuration, with what a newer release has added. */
export function complete(stored: Partial<RoomConfig>): RoomConfig {
  return { ...STANDARD, ...stored };
}

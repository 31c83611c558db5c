import type { FoundRoom, ListedRoom, RoomOccupant } from '../host/room-administration.ts';
import type { RoomConfig, RoomMember, RoomRole } from '../storage/stores/rooms.ts';
import type { UploadUse } from '../storage/stores/uploads.ts';

/** A room in a list, as shown to administrators. */
export interface RoomView {
  readonly name: string;
  /** The whole address. */
  readonly jid: string;
  readonly title: string;
  readonly description: string;
  readonly public: boolean;
  readonly membersOnly: boolean;
  readonly persistent: boolean;
  readonly hasPassword: boolean;
  readonly people: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly lastMessage: number | null;
}

/** How a room is. The password is not shown, only that there is one. */
export interface RoomConfigView extends Omit<RoomConfig, 'password' | 'broadcast' | 'memberList' | 'contacts'> {
  readonly hasPassword: boolean;
  readonly broadcast: RoomRole[];
  readonly memberList: RoomRole[];
  readonly contacts: string[];
}

/** One room with all but its archive. */
export interface RoomDetailView {
  readonly room: RoomView;
  readonly config: RoomConfigView;
  readonly subject: { readonly text: string; readonly nick: string; readonly at: number } | null;
  readonly counts: {
    readonly owners: number;
    readonly admins: number;
    readonly members: number;
    readonly banned: number;
  };
  /** What was uploaded and shown here first. */
  readonly files: UploadUse;
  /** At most 200; `total` is all of them. */
  readonly occupants: (Omit<RoomOccupant, 'devices'> & { readonly devices: string[] })[];
}

const OCCUPANTS = 200;

export function viewRoom(service: string, { name, config, people, createdAt, lastMessage }: ListedRoom): RoomView {
  return {
    name,
    jid: `${name}@${service}`,
    title: config.title,
    description: config.description,
    public: config.public,
    membersOnly: config.membersOnly,
    persistent: config.persistent,
    hasPassword: config.password !== '',
    people,
    createdAt,
    lastMessage: lastMessage ?? null,
  };
}

export function viewConfig({ password, broadcast, memberList, contacts, ...config }: RoomConfig): RoomConfigView {
  return {
    ...config,
    hasPassword: password !== '',
    broadcast: [...broadcast],
    memberList: [...memberList],
    contacts: [...contacts],
  };
}

export function viewDetail(service: string, found: FoundRoom, files: UploadUse): RoomDetailView {
  const count = (affiliation: RoomMember['affiliation']): number =>
    found.members.filter((one) => one.affiliation === affiliation).length;
  const { subject } = found;
  return {
    room: viewRoom(service, found),
    config: viewConfig(found.config),
    subject: subject === undefined ? null : { text: subject.text, nick: subject.nick, at: subject.at },
    counts: { owners: count('owner'), admins: count('admin'), members: count('member'), banned: count('outcast') },
    files: { files: files.files, bytes: files.bytes },
    occupants: [...found.occupants]
      .sort((one, other) => one.nick.localeCompare(other.nick))
      .slice(0, OCCUPANTS)
      .map((one) => ({ ...one, devices: [...one.devices] })),
  };
}

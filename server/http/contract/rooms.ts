import { Type } from 'typebox';
import { closed, DomainName, DomainParams, Done, LocalName, Time } from './shapes.ts';

const Affiliation = Type.Union([
  Type.Literal('owner'),
  Type.Literal('admin'),
  Type.Literal('member'),
  Type.Literal('none'),
  Type.Literal('outcast'),
]);
const Role = Type.Union([
  Type.Literal('moderator'),
  Type.Literal('participant'),
  Type.Literal('visitor'),
  Type.Literal('none'),
]);
const Roles = Type.Array(Role, { maxItems: 4 });
const Why = Type.String({ maxLength: 1_000 });

/** A room in a list. */
export const Room = closed({
  /** The part of its address before the @. */
  name: Type.String(),
  jid: Type.String(),
  /** What it is called, '' when it is called by its name. */
  title: Type.String(),
  description: Type.String(),
  public: Type.Boolean(),
  membersOnly: Type.Boolean(),
  /** It stays when nobody is in it. */
  persistent: Type.Boolean(),
  hasPassword: Type.Boolean(),
  /** How many people are in it now. */
  people: Type.Integer(),
  createdAt: Time,
  /** When the last message was said that is still kept. */
  lastMessage: Type.Union([Time, Type.Null()]),
});

/** How a room is, beside its password. */
const fields = {
  title: Type.String({ maxLength: 1_000 }),
  description: Type.String({ maxLength: 5_000 }),
  /** Of the language spoken, as `en`; '' for none. */
  lang: Type.String({ maxLength: 35 }),
  persistent: Type.Boolean(),
  /** Everybody in the house can find it. */
  public: Type.Boolean(),
  membersOnly: Type.Boolean(),
  /** Who is no member may not speak until they are let. */
  moderated: Type.Boolean(),
  /** Everybody sees the addresses of all; else moderators alone do. */
  openAddresses: Type.Boolean(),
  /** 0: as many as the service allows. */
  maxOccupants: Type.Integer({ minimum: 0, maximum: 100_000 }),
  allowInvites: Type.Boolean(),
  allowSubject: Type.Boolean(),
  privateMessages: Type.Union([
    Type.Literal('anyone'),
    Type.Literal('participants'),
    Type.Literal('moderators'),
    Type.Literal('none'),
  ]),
  allowVoiceRequests: Type.Boolean(),
  /** Whose coming and going is told to the others. */
  broadcast: Roles,
  /** Who may see the list of members. */
  memberList: Roles,
  /** People can enter themselves in the list of members. */
  allowRegistration: Type.Boolean(),
  archived: Type.Boolean(),
  /** Messages that newcomers are shown. */
  historyLength: Type.Integer({ minimum: 0, maximum: 1_000 }),
  /** Seconds between two messages of one person, 0 for none. */
  slowMode: Type.Integer({ minimum: 0, maximum: 86_400 }),
  /** Addresses of whom to ask about the room. */
  contacts: Type.Array(Type.String({ maxLength: 3_071 }), { maxItems: 50 }),
} as const;

export const RoomConfig = closed({ ...fields, hasPassword: Type.Boolean() });

/** What is to be decided; the rest stays. A password of '' takes it away. */
const wish = Type.Partial(closed({ ...fields, password: Type.String({ maxLength: 1_000 }) })).properties;

/** Somebody with an affiliation; of the banned also whole domains. */
export const RoomMember = closed({
  jid: Type.String(),
  affiliation: Affiliation,
  /** The nickname that is reserved for them, '' for none. */
  nick: Type.String(),
  reason: Type.String(),
});

/** Somebody who is in a room now. */
export const RoomOccupant = closed({
  nick: Type.String(),
  jid: Type.String(),
  role: Role,
  affiliation: Affiliation,
  /** The names of the devices. */
  devices: Type.Array(Type.String()),
});

export const RoomDetail = closed({
  room: Room,
  config: RoomConfig,
  subject: Type.Union([closed({ text: Type.String(), nick: Type.String(), at: Time }), Type.Null()]),
  counts: closed({
    owners: Type.Integer(),
    admins: Type.Integer(),
    members: Type.Integer(),
    banned: Type.Integer(),
  }),
  /** What was uploaded and shown here first. */
  files: closed({ files: Type.Integer(), bytes: Type.Integer() }),
  /** At most 200 of them, by nickname; `room.people` is how many there are. */
  occupants: Type.Array(RoomOccupant),
});

/**
 * What was said in a room. `removed` stands for a message that its author took back, `moderated` for one that moderators took
 * away (its `text` is why), `other` for what is no text.
 */
export const RoomMessage = closed({
  id: Type.Integer(),
  time: Time,
  nick: Type.String(),
  kind: Type.Union([
    Type.Literal('message'),
    Type.Literal('subject'),
    Type.Literal('removed'),
    Type.Literal('moderated'),
    Type.Literal('other'),
  ]),
  text: Type.String(),
});

/** The name of a room that was destroyed: nobody can make another one of that name, until it is freed. */
export const RetiredRoom = closed({
  name: Type.String(),
  reason: Type.String(),
  /** Where to go instead, as an address, or ''. */
  alternate: Type.String(),
  retiredAt: Time,
});

const RoomParams = closed({ domain: DomainName, room: LocalName });
const Limit = Type.Integer({ minimum: 1, maximum: 200 });

export const rooms = {
  /** Rooms by name. A page further on: `after` = the `next` of this one. `search` looks into name, title, description. */
  'GET /api/domains/:domain/rooms': {
    params: DomainParams,
    query: closed({
      search: Type.Optional(Type.String({ maxLength: 200 })),
      after: Type.Optional(LocalName),
      limit: Type.Optional(Limit),
    }),
    reply: closed({
      rooms: Type.Array(Room),
      /** The domain of the rooms, as `conference.example.com`. */
      service: Type.String(),
      /** False while rooms are switched off in the settings: they are as they were, and nobody gets in. */
      on: Type.Boolean(),
      /** All rooms there are, whatever was searched. */
      total: Type.Integer(),
      next: Type.Union([Type.String(), Type.Null()]),
    }),
  },

  /** 409 `room-exists`, also when the name is retired. It stays when nobody is in it. */
  'POST /api/domains/:domain/rooms': {
    params: DomainParams,
    body: closed({ ...wish, name: LocalName, owner: Type.String({ minLength: 1, maxLength: 3_071 }) }),
    reply: RoomDetail,
  },

  'GET /api/domains/:domain/rooms/:room': { params: RoomParams, reply: RoomDetail },

  'POST /api/domains/:domain/rooms/:room/config': { params: RoomParams, body: closed(wish), reply: RoomDetail },

  /** Owners first. A page further on: `after` = the last address shown. */
  'GET /api/domains/:domain/rooms/:room/members': {
    params: RoomParams,
    query: closed({
      search: Type.Optional(Type.String({ maxLength: 200 })),
      after: Type.Optional(Type.String({ maxLength: 3_071 })),
      limit: Type.Optional(Limit),
    }),
    reply: closed({ members: Type.Array(RoomMember), total: Type.Integer(), hasMore: Type.Boolean() }),
  },

  /** Makes somebody an owner, admin or member, bans them (`outcast`), or none of it. `who` is a bare address. */
  'PUT /api/domains/:domain/rooms/:room/members/:who': {
    params: closed({ domain: DomainName, room: LocalName, who: Type.String({ minLength: 1, maxLength: 3_071 }) }),
    body: closed({ affiliation: Affiliation, reason: Type.Optional(Why) }),
    reply: Done,
  },

  /** Takes somebody out, who may come again. */
  'POST /api/domains/:domain/rooms/:room/kick': {
    params: RoomParams,
    body: closed({ nick: Type.String({ minLength: 1, maxLength: 1_023 }), reason: Type.Optional(Why) }),
    reply: Done,
  },

  /** Reads what was said, and writes into the audit log who did and why; so it is a POST. `before` is an id. */
  'POST /api/domains/:domain/rooms/:room/archive': {
    params: RoomParams,
    body: closed({
      reason: Type.String({ minLength: 1, maxLength: 300 }),
      before: Type.Optional(Type.Integer({ minimum: 1 })),
      limit: Type.Optional(Limit),
    }),
    reply: closed({ messages: Type.Array(RoomMessage), hasMore: Type.Boolean() }),
  },

  /**
   * Takes one message away for everybody, who are told the reason. `ids` is what went: the message, and what its author
   * corrected it by. 422 with the field `id` for what is not there, or nobody can take away.
   */
  'POST /api/domains/:domain/rooms/:room/moderate': {
    params: RoomParams,
    body: closed({ id: Type.Integer({ minimum: 1 }), reason: Type.Optional(Why) }),
    reply: closed({ ids: Type.Array(Type.Integer()) }),
  },

  /** `confirm` is the room's name or address; its name is retired. 422 `not-confirmed`. */
  'DELETE /api/domains/:domain/rooms/:room': {
    params: RoomParams,
    query: closed({
      confirm: Type.String({ maxLength: 3_071 }),
      reason: Type.Optional(Why),
      /** Where people go instead: the name or the address of another room. */
      alternate: Type.Optional(Type.String({ maxLength: 3_071 })),
    }),
    reply: Done,
  },

  'GET /api/domains/:domain/retired-rooms': {
    params: DomainParams,
    query: closed({ after: Type.Optional(LocalName) }),
    reply: closed({ rooms: Type.Array(RetiredRoom), hasMore: Type.Boolean() }),
  },

  /** Lets the name be used again. */
  'DELETE /api/domains/:domain/retired-rooms/:room': { params: RoomParams, reply: Done },
} as const;

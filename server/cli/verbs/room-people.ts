import type { RoomMember, RoomMessage } from '../../http/contract/index.ts';
import { usage } from '../failure.ts';
import { roomParams } from '../room-address.ts';
import { plain, table, when } from '../text.ts';
import { number, type Verb, whole } from '../verb.ts';

type Affiliation = RoomMember['affiliation'];

/** As people say it, and as XMPP does. */
const WORDS: Readonly<Record<string, Affiliation>> = {
  owner: 'owner',
  admin: 'admin',
  member: 'member',
  banned: 'outcast',
  none: 'none',
};

function wordOf(affiliation: Affiliation): string {
  return Object.keys(WORDS).find((word) => WORDS[word] === affiliation) ?? affiliation;
}

function said({ kind, text }: RoomMessage): string {
  const words: Record<RoomMessage['kind'], string> = {
    message: text,
    subject: `(subject) ${text}`,
    removed: '(a message that was taken back)',
    moderated: text === '' ? '(taken away)' : `(taken away: ${text})`,
    other: '(no text)',
  };
  return words[kind];
}

/** Who may do what in a room, and what they said there. */
export const roomPeople: readonly Verb[] = [
  {
    words: 'room members',
    args: ['ROOM'],
    options: ['domain', 'search', 'after', 'limit'],
    summary: 'who owns a room, who is a member, who is banned',
    async run(context, [typed = '']) {
      const { client, given, print } = context;
      const params = await roomParams(context, typed);
      const { search, after } = given;
      const query = {
        limit: whole('limit', given.limit) ?? 200,
        ...(search !== undefined && { search }),
        ...(after !== undefined && { after }),
      };
      const reply = await client.call('GET /api/domains/:domain/rooms/:room/members', { params, query });
      const rows = reply.members.map((one) => [one.jid, wordOf(one.affiliation), one.nick, one.reason]);
      const more = reply.hasMore ? `More: --after ${reply.members.at(-1)?.jid}\n` : '';
      print(reply, `${table(['ADDRESS', 'IS', 'NICKNAME', 'WHY'], rows)}${reply.total} in all\n${more}`);
    },
  },
  {
    words: 'room member',
    args: ['ROOM', 'JID|DOMAIN', 'WHAT'],
    options: ['domain', 'reason'],
    summary: 'make somebody owner, admin, member, banned or none of it',
    async run(context, [typed = '', who = '', word = '']) {
      const affiliation = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
      if (affiliation === undefined) throw usage(`WHAT is one of: ${Object.keys(WORDS).join(', ')}.`);
      const { room, domain } = await roomParams(context, typed);
      const { reason } = context.given;
      const reply = await context.client.call('PUT /api/domains/:domain/rooms/:room/members/:who', {
        params: { domain, room, who },
        body: { affiliation, ...(reason !== undefined && { reason }) },
      });
      const now =
        word === 'none'
          ? 'has no part any more'
          : word === 'banned'
            ? 'is banned'
            : `is ${word === 'member' ? 'a' : 'an'} ${word} now`;
      context.print(reply, `${plain(who)} ${now} in ${room}.\n`);
    },
  },
  {
    words: 'room kick',
    args: ['ROOM', 'NICKNAME'],
    options: ['domain', 'reason'],
    summary: 'take somebody out of a room, who may come again',
    async run(context, [typed = '', nick = '']) {
      const params = await roomParams(context, typed);
      const { reason } = context.given;
      const body = { nick, ...(reason !== undefined && { reason }) };
      const reply = await context.client.call('POST /api/domains/:domain/rooms/:room/kick', { params, body });
      context.print(reply, `${plain(nick)} is not in ${params.room} any more.\n`);
    },
  },
  {
    words: 'room archive',
    args: ['ROOM'],
    options: ['domain', 'reason', 'before', 'limit'],
    summary: 'read what was said; --reason is needed, and is written into the audit log',
    async run(context, [typed = '']) {
      const { client, given, print } = context;
      const { reason } = given;
      if (reason === undefined) throw usage('Say why you read what people said: --reason "…". It is written down.');
      const before = whole('before', given.before);
      const body = { reason, limit: whole('limit', given.limit) ?? 50, ...(before !== undefined && { before }) };
      const params = await roomParams(context, typed);
      const reply = await client.call('POST /api/domains/:domain/rooms/:room/archive', { params, body });
      const rows = reply.messages.map((one) => [when(one.time), String(one.id), one.nick, said(one)]);
      const more = reply.hasMore ? `Before that: --before ${reply.messages[0]?.id}\n` : '';
      print(reply, rows.length === 0 ? 'Nothing is kept.\n' : `${table(['TIME', 'ID', 'WHO', 'WHAT'], rows)}${more}`);
    },
  },
  {
    words: 'room moderate',
    args: ['ROOM', 'ID'],
    options: ['domain', 'reason'],
    summary: 'take one message away, for everybody; “room archive” shows its ID',
    async run(context, [typed = '', id = '']) {
      const { reason } = context.given;
      const wanted = number(id, `“${plain(id)}” is not the ID of a message; “room archive” shows them.`);
      const params = await roomParams(context, typed);
      const body = { id: wanted, ...(reason !== undefined && { reason }) };
      const reply = await context.client.call('POST /api/domains/:domain/rooms/:room/moderate', { params, body });
      const more = reply.ids.length > 1 ? ', with what it was corrected by' : '';
      context.print(reply, `The message is gone${more}; everybody in ${params.room} was told.\n`);
    },
  },
];

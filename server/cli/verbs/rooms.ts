import type { RoomDetail } from '../../http/contract/index.ts';
import { askLine, takeSecret } from '../ask.ts';
import { usage } from '../failure.ts';
import { domainOf, roomParams } from '../room-address.ts';
import { readWish, written } from '../room-fields.ts';
import { pairs, table, when } from '../text.ts';
import { type Context, type Verb, whole } from '../verb.ts';

/** A password is not typed into the command, which others on the machine can read. Throws Failure. */
async function passwordWish({ terminal }: Context, values: readonly string[]): Promise<{ password: string }> {
  if (values.length === 0) return { password: await takeSecret(terminal, 'Password of the room: ') };
  if (values.length === 1 && values[0] === 'off') return { password: '' };
  throw usage('Leave the password out: you are asked for it. “password off” takes it away.');
}

function membersOf({ owners, admins, members, banned }: RoomDetail['counts']): string {
  const many = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
  return `${many(owners, 'owner')}, ${many(admins, 'admin')}, ${many(members, 'member')}, ${banned} banned`;
}

/** What rooms there are, and how they are. */
export const rooms: readonly Verb[] = [
  {
    words: 'room list',
    args: ['[DOMAIN]'],
    options: ['search', 'after', 'limit'],
    summary: 'which rooms there are; without a domain, in the first one',
    async run({ client, given, print }, [named]) {
      const domain = named ?? (await domainOf({ client, given }));
      const { search, after } = given;
      const query = {
        limit: whole('limit', given.limit) ?? 200,
        ...(search !== undefined && { search }),
        ...(after !== undefined && { after }),
      };
      const reply = await client.call('GET /api/domains/:domain/rooms', { params: { domain }, query });
      const rows = reply.rooms.map((one) => [
        one.jid,
        one.title,
        String(one.people),
        [one.public ? 'public' : 'hidden', one.membersOnly ? 'members only' : '', one.hasPassword ? 'password' : '']
          .filter((word) => word !== '')
          .join(', '),
        one.lastMessage === null ? '' : when(one.lastMessage),
      ]);
      const more = reply.next === null ? '' : `More: --after ${reply.next}\n`;
      const off = reply.on ? '' : 'Rooms are switched off (setting rooms.on): nobody gets in.\n';
      const list = table(['ROOM', 'TITLE', 'IN IT', 'KIND', 'LAST MESSAGE'], rows);
      print(reply, `${list}${reply.total} in all\n${more}${off}`);
    },
  },
  {
    words: 'room show',
    args: ['ROOM'],
    options: ['domain'],
    summary: 'one room: how it is, and who is in it',
    async run(context, [typed = '']) {
      const params = await roomParams(context, typed);
      const reply = await context.client.call('GET /api/domains/:domain/rooms/:room', { params });
      const { room, config, subject, counts, occupants } = reply;
      const about = pairs([
        ['Room', room.jid],
        ['Made', when(room.createdAt)],
        ['Last message', room.lastMessage === null ? 'none that is kept' : when(room.lastMessage)],
        ['Subject', subject === null ? '(none)' : `${subject.text} (${subject.nick})`],
        ['Members', membersOf(counts)],
      ]);
      const people = occupants.map((one) => [one.nick, one.jid, one.role, one.affiliation, one.devices.join(', ')]);
      const inside =
        people.length === 0
          ? 'Nobody is in it.\n'
          : table([`IN IT (${room.people})`, 'ADDRESS', 'ROLE', 'AFFILIATION', 'DEVICES'], people);
      context.print(reply, `${about}\n${table(['SETTING', 'VALUE', ''], written(config))}\n${inside}`);
    },
  },
  {
    words: 'room create',
    args: ['ROOM'],
    options: ['domain', 'owner', 'title', 'description', 'hidden', 'members-only', 'moderated'],
    summary: 'make a room that stays, with --owner as its owner',
    async run(context, [typed = '']) {
      const { given, client, print } = context;
      if (given.owner === undefined) throw usage('Say whose room it is: --owner anna@example.com');
      const { domain, room: name } = await roomParams(context, typed);
      const body = {
        name,
        owner: given.owner,
        ...(given.title !== undefined && { title: given.title }),
        ...(given.description !== undefined && { description: given.description }),
        ...(given.hidden === true && { public: false }),
        ...(given['members-only'] === true && { membersOnly: true }),
        ...(given.moderated === true && { moderated: true }),
      };
      const reply = await client.call('POST /api/domains/:domain/rooms', { params: { domain }, body });
      print(reply, `Made ${reply.room.jid}.\n`);
    },
  },
  {
    words: 'room set',
    args: ['ROOM', 'SETTING', 'VALUE…'],
    options: ['domain'],
    summary: 'change one thing about a room; “room show” tells what there is',
    async run(context, [typed = '', word = '', ...values]) {
      const body = word === 'password' ? await passwordWish(context, values) : readWish(word, values);
      const params = await roomParams(context, typed);
      const reply = await context.client.call('POST /api/domains/:domain/rooms/:room/config', { params, body });
      const now = written(reply.config).find(([name]) => name === word)!;
      context.print(reply, pairs([[word, now[1]]]));
    },
  },
  {
    words: 'room destroy',
    args: ['ROOM'],
    options: ['domain', 'reason', 'alternate', 'yes'],
    summary: 'end a room with all that was said in it, for good; its name is retired',
    async run(context, [typed = '']) {
      const { client, given, terminal, print } = context;
      const params = await roomParams(context, typed);
      const { room } = await client.call('GET /api/domains/:domain/rooms/:room', { params });
      if (!given.yes) {
        if (terminal.stdin.isTTY !== true) throw usage('There is no terminal to ask whether you are sure: use --yes.');
        const answer = await askLine(
          terminal,
          `This ends ${room.jid} with all that was said in it, for good.\nType its name to go on: `,
        );
        if (![room.name, room.jid].includes(answer.trim())) throw usage('That is not the name; nothing was changed.');
      }
      const { reason, alternate } = given;
      const query = {
        confirm: room.jid,
        ...(reason !== undefined && { reason }),
        ...(alternate !== undefined && { alternate }),
      };
      const reply = await client.call('DELETE /api/domains/:domain/rooms/:room', { params, query });
      print(reply, `${room.jid} is no more.\n`);
    },
  },
  {
    words: 'room retired',
    args: ['[DOMAIN]'],
    options: ['after'],
    summary: 'names of rooms that were destroyed, which nobody can use again',
    async run({ client, given, print }, [named]) {
      const domain = named ?? (await domainOf({ client, given }));
      const query = given.after === undefined ? {} : { after: given.after };
      const reply = await client.call('GET /api/domains/:domain/retired-rooms', { params: { domain }, query });
      const rows = reply.rooms.map((one) => [one.name, when(one.retiredAt), one.alternate, one.reason]);
      const more = reply.hasMore ? `More: --after ${reply.rooms.at(-1)?.name}\n` : '';
      print(reply, rows.length === 0 ? 'No name is retired.\n' : table(['NAME', 'SINCE', 'GO TO', 'WHY'], rows) + more);
    },
  },
  {
    words: 'room free',
    args: ['ROOM'],
    options: ['domain'],
    summary: 'let a retired name be used again',
    async run(context, [typed = '']) {
      const params = await roomParams(context, typed);
      const reply = await context.client.call('DELETE /api/domains/:domain/retired-rooms/:room', { params });
      context.print(reply, `The name ${params.room} is free.\n`);
    },
  },
];

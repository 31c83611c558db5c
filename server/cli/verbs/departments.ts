import type { ReplyOf } from '../../http/contract/index.ts';
import { askLine } from '../ask.ts';
import { departmentNamed, departmentsOf } from '../department-name.ts';
import { usage } from '../failure.ts';
import { pairs, table } from '../text.ts';
import { account, type Verb, whole } from '../verb.ts';

type Relation = ReplyOf<'GET /api/departments/:id'>['relations'][number];
const RELATIONS = ['mutual', 'sees', 'seen', 'hidden', 'usual'] as const;

/** One sentence for people. */
function sentence({ relation, usual }: Relation, one: string, other: string): string {
  const note = usual ? ' (as usual)' : '';
  if (one === other) {
    return `${one}: people have ${relation === 'hidden' ? 'not ' : ''}each other in the contact list${note}`;
  }
  switch (relation) {
    case 'mutual':
      return `${one} and ${other} have each other in the contact list${note}`;
    case 'sees':
      return `${one} has ${other} in the contact list, ${other} not ${one}${note}`;
    case 'seen':
      return `${other} has ${one} in the contact list, ${one} not ${other}${note}`;
    case 'hidden':
      return `${one} and ${other} have not each other in the contact list${note}`;
  }
}

const count = (n: number): string => `${n} ${n === 1 ? 'person' : 'people'}`;

export const departments: readonly Verb[] = [
  {
    words: 'department list',
    args: ['[DOMAIN]'],
    options: [],
    summary: 'which departments there are; without a domain, in the first one',
    async run(context, [domain]) {
      const reply = await departmentsOf(context, domain);
      const rows = reply.departments.map((one) => [
        one.name,
        String(one.people),
        String(one.online),
        one.rooms.join(', '),
        one.description,
      ]);
      const text = table(['DEPARTMENT', 'PEOPLE', 'ONLINE', 'ROOMS', 'WHAT IT IS'], rows);
      context.print(reply, rows.length === 0 ? `There is no department in ${reply.domain}.\n` : text);
    },
  },
  {
    words: 'department show',
    args: ['DEPARTMENT'],
    options: ['domain'],
    summary: 'one department: who sees whom, and its rooms',
    async run(context, [name = '']) {
      const all = await departmentsOf(context);
      const { id } = await departmentNamed(context, name);
      const reply = await context.client.call('GET /api/departments/:id', { params: { id: String(id) } });
      const { department, relations } = reply;
      const nameOf = (other: number): string => all.departments.find((one) => one.id === other)?.name ?? '';
      const about = pairs([
        ['Department', department.name],
        ...(department.description === '' ? [] : [['What it is', department.description] as const]),
        ['People', `${department.people}, ${department.online} online`],
        ['Rooms', department.rooms.join(', ') || 'none'],
      ]);
      const lines = relations.map((one) => `${sentence(one, department.name, nameOf(one.other))}\n`);
      context.print(reply, `${about}\n${lines.join('')}`);
    },
  },
  {
    words: 'department add',
    args: ['NAME'],
    options: ['domain', 'description'],
    summary: 'make a department',
    async run(context, [name = '']) {
      const { domain } = await departmentsOf(context);
      const { description } = context.given;
      const body = { name, ...(description !== undefined && { description }) };
      const reply = await context.client.call('POST /api/domains/:domain/departments', { params: { domain }, body });
      context.print(reply, `${reply.department.name} is made in ${domain}.\n`);
    },
  },
  {
    words: 'department change',
    args: ['DEPARTMENT'],
    options: ['domain', 'name', 'description'],
    summary: 'call it something else, or describe it',
    async run(context, [old = '']) {
      const { name, description } = context.given;
      if (name === undefined && description === undefined) throw usage('Say what to change: --name or --description.');
      const { id } = await departmentNamed(context, old);
      const body = { ...(name !== undefined && { name }), ...(description !== undefined && { description }) };
      const reply = await context.client.call('PATCH /api/departments/:id', { params: { id: String(id) }, body });
      context.print(reply, `${reply.department.name} is changed.\n`);
    },
  },
  {
    words: 'department remove',
    args: ['DEPARTMENT'],
    options: ['domain', 'yes'],
    summary: 'remove a department; its people stay',
    async run(context, [name = '']) {
      const { id, name: called, people } = await departmentNamed(context, name);
      const { terminal, given } = context;
      if (given.yes !== true) {
        if (terminal.stdin.isTTY !== true) throw usage('There is no terminal to ask whether you are sure: use --yes.');
        const question = `${called} has ${count(people)}, who stay. Type “yes” to remove it: `;
        if ((await askLine(terminal, question)) !== 'yes') throw usage('Nothing was done.');
      }
      const reply = await context.client.call('DELETE /api/departments/:id', { params: { id: String(id) } });
      context.print(reply, `${called} is removed.\n`);
    },
  },
  {
    words: 'department people',
    args: ['DEPARTMENT'],
    options: ['domain', 'search', 'after', 'limit'],
    summary: 'who is in a department',
    async run(context, [name = '']) {
      const { given, client } = context;
      const { id, domain } = await departmentNamed(context, name);
      const { search, after } = given;
      const query = {
        limit: whole('limit', given.limit) ?? 200,
        ...(search !== undefined && { search }),
        ...(after !== undefined && { after }),
      };
      const reply = await client.call('GET /api/departments/:id/people', { params: { id: String(id) }, query });
      const rows = reply.people.map((one) => [`${one.local}@${domain}`, one.name, one.online ? 'online' : '']);
      const more = reply.hasMore ? `More: --after ${reply.people.at(-1)?.local}\n` : '';
      context.print(reply, `${table(['PERSON', 'NAME', ''], rows)}${count(reply.total)} in all\n${more}`);
    },
  },
  ...(['join', 'leave'] as const).map(
    (what): Verb => ({
      words: `department ${what}`,
      args: ['DEPARTMENT', 'JID', 'JID…'],
      options: [],
      summary: what === 'join' ? 'put people into a department' : 'take people out of a department',
      async run(context, [name = '', ...jids]) {
        const { id } = await departmentNamed(context, name, account(jids[0] ?? '').domain);
        const body = what === 'join' ? { add: jids } : { remove: jids };
        const reply = await context.client.call('POST /api/departments/:id/people', {
          params: { id: String(id) },
          body,
        });
        context.print(reply, `${reply.department.name} has ${count(reply.department.people)} now.\n`);
      },
    }),
  ),
  {
    words: 'department sight',
    args: ['DEPARTMENT', 'OTHER', 'RELATION'],
    options: ['domain'],
    summary: 'who has whom in the contact list: mutual, sees, seen, hidden, or usual',
    async run(context, [first = '', second = '', relation = '']) {
      const wish = RELATIONS.find((one) => one === relation);
      if (wish === undefined) throw usage(`Say one of: ${RELATIONS.join(', ')}.`);
      const one = await departmentNamed(context, first);
      const other = await departmentNamed(context, second);
      const params = { id: String(one.id), other: String(other.id) };
      const body = { relation: wish };
      const reply = await context.client.call('PUT /api/departments/:id/relations/:other', { params, body });
      context.print(reply, `${sentence(reply.relation, one.name, other.name)}.\n`);
    },
  },
  {
    words: 'department rooms',
    args: ['DEPARTMENT', 'ROOM…'],
    options: ['domain', 'clear'],
    summary: 'the rooms that everybody in it is put into: add some, or with --clear those alone',
    async run(context, [name = '', ...named]) {
      const { id, rooms } = await departmentNamed(context, name);
      const wished = context.given.clear === true ? named : [...rooms, ...named];
      const params = { id: String(id) };
      const reply = await context.client.call('PATCH /api/departments/:id', { params, body: { rooms: wished } });
      context.print(reply, `Rooms of ${reply.department.name}: ${reply.department.rooms.join(', ') || 'none'}.\n`);
    },
  },
  {
    words: 'department order',
    args: ['DEPARTMENT', 'DEPARTMENT…'],
    options: ['domain'],
    summary: 'show them in this order; those that are not named come last',
    async run(context, names) {
      const { domain } = await departmentsOf(context);
      const order: number[] = [];
      for (const name of names) order.push((await departmentNamed(context, name)).id);
      const route = 'PUT /api/domains/:domain/departments/order';
      context.print(await context.client.call(route, { params: { domain }, body: { order } }), 'So it is.\n');
    },
  },
  {
    words: 'user departments',
    args: ['JID', 'DEPARTMENT…'],
    options: ['clear'],
    summary: 'the departments of a person; with names, or --clear, those and no others from now on',
    async run(context, [jid = '', ...names]) {
      const params = account(jid);
      const route = ':domain/accounts/:local/departments' as const;
      let reply: ReplyOf<`GET /api/domains/${typeof route}`>;
      if (names.length === 0 && context.given.clear !== true) {
        reply = await context.client.call(`GET /api/domains/${route}`, { params });
      } else {
        const ids: number[] = [];
        for (const name of names) ids.push((await departmentNamed(context, name, params.domain)).id);
        reply = await context.client.call(`PUT /api/domains/${route}`, { params, body: { departments: ids } });
      }
      context.print(reply, `${jid}: ${reply.departments.map(({ name }) => name).join(', ') || 'in no department'}\n`);
    },
  },
];

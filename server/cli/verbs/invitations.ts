import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { departmentNamed } from '../department-name.ts';
import { Failure, usage } from '../failure.ts';
import { pairs, table, when } from '../text.ts';
import { account, type Verb, whole } from '../verb.ts';

const MOST_BYTES = 100_000;

/** Who stands in a file, one a line. */
function linesOf(name: string): string[] {
  try {
    if (statSync(resolve(name)).size > MOST_BYTES) throw usage('The file is too large: one person a line, please.');
    const lines = readFileSync(resolve(name), 'utf8')
      .replace(/^\ufeff/, '')
      .split(/\r?\n/);
    return lines.map((line) => line.trim()).filter((line) => line !== '');
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw usage(`${name} cannot be read: ${(error as Error).message}`);
  }
}

export const invitations: readonly Verb[] = [
  {
    words: 'invite create',
    args: ['[JID|DOMAIN]'],
    options: ['name', 'days', 'uses', 'contact', 'departments'],
    summary: 'make a link by which somebody makes an account; with a JID, for that name alone',
    async run(context, [whom]) {
      const { client, given, print } = context;
      const named = whom?.includes('@') ? account(whom) : undefined;
      const domain = named?.domain ?? whom ?? (await client.call('GET /api/session', {})).domain;
      const departments: number[] = [];
      for (const name of given.departments ?? []) departments.push((await departmentNamed(context, name, domain)).id);
      const [days, uses] = [whole('days', given.days), whole('uses', given.uses)];
      const reply = await client.call('POST /api/domains/:domain/invitations', {
        params: { domain },
        body: {
          ...(named !== undefined && { local: named.local }),
          ...(given.name !== undefined && { name: given.name }),
          ...(given.contact !== undefined && { contact: given.contact }),
          ...(days !== undefined && { days }),
          ...(uses !== undefined && { uses }),
          ...(departments.length > 0 && { departments }),
        },
      });
      const facts = pairs([
        ['Page', reply.url],
        ['For chat apps', reply.uri],
        ...(departments.length === 0
          ? []
          : [['Departments', reply.invitation.departments.map(({ name }) => name).join(', ')] as const]),
        ['Good until', when(reply.invitation.expiresAt)],
      ]);
      print(reply, `${facts}Hand it on now: Hallway does not keep the link.\n`);
    },
  },
  {
    words: 'invite many',
    args: ['FILE|COUNT'],
    options: ['domain', 'days', 'contact', 'departments'],
    summary: 'a link each for up to 200 people: those in a file, one a line, or so many',
    async run(context, [whom = '']) {
      const { client, given, print } = context;
      const people = /^\d{1,4}$/.test(whom) ? Array<string>(Number(whom)).fill('') : linesOf(whom);
      const domain = given.domain ?? (await client.call('GET /api/session', {})).domain;
      const departments: number[] = [];
      for (const name of given.departments ?? []) departments.push((await departmentNamed(context, name, domain)).id);
      const days = whole('days', given.days);
      const reply = await client.call('POST /api/domains/:domain/invitations/many', {
        params: { domain },
        body: {
          people,
          ...(given.contact !== undefined && { contact: given.contact }),
          ...(days !== undefined && { days }),
          ...(departments.length > 0 && { departments }),
        },
      });
      const rows = reply.invitations.map(({ invitation: { local, name }, url }) => [
        local === '' ? '' : `${local}@${domain}`,
        name,
        url,
      ]);
      print(reply, `${table(['ADDRESS', 'NAME', 'LINK'], rows)}Hand them on now: Hallway does not keep the links.\n`);
    },
  },
  {
    words: 'invite list',
    args: ['[DOMAIN]'],
    options: ['before'],
    summary: 'who was invited, and what became of it',
    async run({ client, given, print }, [named]) {
      const domain = named ?? (await client.call('GET /api/session', {})).domain;
      const before = whole('before', given.before);
      const reply = await client.call('GET /api/domains/:domain/invitations', {
        params: { domain },
        query: before === undefined ? {} : { before },
      });
      const rows = reply.invitations.map((one) => [
        String(one.id),
        one.local || one.name || (one.purpose === 'contact' ? 'a contact' : 'anybody'),
        one.creator,
        one.state,
        `${one.usedBy.length} of ${one.uses}`,
        when(one.expiresAt),
      ]);
      const last = reply.invitations.at(-1)?.id;
      const more = reply.hasMore && last !== undefined ? `More: --before ${last}\n` : '';
      print(reply, `${table(['ID', 'FOR', 'BY', 'STATE', 'USED', 'UNTIL'], rows)}${more}`);
    },
  },
  {
    words: 'invite revoke',
    args: ['ID'],
    options: [],
    summary: 'take an invitation back: its link opens nothing any more',
    async run({ client, print }, [id = '']) {
      if (!/^\d{1,15}$/.test(id)) throw usage('Name the invitation by its number: “hallwayctl invite list” shows it.');
      const reply = await client.call('DELETE /api/invitations/:id', { params: { id } });
      print(reply, `Invitation ${id} is taken back.\n`);
    },
  },
  {
    words: 'user reset-link',
    args: ['JID'],
    options: [],
    summary: 'make a link by which a person chooses a new password, good for a day and once',
    async run({ client, print }, [jid = '']) {
      const reply = await client.call('POST /api/domains/:domain/accounts/:local/reset-link', { params: account(jid) });
      print(
        reply,
        `${reply.url}\nGood until ${when(reply.expiresAt)}, and once. Hand it on now: Hallway does not keep it.\n`,
      );
    },
  },
];

import { askLine, askPassword, readPassword } from '../ask.ts';
import { usage } from '../failure.ts';
import { bytes, when } from '../text.ts';
import { account, type Context, type Verb } from '../verb.ts';

async function newPassword({ given, terminal }: Context): Promise<{ password: string } | { generate: true }> {
  if (given.generate && given['password-stdin']) throw usage('Take one of --password-stdin and --generate.');
  if (given.generate) return { generate: true };
  return { password: given['password-stdin'] ? await readPassword(terminal) : await askPassword(terminal) };
}

function made(password: string | undefined): string {
  return password === undefined ? '' : `Password: ${password}\nIt is shown this once; Hallway does not keep it.\n`;
}

export const users: readonly Verb[] = [
  {
    words: 'user add',
    args: ['JID'],
    options: ['name', 'password-stdin', 'generate'],
    summary: 'make an account',
    async run(context, [jid = '']) {
      const { local, domain } = account(jid);
      const { name } = context.given;
      const body = { local, ...(name !== undefined && { name }), ...(await newPassword(context)) };
      const reply = await context.client.call('POST /api/domains/:domain/accounts', { params: { domain }, body });
      context.print(reply, `Made ${reply.account.jid}.\n${made(reply.password)}`);
    },
  },
  {
    words: 'user passwd',
    args: ['JID'],
    options: ['password-stdin', 'generate'],
    summary: 'set a new password and end the person’s sessions',
    async run(context, [jid = '']) {
      const params = account(jid);
      const body = await newPassword(context);
      const reply = await context.client.call('POST /api/domains/:domain/accounts/:local/password', { params, body });
      context.print(reply, `${reply.account.jid} has a new password.\n${made(reply.password)}`);
    },
  },
  {
    words: 'user disable',
    args: ['JID'],
    options: ['reason'],
    summary: 'keep a person out, with all that is theirs kept',
    async run({ client, given, print }, [jid = '']) {
      const body = given.reason === undefined ? {} : { reason: given.reason };
      const reply = await client.call('POST /api/domains/:domain/accounts/:local/disable', {
        params: account(jid),
        body,
      });
      print(reply, `${reply.account.jid} is disabled.\n`);
    },
  },
  {
    words: 'user enable',
    args: ['JID'],
    options: [],
    summary: 'let a disabled person in again',
    async run({ client, print }, [jid = '']) {
      const reply = await client.call('POST /api/domains/:domain/accounts/:local/enable', { params: account(jid) });
      print(reply, `${reply.account.jid} is enabled.\n`);
    },
  },
  {
    words: 'user grant',
    args: ['JID'],
    options: [],
    summary: 'let a person administer from a chat app',
    async run({ client, print }, [jid = '']) {
      const reply = await client.call('POST /api/domains/:domain/accounts/:local/chat-admin', {
        params: account(jid),
        body: { chatAdmin: true },
      });
      print(reply, `${reply.account.jid} may administer from chat.\n`);
    },
  },
  {
    words: 'user revoke',
    args: ['JID'],
    options: [],
    summary: 'take that away again',
    async run({ client, print }, [jid = '']) {
      const reply = await client.call('POST /api/domains/:domain/accounts/:local/chat-admin', {
        params: account(jid),
        body: { chatAdmin: false },
      });
      print(reply, `${reply.account.jid} may not administer from chat any more.\n`);
    },
  },
  {
    words: 'user delete',
    args: ['JID'],
    options: ['yes', 'now'],
    summary: 'delete an account with its contacts, messages and files; “user restore” brings it back for a while',
    async run({ client, given, terminal, print }, [jid = '']) {
      const params = account(jid);
      if (!given.yes) {
        if (terminal.stdin.isTTY !== true) throw usage('There is no terminal to ask whether you are sure: use --yes.');
        const { counts } = await client.call('GET /api/domains/:domain/accounts/:local', { params });
        const files = counts.files === 1 ? 'a file' : `${counts.files} files`;
        const typed = await askLine(
          terminal,
          `This deletes ${jid} with all contacts and messages and ${files} (${bytes(counts.fileBytes)})${given.now ? ', for good' : ''}.\nType the address to go on: `,
        );
        if (typed.trim() !== jid) throw usage('That is not the address; nothing was deleted.');
      }
      const reply = await client.call('DELETE /api/domains/:domain/accounts/:local', {
        params,
        query: { confirm: jid, ...(given.now && { now: 'yes' as const }) },
      });
      const until = reply.removeAt === null ? '' : ` Until ${when(reply.removeAt)} “user restore” brings it back.`;
      print(reply, `Deleted ${jid}.${until}\n`);
    },
  },
];

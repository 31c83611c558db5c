import type { Administrator, ReplyOf, Role } from '../../http/contract/index.ts';
import { askLine } from '../ask.ts';
import { usage } from '../failure.ts';
import { pairs, plain, table, when } from '../text.ts';
import type { Context, Verb } from '../verb.ts';

const ROLES: readonly Role[] = ['owner', 'admin', 'help-desk', 'auditor'];

function role(text: string): Role {
  const found = ROLES.find((one) => one === text);
  if (found === undefined) throw usage(`“${text}” is no role. There are ${ROLES.join(', ')}.`);
  return found;
}

function handOver({ name, url, code, expiresAt, fingerprint }: ReplyOf<'POST /api/admins'>['link']): string {
  return `${plain(name)} chooses a password here:\n${pairs([
    ['Link', `${url}#${code}`],
    ['Code', code],
    ['Valid until', when(expiresAt)],
    ['Certificate', fingerprint],
  ])}`;
}

function proofs({ codes, passkeys }: Administrator): string {
  const all = [...(codes ? ['codes'] : []), ...(passkeys > 0 ? [`${passkeys} passkeys`] : [])];
  return all.length === 0 ? 'password only' : all.join(', ');
}

async function sure({ given, terminal }: Context, question: string): Promise<void> {
  if (given.yes) return;
  if (terminal.stdin.isTTY !== true) throw usage('There is nobody to ask: say --yes if you are sure.');
  if (!/^y(es)?$/i.test((await askLine(terminal, `${question} (yes/no) `)).trim())) throw usage('Nothing was changed.');
}

/** Who may run the house. `admin reset` is in house.ts. */
export const admins: readonly Verb[] = [
  {
    words: 'admin list',
    args: [],
    options: [],
    summary: 'who the administrators are, what they may do, and how they sign in',
    async run({ client, print }) {
      const reply = await client.call('GET /api/admins', {});
      const rows = reply.administrators.map((one) => [
        one.name,
        one.role,
        one.state,
        proofs(one),
        one.lastSeen === null ? '' : when(one.lastSeen),
      ]);
      print(reply, table(['NAME', 'ROLE', 'STATE', 'SIGNS IN BY', 'LAST SEEN'], rows));
    },
  },
  {
    words: 'admin add',
    args: ['NAME', 'ROLE'],
    options: [],
    summary: 'make an administrator: owner, admin, help-desk or auditor; prints a one-time link',
    async run({ client, print }, [name = '', wanted = '']) {
      const reply = await client.call('POST /api/admins', { body: { name, role: role(wanted) } });
      print(reply, handOver(reply.link));
    },
  },
  {
    words: 'admin role',
    args: ['NAME', 'ROLE'],
    options: [],
    summary: 'give an administrator another role: owner, admin, help-desk or auditor',
    async run({ client, print }, [name = '', wanted = '']) {
      const body = { role: role(wanted) };
      const reply = await client.call('POST /api/admins/:name/role', { params: { name }, body });
      print(reply, `${plain(reply.administrator.name)} is ${reply.administrator.role} now.\n`);
    },
  },
  {
    words: 'admin disable',
    args: ['NAME'],
    options: [],
    summary: 'keep an administrator out',
    async run({ client, print }, [name = '']) {
      const reply = await client.call('POST /api/admins/:name/disable', { params: { name } });
      print(reply, `${plain(reply.administrator.name)} is disabled and signed out.\n`);
    },
  },
  {
    words: 'admin enable',
    args: ['NAME'],
    options: [],
    summary: 'let an administrator in again',
    async run({ client, print }, [name = '']) {
      const reply = await client.call('POST /api/admins/:name/enable', { params: { name } });
      print(reply, `${plain(reply.administrator.name)} may sign in again.\n`);
    },
  },
  {
    words: 'admin remove',
    args: ['NAME'],
    options: ['yes'],
    summary: 'remove an administrator',
    async run(context, [name = '']) {
      await sure(context, `Remove the administrator ${name}?`);
      const reply = await context.client.call('DELETE /api/admins/:name', { params: { name } });
      context.print(reply, `${plain(name)} is no administrator any more.\n`);
    },
  },
  {
    words: 'admin password-only',
    args: ['NAME'],
    options: ['yes'],
    summary: 'take away codes and passkeys that were lost: the password alone lets in',
    async run(context, [name = '']) {
      await sure(context, `Take away the codes and passkeys of ${name}?`);
      const reply = await context.client.call('DELETE /api/admins/:name/second-factor', { params: { name } });
      context.print(reply, `${plain(name)} signs in by the password alone.\n`);
    },
  },
  {
    words: 'admin sessions',
    args: ['NAME'],
    options: [],
    summary: 'the browsers in which an administrator is signed in',
    async run({ client, print }, [name = '']) {
      const reply = await client.call('GET /api/admins/:name/sessions', { params: { name } });
      const rows = reply.sessions.map((one) => [
        one.id,
        one.address,
        when(one.createdAt),
        when(one.lastSeen),
        plain(one.agent),
      ]);
      print(reply, table(['ID', 'ADDRESS', 'SINCE', 'LAST SEEN', 'BROWSER'], rows));
    },
  },
  {
    words: 'admin sign-out',
    args: ['NAME', '[ID]'],
    options: [],
    summary: 'sign an administrator out of all browsers, or of one',
    async run({ client, print }, [name = '', id]) {
      if (id !== undefined) {
        const params = { name, session: id };
        print(
          await client.call('DELETE /api/admins/:name/sessions/:session', { params }),
          'The browser is signed out.\n',
        );
        return;
      }
      const reply = await client.call('DELETE /api/admins/:name/sessions', { params: { name } });
      print(reply, `${reply.ended} browsers are signed out.\n`);
    },
  },
];

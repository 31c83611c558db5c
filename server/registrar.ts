import { CommandError, type CommandErrorCode } from './commands/command-error.ts';
import type { Commands } from './commands/index.ts';
import type { Ticket } from './commands/registration.ts';
import type { Registrar } from './host/registrar.ts';
import type { Account } from './storage/stores/accounts.ts';
import { StanzaError, type StanzaErrorCondition } from './xmpp/stanza-error.ts';

/** XEP-0077 §3, XEP-0445 §5: how a refusal is said to a client. */
const CONDITIONS: Partial<Record<CommandErrorCode, StanzaErrorCondition>> = {
  'account-exists': 'conflict',
  'account-not-found': 'item-not-found',
  'domain-not-found': 'item-not-found',
  'link-expired': 'item-not-found',
  'link-unknown': 'item-not-found',
  'link-used': 'item-not-found',
  'not-allowed': 'not-allowed',
  'too-many': 'resource-constraint',
};

const bareOf = ({ local, domain }: Account): string => `${local}@${domain}`;

/** The commands as clients meet them: what is refused becomes a stanza error. */
export function registrarOf(commands: () => Commands): Registrar {
  const registration = () => commands().registration;
  const mayAdminister = (account: Account) => commands().chatAdmins.has(bareOf(account));
  return {
    rule: (domain) => registration().rule(domain),
    ticket: (domain, token, address) => said(registration().ticket(domain, token, address)),
    register: async ({ ticket, ...wish }) =>
      void (await said(registration().register({ ...wish, ticket: ticket as Ticket | undefined, door: 'chat' }))),
    changePassword: (session, password) => said(commands().accounts.changeOwnPassword(session, password)),
    mayRemoveOwn: (domain) => registration().mayRemoveOwn(domain),
    removeOwn: (account) => {
      const jid = bareOf(account);
      return said(commands().accounts.remove({ name: jid, door: 'chat' }, account.domain, account.local, jid));
    },
    mayInvite: async (account) => {
      const admin = await mayAdminister(account);
      return {
        toContacts: commands().invitations.mayInviteTo(account.domain, admin) !== 'nobody',
        toAccounts: admin && registration().rule(account.domain) !== 'closed',
      };
    },
    invite: async (account) =>
      linkOf(await said(commands().invitations.createOwn(account, await mayAdminister(account)))),
    inviteToAccount: async (account, local, introduced) => {
      if (!(await mayAdminister(account))) throw new StanzaError('forbidden');
      const by = { name: bareOf(account), door: 'chat' } as const;
      const wish = { local, ...(introduced && { contact: bareOf(account) }) };
      return linkOf(await said(commands().invitations.create(by, account.domain, wish)));
    },
    welcome: (token, account, contact, local) => said(registration().welcome(token, account, contact, local)),
    befriend: (one, other) => registration().befriend(one, other),
  };
}

function linkOf({ url, uri, invitation }: { url: string; uri: string; invitation: { expiresAt: number } }) {
  return { url, uri, expiresAt: invitation.expiresAt };
}

async function said<T>(done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new StanzaError(CONDITIONS[error.code] ?? 'not-acceptable', error.message);
  }
}

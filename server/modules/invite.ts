import type { AdHocCommand, CommandOutcome } from '../host/ad-hoc.ts';
import { commandNodes } from '../host/ad-hoc.ts';
import type { IqRequest } from '../host/iq.ts';
import type { Module } from '../host/module.ts';
import type { InvitationResult, Registrar } from '../host/registrar.ts';
import type { Account } from '../storage/stores/accounts.ts';
import { dateTime } from '../xmpp/delay.ts';
import { NS } from '../xmpp/ns.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

const RESULT = `${NS.invite}#invitation`;

/** Ad-hoc account invitations (XEP-0401): to one's contact list, and, for administrators in chat, to an account. */
export function invite(registrar: Registrar): Module {
  return {
    name: 'invite',
    xep: [401, '0.6.0'],
    start() {
      const commands = [toContacts(registrar), toAccounts(registrar)];
      return { commands, nodes: commandNodes(commands) };
    },
  };
}

/** The account that asks; only sessions of the house invite. */
function ownerOf({ session }: IqRequest): Account {
  if (session === undefined) throw new StanzaError('forbidden');
  return session.account;
}

/** §5.1: answers at once. */
function toContacts(registrar: Registrar): AdHocCommand {
  return {
    node: `${NS.invite}#invite`,
    name: 'Invite somebody to your contact list',
    formTypes: [undefined, RESULT],
    fields: [],
    may: async ({ session }) => session !== undefined && (await registrar.mayInvite(session.account)).toContacts,
    run: async (request) => told(await registrar.invite(ownerOf(request))),
  };
}

/** §5.4. */
function toAccounts(registrar: Registrar): AdHocCommand {
  return {
    node: `${NS.invite}#create-account`,
    name: 'Invite somebody to an account',
    formTypes: [undefined, RESULT],
    fields: [
      { name: 'username', type: 'text-single', label: 'Name, if you choose it for them' },
      { name: 'roster-subscription', type: 'boolean', label: 'Become each other’s contacts', values: ['1'] },
    ],
    may: async ({ session }) => session !== undefined && (await registrar.mayInvite(session.account)).toAccounts,
    async run(request, values) {
      const local = values.get('username')?.[0] ?? '';
      const introduced = !['0', 'false'].includes(values.get('roster-subscription')?.[0] ?? '1');
      return told(await registrar.inviteToAccount(ownerOf(request), local, introduced));
    },
  };
}

function told({ uri, url, expiresAt }: InvitationResult): CommandOutcome {
  return {
    fields: [
      { name: 'uri', type: 'text-single', label: 'Link for chat apps', values: [uri] },
      { name: 'landing-url', type: 'text-single', label: 'Page to open in a browser', values: [url] },
      { name: 'expire', type: 'text-single', label: 'Good until', values: [dateTime(expiresAt)] },
    ],
  };
}

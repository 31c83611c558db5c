import { CommandError } from '../commands/command-error.ts';
import type { Field } from '../xmpp/data-form.ts';
import { type AdminCommand, type Call, localOf, ONE, value } from './ad-hoc-commands.ts';

/** A text of several lines is several values (XEP-0004 §3.3). */
function text(call: Call, name: string): string {
  return (call.values.get(name) ?? []).join('\n');
}

const ANNOUNCEMENT: Field = { name: 'announcement', type: 'text-multi', label: 'What to tell', required: true };
const MOTD: Field = { name: 'motd', type: 'text-multi', label: 'The message of the day', required: true };

/** Of the own domain: who administers one makes nobody administrator of another. */
async function administrators({ commands, domain }: Call): Promise<string[]> {
  return (await commands.chatAdmins.list()).filter((jid) => jid.endsWith(`@${domain}`));
}

function announcing(node: string, name: string, audience: 'all' | 'online'): AdminCommand {
  return {
    node,
    name,
    fields: [ANNOUNCEMENT],
    async run(call) {
      const { commands, actor, domain } = call;
      await commands.announcements.announce(actor, { text: text(call, 'announcement'), audience, domain });
      return { note: 'They are being told.' };
    },
  };
}

/**
 * What concerns everybody, or the office. Not of XEP-0133: lists of who is idle or active, which nobody here keeps; lists of
 * who may not write to the server (there are settings for that); a welcome; restarting and stopping, which are the service
 * manager's; and reading a password, which is withdrawn.
 */
export const HOUSE_COMMANDS: readonly AdminCommand[] = [
  announcing('announce', 'Tell everybody who is online', 'online'), // §4.23
  // Not in the XEP; other servers call it so.
  announcing('announce-all', 'Tell everybody', 'all'),
  {
    node: 'set-motd', // §4.24
    name: 'Set the message of the day',
    fields: [MOTD],
    async run(call) {
      const { commands, actor, domain } = call;
      await commands.announcements.setMotd(actor, { text: text(call, 'motd'), domain });
      return { note: 'Everybody is given it once, at the next login.' };
    },
  },
  {
    node: 'edit-motd', // §4.25
    name: 'Correct the message of the day',
    fields: [MOTD],
    async ask({ commands, domain }) {
      const [motd] = await commands.announcements.motd(domain);
      return [{ ...MOTD, values: motd === undefined || motd.text === '' ? [] : motd.text.split('\n') }];
    },
    async run(call) {
      const { commands, actor, domain } = call;
      await commands.announcements.setMotd(actor, { text: text(call, 'motd'), domain, edit: true });
      return { note: 'Who has seen it before is not given it again.' };
    },
  },
  {
    node: 'delete-motd', // §4.26
    name: 'Take the message of the day away',
    fields: [],
    async run({ commands, actor, domain }) {
      await commands.announcements.clearMotd(actor, domain);
      return { note: 'There is none any more.' };
    },
  },
  {
    node: 'get-user-roster', // §4.8
    name: 'Whom somebody has in their list',
    fields: [{ ...ONE, name: 'accountjids' }],
    async run(call) {
      const local = localOf(call, value(call, 'accountjids'));
      const { contacts, total } = await call.commands.accounts.contacts(call.domain, local);
      return {
        note: contacts.length < total ? `The first ${contacts.length} of ${total}.` : `${total} in all.`,
        fields: [{ name: 'contactjids', type: 'jid-multi', label: 'Contacts', values: contacts }],
      };
    },
  },
  {
    node: 'edit-admin', // §4.29
    name: 'Who may use these commands',
    fields: [],
    async ask(call) {
      const label = 'The addresses of those who may';
      return [{ name: 'adminjids', type: 'jid-multi', label, values: await administrators(call) }];
    },
    async run(call) {
      const { commands, actor, values, domain } = call;
      const wanted = new Set((values.get('adminjids') ?? []).map((jid) => `${localOf(call, jid)}@${domain}`));
      if (!wanted.has(actor.name)) throw new CommandError('invalid', 'You cannot take yourself off the list.');
      const before = new Set(await administrators(call));
      // First all who come, so that a name that is nobody's changes nothing for those who are there.
      for (const jid of wanted) if (!before.has(jid)) await commands.chatAdmins.set(actor, jid, true);
      for (const jid of before) if (!wanted.has(jid)) await commands.chatAdmins.set(actor, jid, false);
      return { note: `There are ${wanted.size} of them now.` };
    },
  },
];

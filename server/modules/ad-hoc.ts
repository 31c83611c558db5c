import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { CommandError } from '../commands/command-error.ts';
import type { Commands } from '../commands/index.ts';
import { type AdHocCommand, type CommandOutcome, commandNodes } from '../host/ad-hoc.ts';
import type { Host } from '../host/host.ts';
import type { IqRequest } from '../host/iq.ts';
import type { Module } from '../host/module.ts';
import { dataForm, type Field, readForm } from '../xmpp/data-form.ts';
import { type Element, el } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { type AdminCommand, type Call, USER_COMMANDS } from './ad-hoc-commands.ts';
import { HOUSE_COMMANDS } from './ad-hoc-house.ts';

const SESSIONS = 1_000;
const SESSION_MS = 10 * 60_000;

/**
 * Ad-hoc commands (XEP-0050), those of all modules, with those of service administration (XEP-0133 §4): for
 * those whom the office made administrators in chat, by the very functions behind the panel. `commands` is asked when it is
 * needed, as it is made after the hosts are.
 */
export function adHoc(commands: () => Commands): Module {
  return {
    name: 'ad-hoc',
    xep: [133, '1.3.1'],
    also: [[50, '1.3.0']],
    start(host) {
      const sessions = new LRUCache<string, string>({ max: SESSIONS, ttl: SESSION_MS });
      const administration = [...USER_COMMANDS, ...HOUSE_COMMANDS].map((command) =>
        forAdministrators(host, commands, command),
      );
      const offered = async (request: IqRequest): Promise<AdHocCommand[]> => {
        const found: AdHocCommand[] = [];
        for (const command of all(host)) if (await command.may(request)) found.push(command);
        return found;
      };
      const list = {
        node: NS.commands,
        items: async (request: IqRequest) =>
          (await offered(request)).map(({ node, name }) => el('item', { jid: host.domain, node, name })),
        info: async (request: IqRequest) => {
          if ((await offered(request)).length === 0) throw new StanzaError('forbidden');
          return [
            el('identity', { category: 'automation', type: 'command-list', name: 'Commands' }),
            ...[NS.commands, NS.dataForms].map((feature) => el('feature', { var: feature })),
          ];
        },
      };
      return {
        features: [NS.commands],
        commands: administration,
        nodes: [list, ...commandNodes(administration)],
        iq: [
          {
            type: 'set',
            scope: 'host',
            xmlns: NS.commands,
            name: 'command',
            handle: (request) => execute(host, sessions, request),
          },
        ],
      };
    },
  };
}

const all = (host: Host): AdHocCommand[] => host.wirings.flatMap((wiring) => wiring.commands ?? []);

/** Only local sessions of people whom the office made administrators in chat. */
function forAdministrators(host: Host, commands: () => Commands, command: AdminCommand): AdHocCommand {
  const { ask } = command;
  const call = ({ stanza }: IqRequest, values: Call['values']): Call => ({
    commands: commands(),
    domain: host.domain,
    actor: { name: stanza.from.bare, door: 'chat' },
    values,
  });
  return {
    node: `${NS.admin}#${command.node}`,
    name: command.name,
    formTypes: [NS.admin, NS.admin],
    fields: command.fields,
    may: async ({ session, stanza }) => session !== undefined && (await commands().chatAdmins.has(stanza.from.bare)),
    ...(ask !== undefined && { ask: (request) => ask(call(request, new Map())) }),
    async run(request, values) {
      try {
        return await command.run(call(request, values));
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        throw new StanzaError(CONDITIONS[error.code] ?? 'not-acceptable', error.message);
      }
    },
  };
}

async function execute(host: Host, sessions: LRUCache<string, string>, request: IqRequest): Promise<Element> {
  const { payload, stanza } = request;
  const command = all(host).find(({ node }) => node === payload.attrs.node);
  if (command === undefined) throw new StanzaError('item-not-found', 'There is no such command.'); // XEP-0050 §4.5
  if (!(await command.may(request))) throw new StanzaError('forbidden');
  const key = `${stanza.from.full} ${command.node}`;
  const given: string | undefined = payload.attrs.sessionid;
  const action: string = payload.attrs.action ?? 'execute';
  const answer = (id: string, status: string, ...children: (Element | false)[]): Element =>
    el('command', { xmlns: NS.commands, node: command.node, sessionid: id, status }, ...children);
  if (given !== undefined && sessions.get(given) !== key) {
    throw new StanzaError('bad-request', 'This command is not under way.', {
      detail: el('bad-sessionid', { xmlns: NS.commands }),
    });
  }
  if (given !== undefined && action === 'cancel') {
    sessions.delete(given);
    return answer(given, 'canceled');
  }
  if (!['execute', 'complete', 'next'].includes(action)) {
    throw new StanzaError('bad-request', 'The command has no such action.', {
      detail: el('bad-action', { xmlns: NS.commands }),
    });
  }
  const form = readForm(payload);
  const fields = given !== undefined ? [] : ((await command.ask?.(request)) ?? command.fields);
  if (fields.length > 0) {
    const id = randomBytes(18).toString('base64url');
    sessions.set(id, key);
    return answer(id, 'executing', el('actions', { execute: 'complete' }, el('complete')), question(command, fields));
  }
  const outcome = await command.run(request, form?.values ?? new Map());
  const id = given ?? randomBytes(18).toString('base64url');
  sessions.delete(id);
  return answer(id, 'completed', note(outcome), result(command, outcome));
}

const CONDITIONS: Partial<Record<CommandError['code'], 'conflict' | 'item-not-found'>> = {
  'account-exists': 'conflict',
  'account-not-found': 'item-not-found',
  'domain-not-found': 'item-not-found',
  'session-not-found': 'item-not-found',
};

function question({ name, formTypes: [formType] }: AdHocCommand, fields: readonly Field[]): Element {
  return dataForm({ type: 'form', ...(formType !== undefined && { formType }), title: name, fields });
}

function note({ note: text }: CommandOutcome): Element | false {
  return text !== undefined && el('note', { type: 'info' }, text);
}

function result({ name, formTypes: [, formType] }: AdHocCommand, { fields }: CommandOutcome): Element | false {
  if (fields === undefined) return false;
  return dataForm({ type: 'result', ...(formType !== undefined && { formType }), title: name, fields });
}

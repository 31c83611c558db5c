import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { CommandError } from '../commands/command-error.ts';
import type { Commands } from '../commands/index.ts';
import type { Host } from '../host/host.ts';
import type { IqRequest } from '../host/iq.ts';
import type { Module } from '../host/module.ts';
import { dataForm, readForm } from '../xmpp/data-form.ts';
import { type Element, el } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { type AdminCommand, type Outcome, USER_COMMANDS } from './ad-hoc-commands.ts';

const SESSIONS = 1_000;
const SESSION_MS = 10 * 60_000;

/**
 * Ad-hoc commands (XEP-0050) with the user commands of service administration (XEP-0133 §4): for those whom the office made
 * administrators in chat, by the very functions behind the panel. `commands` is asked when it is needed, as it is made after
 * the hosts are.
 */
export function adHoc(commands: () => Commands): Module {
  return {
    name: 'ad-hoc',
    xep: [133, '1.3.1'],
    start(host) {
      const sessions = new LRUCache<string, string>({ max: SESSIONS, ttl: SESSION_MS });
      const items = async (request: IqRequest): Promise<Element[]> =>
        (await mayAdminister(commands(), request))
          ? USER_COMMANDS.map(({ node, name }) => el('item', { jid: host.domain, node: nodeOf(node), name }))
          : [];
      const info = (name: string, type: string) => async (request: IqRequest) => {
        if (!(await mayAdminister(commands(), request))) throw new StanzaError('forbidden');
        return [
          el('identity', { category: 'automation', type, name }),
          ...[NS.commands, NS.dataForms].map((feature) => el('feature', { var: feature })),
        ];
      };
      return {
        features: [NS.commands],
        nodes: [
          { node: NS.commands, items, info: info('Commands', 'command-list') },
          ...USER_COMMANDS.map(({ node, name }) => ({ node: nodeOf(node), info: info(name, 'command-node') })),
        ],
        iq: [
          {
            type: 'set',
            scope: 'host',
            xmlns: NS.commands,
            name: 'command',
            handle: (request) => execute(host, commands(), sessions, request),
          },
        ],
      };
    },
  };
}

const nodeOf = (name: string): string => `${NS.admin}#${name}`;

/** Only local sessions of people whom the office made administrators in chat. */
async function mayAdminister(commands: Commands, { session, stanza }: IqRequest): Promise<boolean> {
  return session !== undefined && (await commands.chatAdmins.has(stanza.from.bare));
}

async function execute(
  host: Host,
  commands: Commands,
  sessions: LRUCache<string, string>,
  request: IqRequest,
): Promise<Element> {
  const { payload, stanza } = request;
  const command = USER_COMMANDS.find(({ node }) => nodeOf(node) === payload.attrs.node);
  if (command === undefined) throw new StanzaError('item-not-found', 'There is no such command.'); // XEP-0050 §4.5
  if (!(await mayAdminister(commands, request))) throw new StanzaError('forbidden');
  const key = `${stanza.from.full} ${command.node}`;
  const given: string | undefined = payload.attrs.sessionid;
  const action: string = payload.attrs.action ?? 'execute';
  const answer = (id: string, status: string, ...children: (Element | false)[]): Element =>
    el('command', { xmlns: NS.commands, node: nodeOf(command.node), sessionid: id, status }, ...children);
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
  if (given === undefined && command.fields.length > 0) {
    const id = randomBytes(18).toString('base64url');
    sessions.set(id, key);
    return answer(id, 'executing', el('actions', { execute: 'complete' }, el('complete')), question(command));
  }
  const actor = { name: stanza.from.bare, door: 'chat' } as const;
  const outcome = await run(command, commands, host, actor, form?.values ?? new Map());
  const id = given ?? randomBytes(18).toString('base64url');
  sessions.delete(id);
  return answer(id, 'completed', note(outcome), outcome.fields !== undefined && result(command, outcome));
}

async function run(
  command: AdminCommand,
  commands: Commands,
  host: Host,
  actor: { name: string; door: 'chat' },
  values: ReadonlyMap<string, readonly string[]>,
): Promise<Outcome> {
  try {
    return await command.run({ commands, domain: host.domain, actor, values });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new StanzaError(CONDITIONS[error.code] ?? 'not-acceptable', error.message);
  }
}

const CONDITIONS: Partial<Record<CommandError['code'], 'conflict' | 'item-not-found'>> = {
  'account-exists': 'conflict',
  'account-not-found': 'item-not-found',
  'domain-not-found': 'item-not-found',
  'session-not-found': 'item-not-found',
};

function question(command: AdminCommand): Element {
  const { name, fields } = command;
  return dataForm({ type: 'form', formType: NS.admin, title: name, fields });
}

function note({ note: text }: Outcome): Element {
  return el('note', { type: 'info' }, text);
}

function result({ name }: AdminCommand, { fields }: Outcome): Element {
  return dataForm({ type: 'result', formType: NS.admin, title: name, fields: fields! });
}

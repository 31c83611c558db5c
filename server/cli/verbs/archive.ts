import type { AppliedRule } from '../../http/contract/index.ts';
import { askLine } from '../ask.ts';
import { usage } from '../failure.ts';
import { table } from '../text.ts';
import { type Context, type Given, number, type Verb } from '../verb.ts';

/** How long messages are kept, in words. */
function kept({ days, silent }: { readonly days: number; readonly silent: boolean }): string {
  const length = days === 0 ? 'for ever' : days === 1 ? '1 day' : `${days} days`;
  return silent ? `nothing from now on; what was before: ${length}` : length;
}

/** The domain that is meant: the one that is named, or the first. */
async function where({ client, given }: Context): Promise<string> {
  if (given.domain !== undefined) return given.domain;
  const { domains } = await client.call('GET /api/domains', {});
  return domains[0]?.name ?? '';
}

function whose({ room, department }: Given): { kind: 'domain' | 'room' | 'department'; name?: string } {
  if (room !== undefined && department !== undefined) throw usage('Either --room or --department.');
  if (room !== undefined) return { kind: 'room', name: room };
  return department === undefined ? { kind: 'domain' } : { kind: 'department', name: department };
}

function ruleOf(text: string): { days: number; silent: boolean } | null {
  if (text === 'default') return null;
  if (text === 'forever') return { days: 0, silent: false };
  if (text === 'nothing') return { days: 0, silent: true };
  const days = number(text, 'Give a number of days, or: forever, nothing, default.');
  // On the wire 0 is for ever; who types it may as well mean that nothing is to be kept.
  if (days === 0)
    throw usage('Messages are kept for one day at least. To keep nothing say: nothing; for ever: forever.');
  return { days, silent: false };
}

const BY: Readonly<Record<AppliedRule['by'], (name: string) => string>> = {
  standard: () => 'as nobody has decided anything',
  domain: (name) => `as for all of ${name}`,
  department: (name) => `by the rule of the department ${name}`,
  room: () => 'by its own rule',
};

export const archive: readonly Verb[] = [
  {
    words: 'archive rules',
    args: [],
    options: ['domain'],
    summary: 'how long messages are kept, in the domain and where it is another time',
    async run(context) {
      const { client, print } = context;
      const reply = await client.call('GET /api/archive/rules', { query: { domain: await where(context) } });
      const own = reply.rules.some(({ kind }) => kind === 'domain');
      const rows = reply.rules.map((rule) => [rule.kind, rule.name, kept(rule)]);
      if (!own) rows.unshift(['domain', reply.domain, 'for ever']);
      print(reply, table(['WHAT', 'NAME', 'KEPT'], rows));
    },
  },
  {
    words: 'archive applies',
    args: [],
    options: ['domain', 'person', 'room'],
    summary: 'how long the messages of one person or room are kept, and why',
    async run(context) {
      const { client, given, print } = context;
      if ((given.person === undefined) === (given.room === undefined)) throw usage('Either --person or --room.');
      const who = given.room === undefined ? { person: given.person! } : { room: given.room };
      const reply = await client.call('GET /api/archive/applies', { query: { domain: await where(context), ...who } });
      const because = reply.domainSilent ? 'as nothing is kept in the domain' : BY[reply.by](reply.name);
      print(reply, `Kept: ${kept(reply)}, ${because}.\n`);
    },
  },
  {
    words: 'archive keep',
    args: ['DAYS'],
    options: ['domain', 'room', 'department', 'remove', 'yes'],
    summary: 'keep messages so many days, or: forever, nothing (from now on), default (no rule of its own)',
    async run(context, [days = '']) {
      const { client, given, print, terminal } = context;
      const remove = given.remove === true ? { remove: true } : {};
      const [domain, place, rule] = [await where(context), whose(given), ruleOf(days)];
      if (rule?.silent === true) {
        // What was kept so far goes when it would have gone.
        const { rules } = await client.call('GET /api/archive/rules', { query: { domain } });
        const name = place.kind === 'room' ? place.name?.toLowerCase().split('@', 1)[0] : (place.name ?? domain);
        const held = rules.find((one) => one.kind === place.kind && one.name === name);
        rule.days = held?.days ?? 0;
      }
      const body = { domain, ...place, rule, ...remove };
      const effect = await client.call('POST /api/archive/rules/effect', { body });
      const many = `${effect.more ? 'More than ' : ''}${effect.messages} messages`;
      if (effect.messages > 0 && given.yes !== true) {
        if (terminal.stdin.isTTY !== true)
          throw usage(`${many} would go for good. There is no terminal to ask whether you are sure: use --yes.`);
        const answer = await askLine(terminal, `${many} will go for good. Type “yes” to go on: `);
        if (answer.trim() !== 'yes') throw usage('Nothing was changed.');
      }
      const { at, messages } = effect;
      const reply = await client.call('PUT /api/archive/rules', { body: { ...body, at, messages } });
      print(reply, effect.messages === 0 ? 'It holds. Nothing goes by it now.\n' : `It holds. ${many} are going.\n`);
    },
  },
];

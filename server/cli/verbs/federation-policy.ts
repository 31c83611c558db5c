import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { BodyOf, FederationPolicy, FederationRule } from '../../http/contract/index.ts';
import { departmentNamed } from '../department-name.ts';
import { usage } from '../failure.ts';
import { pairs, plain, table, when } from '../text.ts';
import { type Context, type Given, type Verb, whole } from '../verb.ts';

type Wish = BodyOf<'PUT /api/federation/rules/:pattern'>;
type Settled = { readonly released: number; readonly dropped: number };

const DEFAULTS = {
  closed: 'this house talks only with those whom a rule allows',
  ask: 'the first messages wait in the inbox until you decide (“federation inbox”)',
  open: 'this house talks with everybody whom no rule denies',
} as const;

const tlsOf = (version: 'TLSv1.2' | 'TLSv1.3'): string => version.replace('TLSv', 'TLS ');
const PROOFS = {
  certificate: 'by a certificate that everybody trusts, and nothing else',
  dialback: 'by certificate, or by dialback where there is none',
} as const;

const day = (time: number): string => when(time).slice(0, 10);

/** The end of a day, here. Throws Failure. */
export function endOf(text: string): number {
  const end = new Date(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T23:59:59.999` : Number.NaN);
  if (Number.isNaN(end.getTime())) throw usage('Write the day like 2026-01-31.');
  // Dates take the 31st of February for the 3rd of March.
  if (end.getDate() !== Number(text.slice(8))) throw usage(`There is no day ${text}.`);
  return end.getTime();
}

function tls(text: string | undefined): 'TLSv1.2' | 'TLSv1.3' | undefined {
  if (text === undefined) return undefined;
  if (text !== '1.2' && text !== '1.3') throw usage('--tls is 1.2 or 1.3.');
  return `TLSv${text}`;
}

function proof(text: string | undefined): 'certificate' | 'dialback' | undefined {
  if (text === undefined) return undefined;
  if (text !== 'certificate' && text !== 'dialback') throw usage('--proof is certificate or dialback.');
  return text;
}

function file(name: string): string {
  try {
    return readFileSync(resolve(name), 'utf8');
  } catch (error) {
    throw usage(`The file ${name} cannot be read: ${(error as NodeJS.ErrnoException).code}.`);
  }
}

/** What is not named stays as it is; an empty value takes it away. */
function ruleOf(verdict: Wish['verdict'], { reason, until, tls: least, proof: how, address, authority }: Given): Wish {
  return {
    verdict,
    keep: true,
    ...(reason !== undefined && { reason }),
    ...(until !== undefined && { until: until === '' ? null : endOf(until) }),
    ...(least !== undefined && { leastTls: least === '' ? null : (tls(least) ?? null) }),
    ...(how !== undefined && { proof: how === '' ? null : (proof(how) ?? null) }),
    ...(address !== undefined && { address: address === '' ? null : address }),
    ...(authority !== undefined && { authority: authority === '' ? null : file(authority) }),
  };
}

/** What became of what waited for this. */
function settled({ released, dropped }: Settled): string {
  const many = (count: number, what: string): string =>
    count === 0
      ? ''
      : `${count} ${count === 1 ? 'message or request that waited was' : 'messages and requests that waited were'} ${what}.\n`;
  return many(released, 'delivered') + many(dropped, 'dropped, and who wrote them here was told');
}

/** What a rule asks for beside its verdict. */
function terms({ leastTls, proof: how, address, authority }: FederationRule): string {
  return [
    leastTls === null ? '' : `${tlsOf(leastTls)} at least`,
    how === null ? '' : how === 'dialback' ? 'dialback will do' : 'certificate only',
    address === null ? '' : `at ${address}`,
    authority === null ? '' : 'authority of its own',
  ]
    .filter((text) => text !== '')
    .join(', ');
}

function rowOf(rule: FederationRule): string[] {
  const { pattern, verdict, until, expired, reason, author, at } = rule;
  const end = until === null ? '' : expired ? `ended ${day(until)}` : day(until);
  return [pattern, verdict, end, terms(rule), `${author}, ${day(at)}`, reason];
}

function shown(policy: FederationPolicy): string {
  const about = pairs([
    ['Other servers', `${policy.default}: ${DEFAULTS[policy.default]}`],
    ['Encryption', `${tlsOf(policy.leastTls)} at least`],
    ['They show who they are', PROOFS[policy.proof]],
    [
      'Private networks',
      policy.privateAddresses ? 'other servers may be in them' : 'only where a rule names the address',
    ],
    [
      'Who may talk outside',
      policy.outside === 'everyone'
        ? 'everyone'
        : [
            `${policy.people} chosen ${policy.people === 1 ? 'person' : 'people'}`,
            ...policy.chosenDepartments.map(({ name }) => `everybody in ${name}`),
          ].join(', '),
    ],
  ]);
  if (policy.rules.length === 0)
    return `${about}\nThere are no rules yet: “hallwayctl federation allow DOMAIN” makes one.\n`;
  return `${about}\n${table(['DOMAIN', 'RULE', 'UNTIL', 'WITH', 'BY', 'WHY'], policy.rules.map(rowOf))}`;
}

type General = Omit<BodyOf<'PUT /api/federation/policy'>, 'version' | 'rules' | 'people' | 'departments'>;

/** Changes what holds for all; somebody else who does so in the same moment is not overwritten. */
async function change(
  { client, print }: Context,
  wish: Partial<General>,
  text: (policy: FederationPolicy) => string,
): Promise<void> {
  const {
    version,
    default: standard,
    leastTls,
    proof: how,
    privateAddresses,
    outside,
  } = await client.call('GET /api/federation/policy', {});
  const body = { default: standard, leastTls, proof: how, privateAddresses, outside, ...wish, version };
  const reply = await client.call('PUT /api/federation/policy', { body });
  print(reply, `${text(reply)}\n${settled(reply)}`);
}

function standard(words: 'closed' | 'ask' | 'open', verb: string, summary: string): Verb {
  return {
    words: `federation ${verb}`,
    args: [],
    options: [],
    summary,
    run: (context) => change(context, { default: words }, () => `From now on ${DEFAULTS[words]}.`),
  };
}

/** The whole rule in words. */
function decided(rule: FederationRule): string {
  const { pattern, verdict, reason } = rule;
  const [says, and] = verdict === 'allow' ? ['talks with', 'and'] : ['does not talk with', 'or'];
  const whom = pattern.startsWith('*.') ? `${pattern} and not the name itself` : `${pattern} ${and} any name below it`;
  const until = rule.until === null ? '' : ` until ${day(rule.until)}`;
  const asked = terms(rule);
  const [now, kept] = asked === '' ? ['', ''] : verdict === 'allow' ? [` (${asked})`, ''] : ['', asked];
  return [
    `This house ${says} ${whom}${until}${now}.\n`,
    kept === '' ? '' : `Kept for when it is allowed again: ${kept}.\n`,
    reason === '' ? '' : `Why: ${plain(reason)}\n`,
  ].join('');
}

function decide(verdict: Wish['verdict'], options: Verb['options'], summary: string): Verb {
  return {
    words: `federation ${verdict}`,
    args: ['DOMAIN'],
    options,
    summary,
    async run({ client, given, print }, [pattern = '']) {
      const body = ruleOf(verdict, given);
      const reply = await client.call('PUT /api/federation/rules/:pattern', { params: { pattern }, body });
      print(reply, `${decided(reply.rule)}${settled(reply)}`);
    },
  };
}

/** With whom the house talks. */
export const federationPolicy: readonly Verb[] = [
  {
    words: 'federation policy',
    args: [],
    options: [],
    summary: 'with which other servers this house talks, and who of it may',
    async run({ client, print }) {
      const reply = await client.call('GET /api/federation/policy', {});
      print(reply, shown(reply));
    },
  },
  standard('open', 'open', 'talk with every server that no rule denies'),
  standard('ask', 'ask', 'have the first messages wait for you to decide about each new server'),
  standard('closed', 'close', 'talk only with servers that a rule allows'),
  {
    words: 'federation require',
    args: [],
    options: ['tls', 'proof', 'private'],
    summary: 'what every other server must do, unless a rule of its own says something else',
    async run(context) {
      const { given } = context;
      const [least, how] = [tls(given.tls), proof(given.proof)];
      if (given.private !== undefined && given.private !== 'yes' && given.private !== 'no')
        throw usage('--private is yes or no.');
      const wish: Partial<General> = {
        ...(least !== undefined && { leastTls: least }),
        ...(how !== undefined && { proof: how }),
        ...(given.private !== undefined && { privateAddresses: given.private === 'yes' }),
      };
      if (Object.keys(wish).length === 0) throw usage('Say what: --tls, --proof or --private.');
      await change(context, wish, shown);
    },
  },
  decide(
    'allow',
    ['reason', 'until', 'tls', 'proof', 'address', 'authority'],
    'talk with a domain and all names below it, or with *.DOMAIN for those only; an empty value takes a term away',
  ),
  decide(
    'deny',
    ['reason', 'until'],
    'do not talk with a domain and all names below it, or with *.DOMAIN for those only; what waited is dropped',
  ),
  {
    words: 'federation forget',
    args: ['DOMAIN'],
    options: [],
    summary: 'take away the rule for a domain, or for *.DOMAIN',
    async run({ client, print }, [pattern = '']) {
      const reply = await client.call('DELETE /api/federation/rules/:pattern', { params: { pattern } });
      print(reply, `There is no rule for ${pattern} any more.\n${settled(reply)}`);
    },
  },
  {
    words: 'federation outside',
    args: ['WHO'],
    options: [],
    summary: 'who may talk with other servers: everyone, or chosen people only',
    async run(context, [who = '']) {
      if (who !== 'everyone' && who !== 'chosen') throw usage('Say who: everyone, or chosen.');
      await change(context, { outside: who }, ({ people }) =>
        who === 'everyone'
          ? 'Everyone here may talk with people of other servers.'
          : `Only chosen people may talk with other servers: ${people} of them. “federation people add JID” chooses one more.`,
      );
    },
  },
  {
    words: 'federation department',
    args: ['add|remove', 'DEPARTMENT'],
    options: ['domain'],
    summary: 'let all people of a department talk with other servers, or not any more',
    async run(context, [what = '', name = '']) {
      if (what !== 'add' && what !== 'remove') throw usage('Say what to do: add, or remove.');
      const { id } = await departmentNamed(context, name);
      const reply = await context.client.call('POST /api/federation/departments', { body: { [what]: [id] } });
      const note = reply.outside === 'everyone' ? 'Everyone may talk with other servers, chosen or not.\n' : '';
      const chosen = reply.chosenDepartments.map((one) => one.name).join(', ') || 'none';
      context.print(reply, `Departments chosen now: ${chosen}.\n${note}`);
    },
  },
  {
    words: 'federation people',
    args: ['[add|remove]', 'JID…'],
    options: ['search', 'after', 'limit'],
    summary: 'who was chosen to talk with other servers; add some, or remove some',
    async run({ client, given, print }, [what, ...jids]) {
      if (what === undefined) {
        const { search, after } = given;
        const limit = whole('limit', given.limit) ?? 200;
        const query = { limit, ...(search !== undefined && { search }), ...(after !== undefined && { after }) };
        const reply = await client.call('GET /api/federation/people', { query });
        const note = reply.outside === 'everyone' ? 'Everyone may talk with other servers, chosen or not.\n' : '';
        const more = reply.next === null ? '' : `More: --after ${reply.next}\n`;
        const list = table(
          ['PERSON'],
          reply.people.map((one) => [one]),
        );
        print(reply, `${reply.people.length === 0 ? 'Nobody is chosen.\n' : list}${note}${more}`);
        return;
      }
      if ((what !== 'add' && what !== 'remove') || jids.length === 0) {
        throw usage('Say it so: “federation people”, “federation people add JID…”, “federation people remove JID…”.');
      }
      if (jids.length > 200) throw usage('At most 200 people at once.');
      const reply = await client.call('POST /api/federation/people', { body: { [what]: jids } });
      print(reply, `Chosen now: ${reply.total} ${reply.total === 1 ? 'person' : 'people'}.\n`);
    },
  },
];

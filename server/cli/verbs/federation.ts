import type { FederationAttempt, FederationWhy, ReplyOf } from '../../http/contract/index.ts';
import { Failure } from '../failure.ts';
import { pairs, plain, table, when } from '../text.ts';
import { type Verb, whole } from '../verb.ts';

/** Attempts that are told in full. */
const TOLD = 10;

const STATES = { connected: 'connected', waiting: 'no link', idle: 'idle' } as const;
const DIRECTIONS = { out: 'we called', in: 'they called' } as const;
const WHOSE = { ours: 'You can mend it', theirs: 'They have to mend it', nobody: 'What to do' } as const;
const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

function remedied({ remedy, whose }: { readonly remedy: string; readonly whose: keyof typeof WHOSE }): string {
  return remedy === '' ? '' : `${WHOSE[whose]}: ${plain(remedy)}\n`;
}

/** Where it was connected, how it was encrypted, who showed what. */
function facts(attempt: FederationAttempt): string[] {
  const { address, port, transport, protocol, cipher, theirs, ours, chain, tries, srv, certificate, refused } = attempt;
  const [leaf] = chain;
  const lines = [
    ...srv.map((words) => `DNS: ${words}`),
    ...tries.map(
      (one) =>
        `${[...new Set([one.host, one.address])].join(' ').trim()} port ${one.port} (${one.transport}): ${one.failed ?? `connected in ${one.took} ms`}`,
    ),
  ];
  if (address !== null && tries.length === 0) {
    lines.push(
      `Address: ${address}${port === null ? '' : ` port ${port}`}${transport === null ? '' : ` (${transport})`}`,
    );
  }
  if (protocol !== null) lines.push(`Encryption: ${protocol}, ${cipher ?? ''}`);
  if (leaf !== undefined) {
    lines.push(`Their certificate: ${leaf.subject}, by ${leaf.issuer}, until ${when(leaf.notAfter).slice(0, 10)}`);
    lines.push(`  for ${[...new Set([...leaf.dns, ...leaf.xmpp, ...leaf.srv])].slice(0, 10).join(', ') || 'nobody'}`);
  }
  if (certificate !== null) lines.push(`  ${certificate}`);
  if (theirs !== null) lines.push(`They showed who they are by ${theirs}`);
  if (ours !== null) lines.push(`They know us by ${ours}`);
  if (refused !== null) lines.push(`Our certificate they did not take: ${refused}`);
  return lines.map((line) => `    ${plain(line)}\n`);
}

function told(attempt: FederationAttempt): string {
  const { at, lastAt, times: count, direction, local, outcome, sentence, grade, parts, proven } = attempt;
  const head = `${when(lastAt)}  ${DIRECTIONS[direction]}, for ${local}`;
  const often = count === 1 ? '' : ` (${times(count)} since ${when(at)})`;
  const what =
    outcome === 'connected' ? `Connected. Grade ${grade}: ${parts.map(({ text }) => text).join(', ')}.` : sentence;
  const doubt = proven ? '' : ' Who it was is not known: they only said that they are that server.';
  return `${plain(head)}${often}\n    ${plain(what)}${doubt}\n${facts(attempt).join('')}`;
}

function explained(why: FederationWhy): string {
  const { links, queues, attempts, connected, failed } = why;
  const waiting = queues.map(
    ({ local, waiting: count, oldest }) =>
      `${count} from ${local}${oldest === null ? '' : `, the first since ${when(oldest)}`}`,
  );
  const about = pairs([
    ['Server', why.domain],
    ['Policy', why.judgement],
    ['Now', STATES[why.state]],
    ['Waits to be sent', waiting.length === 0 ? 'nothing' : waiting.join('; ')],
    ...(why.held === 0
      ? []
      : [['Waits for you', `${why.held} (“hallwayctl federation inbox ${why.domain}”)`] as const]),
    ['Last 30 days', `connected ${times(connected)}, failed ${times(failed)}`],
  ]);
  const now = links.map(
    (link) =>
      `  ${DIRECTIONS[link.direction]}, for ${link.local}, since ${when(link.since)}: ${link.address}, ${link.protocol} ${link.cipher}, ` +
      `they by ${link.theirs ?? 'nothing yet'}, we by ${link.ours ?? 'nothing yet'}${link.bidi ? ', both ways' : ''}; ` +
      `${link.sent} sent, ${link.received} received`,
  );
  const list = attempts.slice(0, TOLD).map(told).join('');
  const more = attempts.length > TOLD ? `${attempts.length - TOLD} more: --json has them.\n` : '';
  return [
    `${plain(why.summary)}\n${remedied(why)}\n${about}`,
    now.length === 0 ? '' : `\nLinks:\n${now.map((line) => `${plain(line)}\n`).join('')}`,
    list === '' ? '' : `\nAttempts, the last one first:\n${list}${more}`,
  ].join('');
}

function row(one: ReplyOf<'GET /api/federation/domains'>['domains'][number]): string[] {
  const { domain, verdict, state, grade, queued, held, lastAttempt, problem } = one;
  return [
    domain,
    verdict,
    STATES[state],
    grade ?? '',
    queued === 0 ? '' : String(queued),
    held === 0 ? '' : String(held),
    lastAttempt === null ? '' : when(lastAttempt),
    problem ?? '',
  ];
}

/** Other servers, and why it is with them as it is. */
export const federation: readonly Verb[] = [
  {
    words: 'federation list',
    args: [],
    options: ['search', 'after', 'limit', 'strangers'],
    summary: 'which other servers are known, and how it is with each',
    async run({ client, given, print }) {
      const { search, after, strangers } = given;
      const query = {
        limit: whole('limit', given.limit) ?? 200,
        ...(search !== undefined && { search }),
        ...(after !== undefined && { after }),
        ...(strangers === true && { strangers: 'yes' as const }),
      };
      const reply = await client.call('GET /api/federation/domains', { query });
      const headings = ['SERVER', 'POLICY', 'NOW', 'GRADE', 'TO SEND', 'HELD', 'LAST TRIED', 'WHY NOT'];
      const list =
        reply.domains.length === 0 ? 'No other server is known yet.\n' : table(headings, reply.domains.map(row));
      print(reply, `${list}${reply.next === null ? '' : `More: --after ${reply.next}\n`}`);
    },
  },
  {
    words: 'federation why',
    args: ['DOMAIN'],
    options: ['limit'],
    summary: 'why there is a link with a server or none: what was found, tried, shown, and what to do',
    async run({ client, given, print }, [domain = '']) {
      const limit = whole('limit', given.limit);
      const query = limit === undefined ? {} : { limit };
      const reply = await client.call('GET /api/federation/domains/:domain', { params: { domain }, query });
      print(reply, explained(reply));
    },
  },
  {
    words: 'federation try',
    args: ['DOMAIN'],
    options: ['domain'],
    summary: 'call a server now and say what happens; --domain says as which of yours; exit code 1: it failed',
    async run({ client, given, print }, [domain = '']) {
      const body = given.domain === undefined ? {} : { from: given.domain };
      const reply = await client.call('POST /api/federation/domains/:domain/try', { params: { domain }, body });
      print(reply, `${told(reply.attempt)}${remedied(reply.attempt)}`);
      if (reply.attempt.outcome === 'failed') throw new Failure(1, `There is no link with ${plain(domain)}.`);
    },
  },
  {
    words: 'federation drop',
    args: ['DOMAIN'],
    options: [],
    summary: 'close the connections with a server now; they come back when they are needed',
    async run({ client, print }, [domain = '']) {
      const reply = await client.call('POST /api/federation/domains/:domain/close', { params: { domain } });
      const count = reply.closed;
      print(
        reply,
        count === 0
          ? `There is no connection with ${domain}.\n`
          : `Closed: ${count} ${count === 1 ? 'connection' : 'connections'}.\n`,
      );
    },
  },
  {
    words: 'federation inbox',
    args: ['[DOMAIN]'],
    options: [],
    summary: 'which servers wait for your decision, or who of one wrote to whom',
    async run({ client, print }, [domain]) {
      if (domain !== undefined) {
        const reply = await client.call('GET /api/federation/inbox/:domain', { params: { domain } });
        const rows = reply.held.map(({ at, what, sender, recipient }) => [
          when(at),
          what === 'request' ? 'wants to be a contact' : 'message',
          sender,
          recipient,
        ]);
        print(
          reply,
          rows.length === 0 ? `Nothing of ${plain(domain)} waits.\n` : table(['WHEN', 'WHAT', 'FROM', 'TO'], rows),
        );
        return;
      }
      const reply = await client.call('GET /api/federation/inbox', {});
      const rows = reply.domains.map((one) => [one.domain, String(one.count), when(one.since), when(one.last)]);
      const hint = 'Decide by “hallwayctl federation allow DOMAIN” or “federation deny DOMAIN”.\n';
      print(
        reply,
        rows.length === 0 ? 'Nothing waits.\n' : `${table(['SERVER', 'WAITS', 'SINCE', 'LAST'], rows)}${hint}`,
      );
    },
  },
];

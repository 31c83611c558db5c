import { Type } from 'typebox';
import { closed, DomainName, Time } from './shapes.ts';

const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(shape: T) => Type.Union([shape, Type.Null()]);
const Tls = Type.Union([Type.Literal('TLSv1.2'), Type.Literal('TLSv1.3')]);
const Proof = Type.Union([Type.Literal('certificate'), Type.Literal('dialback')]);
const Verdict = Type.Union([Type.Literal('allow'), Type.Literal('deny')]);
const Transport = Type.Union([Type.Literal('starttls'), Type.Literal('tls')]);
const Direction = Type.Union([Type.Literal('in'), Type.Literal('out')]);
const Whose = Type.Union([Type.Literal('ours'), Type.Literal('theirs'), Type.Literal('nobody')]);
const Grade = Type.Union([
  Type.Literal('A'),
  Type.Literal('B'),
  Type.Literal('C'),
  Type.Literal('D'),
  Type.Literal('E'),
  Type.Literal('F'),
]);

/** What was decided for a domain and all names below it, or with `*.` for those below it only. */
export const FederationRule = closed({
  pattern: Type.String(),
  verdict: Verdict,
  /** Until when it holds, null for good; `expired`: it does not any more. */
  until: orNull(Time),
  expired: Type.Boolean(),
  /** Null: what the policy says for all. */
  leastTls: orNull(Tls),
  proof: orNull(Proof),
  /** Certificates (PEM) of an authority that speaks for these domains. */
  authority: orNull(Type.String()),
  /** Where to connect to, in the place of what the DNS says. */
  address: orNull(Type.String()),
  reason: Type.String(),
  author: Type.String(),
  at: Time,
});

const general = {
  /** What holds for domains of which no rule speaks. */
  default: Type.Union([Type.Literal('closed'), Type.Literal('ask'), Type.Literal('open')]),
  leastTls: Tls,
  /** `certificate`: nothing else will do. `dialback`: that will do, too. */
  proof: Proof,
  /** Servers may be at addresses of private networks, though no rule names one. */
  privateAddresses: Type.Boolean(),
  /** Who may talk with people of other servers. */
  outside: Type.Union([Type.Literal('everyone'), Type.Literal('chosen')]),
} as const;

const DepartmentIds = Type.Array(Type.Integer({ minimum: 1 }), { maxItems: 200 });
const Version = Type.String({ minLength: 1, maxLength: 64 });

export const FederationPolicy = closed({
  ...general,
  rules: Type.Array(FederationRule),
  /** How many people are chosen. */
  people: Type.Integer(),
  /** The departments whose people may talk outside, too. */
  chosenDepartments: Type.Array(closed({ id: Type.Integer(), domain: Type.String(), name: Type.String() })),
  /** To be sent back with a change of the whole policy. */
  version: Version,
});

/** What became of things that waited for a decision. */
const settled = { released: Type.Integer(), dropped: Type.Integer() } as const;

const wish = {
  verdict: Verdict,
  until: Type.Optional(orNull(Time)),
  leastTls: Type.Optional(orNull(Tls)),
  proof: Type.Optional(orNull(Proof)),
  authority: Type.Optional(orNull(Type.String({ maxLength: 65_536 }))),
  address: Type.Optional(orNull(Type.String({ maxLength: 300 }))),
  reason: Type.Optional(Type.String({ maxLength: 500 })),
} as const;

/** A domain, or `*.` and a domain. */
const Pattern = Type.String({ minLength: 1, maxLength: 1_023 });
const Person = Type.String({ minLength: 1, maxLength: 3_071 });

/** Another server in a list. */
const row = {
  domain: Type.String(),
  verdict: Type.Union([Type.Literal('allow'), Type.Literal('deny'), Type.Literal('ask')]),
  /** The pattern of the rule that decides, null where the default does. */
  rule: orNull(Type.String()),
  /** `waiting`: something is to be sent and there is no link. `idle`: nothing is, and there is none. */
  state: Type.Union([Type.Literal('connected'), Type.Literal('waiting'), Type.Literal('idle')]),
  grade: orNull(Grade),
  /** Why the last attempt failed. */
  problem: orNull(Type.String()),
  /** Stanzas that wait for a link, and for a decision (at most 101 are counted in one domain's own page). */
  queued: Type.Integer(),
  held: Type.Integer(),
  lastAttempt: orNull(Time),
  /** Attempts of the last month. */
  connected: Type.Integer(),
  failed: Type.Integer(),
} as const;

export const FederationDomain = closed(row);

const Certificate = closed({
  subject: Type.String(),
  issuer: Type.String(),
  serial: Type.String(),
  dns: Type.Array(Type.String()),
  srv: Type.Array(Type.String()),
  xmpp: Type.Array(Type.String()),
  notBefore: Type.Number(),
  notAfter: Type.Number(),
  usage: Type.Array(Type.String()),
  key: Type.String(),
  fingerprint: Type.String(),
});

/** One attempt to have a link, or several that failed alike: what was got so far, the rest is null. */
export const FederationAttempt = closed({
  id: Type.Integer(),
  local: Type.String(),
  direction: Direction,
  /** Whoever it was has shown to be of that domain. */
  proven: Type.Boolean(),
  at: Time,
  lastAt: Time,
  times: Type.Integer(),
  /** Milliseconds. */
  took: Type.Number(),
  outcome: Type.Union([Type.Literal('connected'), Type.Literal('failed')]),
  /** Why it failed: a code for programs, '' when it did not; a sentence, what can be done, and by whom. */
  code: Type.String(),
  sentence: Type.String(),
  remedy: Type.String(),
  whose: Whose,
  grade: Grade,
  /** What the grade is made of; `costs` is how many grades it takes off. */
  parts: Type.Array(closed({ text: Type.String(), costs: Type.Integer() })),
  /** What the DNS said, in words. */
  srv: Type.Array(Type.String()),
  tries: Type.Array(
    closed({
      host: Type.String(),
      address: Type.String(),
      port: Type.Integer(),
      transport: Transport,
      took: Type.Number(),
      failed: orNull(Type.String()),
    }),
  ),
  address: orNull(Type.String()),
  port: orNull(Type.Integer()),
  transport: orNull(Transport),
  protocol: orNull(Type.String()),
  cipher: orNull(Type.String()),
  theirs: orNull(Proof),
  ours: orNull(Proof),
  bidi: Type.Boolean(),
  managed: Type.Boolean(),
  /** What is wrong with their certificate, though dialback may have made up for it. */
  certificate: orNull(Type.String()),
  /** Why they did not take ours, in their words. */
  refused: orNull(Type.String()),
  chain: Type.Array(Certificate),
});

const Link = closed({
  domain: Type.String(),
  local: Type.String(),
  direction: Direction,
  since: Time,
  transport: Transport,
  address: Type.String(),
  protocol: Type.String(),
  cipher: Type.String(),
  theirs: orNull(Proof),
  ours: orNull(Proof),
  bidi: Type.Boolean(),
  managed: Type.Boolean(),
  sent: Type.Integer(),
  received: Type.Integer(),
  /** Sent, and not confirmed yet. */
  unconfirmed: Type.Integer(),
});

export const FederationWhy = closed({
  ...row,
  /** What the policy says of it, in words; the rule that decides, and one that would have. */
  judgement: Type.String(),
  decidedBy: orNull(FederationRule),
  expired: orNull(FederationRule),
  leastTls: Tls,
  proof: Proof,
  /** How it is now in one sentence, what can be done, and by whom. */
  summary: Type.String(),
  remedy: Type.String(),
  whose: Whose,
  links: Type.Array(Link),
  queues: Type.Array(closed({ local: Type.String(), waiting: Type.Integer(), oldest: orNull(Time) })),
  /** The newest first. */
  attempts: Type.Array(FederationAttempt),
});

const DomainParams = closed({ domain: DomainName });
const RuleParams = closed({ pattern: Pattern });
const Search = Type.Optional(Type.String({ maxLength: 200 }));
const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 200 }));

export const federation = {
  'GET /api/federation/policy': { reply: FederationPolicy },

  /**
   * Decides all at once. `version` is that of the policy that was read: 409 `policy-changed` when somebody was faster. Rules and
   * people may be left out to stay as they are; a long list of either goes by their own routes.
   */
  'PUT /api/federation/policy': {
    body: closed({
      ...general,
      rules: Type.Optional(Type.Array(closed({ ...wish, pattern: Pattern }), { maxItems: 1_000 })),
      people: Type.Optional(Type.Array(Person, { maxItems: 10_000 })),
      departments: Type.Optional(DepartmentIds),
      version: Version,
    }),
    reply: closed({ ...FederationPolicy.properties, ...settled }),
  },

  /**
   * The rule for a domain, or `*.` and a domain: a new one, or in the place of what there is. What waited is acted on.
   * With `keep` what is left out stays as it is (null takes it away), while the verdict stays; another verdict has an end and a reason of
   * its own, and an end that is over does not stay.
   */
  'PUT /api/federation/rules/:pattern': {
    params: RuleParams,
    body: closed({ ...wish, keep: Type.Optional(Type.Boolean()) }),
    reply: closed({ rule: FederationRule, version: Version, ...settled }),
  },

  /** 404 `rule-not-found`. */
  'DELETE /api/federation/rules/:pattern': {
    params: RuleParams,
    reply: closed({ version: Version, ...settled }),
  },

  /** What certificates of an authority say, before a rule names them. 422 with the field `authority`. */
  'POST /api/federation/authority': {
    body: closed({ authority: Type.String({ maxLength: 65_536 }) }),
    reply: closed({ certificates: Type.Array(Certificate) }),
  },

  /** Who was chosen to talk outside. A page further on: `after` = the `next` of this one. */
  'GET /api/federation/people': {
    query: closed({ search: Search, after: Type.Optional(Person), limit: Limit }),
    reply: closed({
      outside: general.outside,
      people: Type.Array(Type.String()),
      total: Type.Integer(),
      next: orNull(Type.String()),
    }),
  },

  /** Chooses some people, and some not any more; all or none. 404 `account-not-found`. */
  'POST /api/federation/people': {
    body: closed({
      add: Type.Optional(Type.Array(Person, { maxItems: 200 })),
      remove: Type.Optional(Type.Array(Person, { maxItems: 200 })),
    }),
    reply: closed({ total: Type.Integer() }),
  },

  /** The same for departments, by their numbers. 404 `department-not-found`. */
  'POST /api/federation/departments': {
    body: closed({ add: Type.Optional(DepartmentIds), remove: Type.Optional(DepartmentIds) }),
    reply: FederationPolicy,
  },

  /** Other servers of which anything is known; `strangers=yes`: also those that somebody only claimed to be. */
  'GET /api/federation/domains': {
    query: closed({
      search: Search,
      after: Type.Optional(DomainName),
      limit: Limit,
      strangers: Type.Optional(Type.Literal('yes')),
    }),
    reply: closed({ domains: Type.Array(FederationDomain), total: Type.Integer(), next: orNull(Type.String()) }),
  },

  /** Why it is as it is. `limit`: how many attempts. */
  'GET /api/federation/domains/:domain': {
    params: DomainParams,
    query: closed({ limit: Limit }),
    reply: FederationWhy,
  },

  /** Calls it now, as a domain of ours. Answers when it worked or failed. */
  'POST /api/federation/domains/:domain/try': {
    params: DomainParams,
    body: closed({ from: Type.Optional(DomainName) }),
    reply: closed({ attempt: FederationAttempt }),
  },

  /** Ends the links with it. */
  'POST /api/federation/domains/:domain/close': {
    params: DomainParams,
    reply: closed({ closed: Type.Integer() }),
  },

  /** Domains of which something waits for a decision: PUT a rule to decide. */
  'GET /api/federation/inbox': {
    reply: closed({
      domains: Type.Array(closed({ domain: Type.String(), count: Type.Integer(), since: Time, last: Time })),
      total: Type.Integer(),
    }),
  },

  /** What waits of one: who to whom and when, at most 100. What was said is nobody else's. */
  'GET /api/federation/inbox/:domain': {
    params: DomainParams,
    reply: closed({
      domain: Type.String(),
      held: Type.Array(
        closed({
          id: Type.Integer(),
          direction: Direction,
          sender: Type.String(),
          recipient: Type.String(),
          what: Type.Union([Type.Literal('message'), Type.Literal('request')]),
          at: Time,
        }),
      ),
    }),
  },
} as const;

import { Type } from 'typebox';
import {
  FederationPolicy,
  FederationRule,
  HeldServer,
  HeldWord,
  LeastTls,
  LinkAttempt,
  OtherServer,
  PeerCertificate,
  Proof,
  policyFields,
  ServerDetail,
  settled,
  Verdict,
} from './federation-shapes.ts';
import { closed, DomainName, DomainParams, Time } from './shapes.ts';

const Pattern = Type.String({ minLength: 1, maxLength: 1_025 });
const RuleParams = closed({ pattern: Pattern });
const Pem = Type.String({ maxLength: 60_000 });
const People = Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 3_071 }), { maxItems: 1_000 }));
const Search = Type.Optional(Type.String({ maxLength: 200 }));
const After = Type.Optional(Type.String({ maxLength: 3_071 }));
const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 200 }));
const Next = Type.Union([Type.String(), Type.Null()]);
const Version = Type.String();

/** What is left out is as the policy says for all; `until` left out: for good. */
const wish = {
  verdict: Verdict,
  until: Type.Optional(Time),
  leastTls: Type.Optional(LeastTls),
  proof: Type.Optional(Proof),
  authority: Type.Optional(Pem),
  address: Type.Optional(Type.String({ maxLength: 300 })),
  reason: Type.Optional(Type.String({ maxLength: 500 })),
} as const;

/**
 * Whom this house talks with, and what became of it. Names, reasons, and the subjects of certificates are words of others:
 * plain text, never markup.
 */
export const federation = {
  'GET /api/federation/policy': { reply: FederationPolicy },
  /** `rules` and `people` that are left out stay. 409 `policy-changed` when it is not that version any more. */
  'PUT /api/federation/policy': {
    body: closed({
      ...policyFields,
      rules: Type.Optional(Type.Array(closed({ pattern: Pattern, ...wish }), { maxItems: 1_000 })),
      people: People,
      version: Type.String({ maxLength: 100 }),
    }),
    reply: closed({ ...FederationPolicy.properties, ...settled }),
  },

  /** In the place of the one that there is for the same pattern. 422 with `field` for what cannot be. */
  'PUT /api/federation/rules/:pattern': {
    params: RuleParams,
    body: closed(wish),
    reply: closed({ rule: FederationRule, version: Version, ...settled }),
  },
  /** 404 `rule-not-found`. */
  'DELETE /api/federation/rules/:pattern': {
    params: RuleParams,
    reply: closed({ version: Version, ...settled }),
  },

  /** What certificates of an authority say, before a rule names them. 422 with the field `authority`. */
  'POST /api/federation/authority': {
    body: closed({ authority: Pem }),
    reply: closed({ certificates: Type.Array(PeerCertificate) }),
  },

  /** Bare addresses of those who may talk outside, where they are chosen. A page further on: `after` = the `next` of this one. */
  'GET /api/federation/people': {
    query: closed({ search: Search, after: After, limit: Limit }),
    reply: closed({
      outside: policyFields.outside,
      people: Type.Array(Type.String()),
      total: Type.Integer(),
      next: Next,
    }),
  },
  /** Chooses some, and some not any more: all or none. 404 `account-not-found`. */
  'POST /api/federation/people': {
    body: closed({ add: People, remove: People }),
    reply: closed({ total: Type.Integer() }),
  },

  /**
   * Other servers of which something is known or that a rule names, by name; with `strangers` also those that somebody only
   * claimed to be. A page further on: `after` = the `next` of this one.
   */
  'GET /api/federation/domains': {
    query: closed({
      search: Search,
      after: After,
      limit: Limit,
      strangers: Type.Optional(Type.Boolean()),
    }),
    reply: closed({ domains: Type.Array(OtherServer), total: Type.Integer(), next: Next }),
  },
  /** Of any domain, be it that nothing has happened with it. 422 with the field `domain` for what is no name, or is ours. */
  'GET /api/federation/domains/:domain': { params: DomainParams, reply: ServerDetail },
  /** Calls it now, as one of our domains (the first, when left out), and waits for what comes of it. */
  'POST /api/federation/domains/:domain/try': {
    params: DomainParams,
    body: closed({ from: Type.Optional(DomainName) }),
    reply: closed({ attempt: LinkAttempt }),
  },
  /** Ends all links with it; what waits is sent over the next. */
  'POST /api/federation/domains/:domain/close': {
    params: DomainParams,
    reply: closed({ closed: Type.Integer() }),
  },

  /** The domains of which something waits for a decision; that is made by a rule. `total` counts what waits. */
  'GET /api/federation/inbox': { reply: closed({ domains: Type.Array(HeldServer), total: Type.Integer() }) },
  /** What waits of one, the first first, at most 100. */
  'GET /api/federation/inbox/:domain': {
    params: DomainParams,
    reply: closed({ domain: Type.String(), held: Type.Array(HeldWord) }),
  },
} as const;

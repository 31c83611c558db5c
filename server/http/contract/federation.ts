import { Type } from 'typebox';
import {
  FederationRule,
  HeldServer,
  HeldWord,
  LeastTls,
  LinkAttempt,
  OtherServer,
  PeerCertificate,
  PolicyBasics,
  Proof,
  RuleLine,
  ServerDetail,
  Verdict,
} from './federation-shapes.ts';
import { closed, DomainName, DomainParams, Done, Time } from './shapes.ts';

const Pattern = Type.String({ minLength: 1, maxLength: 1_025 });
const RuleParams = closed({ pattern: Pattern });
const Jid = Type.String({ minLength: 1, maxLength: 3_071 });
const PersonParams = closed({ jid: Jid });
const Pem = Type.String({ maxLength: 60_000 });
const Search = Type.Optional(Type.String({ maxLength: 200 }));
const After = Type.Optional(Type.String({ maxLength: 3_200 }));
const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 200 }));
const Next = Type.Union([Type.String(), Type.Null()]);
/** As it was given with the policy that the change is made for. */
const Version = Type.Optional(Type.String({ maxLength: 100 }));

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

const PolicyNow = closed({
  policy: PolicyBasics,
  version: Type.String(),
  /** How many there are of both. */
  rules: Type.Integer(),
  people: Type.Integer(),
  /** What waits for a decision: domains. */
  held: Type.Integer(),
  /** Where other servers reach this one, as `0.0.0.0:5269`; empty: nowhere. */
  addresses: Type.Array(Type.String()),
});

/**
 * Whom this house talks with, and what became of it. Names, reasons, and the subjects of certificates are words of others:
 * plain text, never markup.
 */
export const federation = {
  'GET /api/federation/policy': { reply: PolicyNow },
  /** What is left out stays. 409 `policy-changed` when it is not that `version` any more. */
  'PUT /api/federation/policy': {
    body: closed({ ...Type.Partial(PolicyBasics).properties, version: Version }),
    reply: PolicyNow,
  },

  /** By pattern; `search` looks into pattern, reason and author. */
  'GET /api/federation/rules': {
    query: closed({ search: Search, after: After, limit: Limit }),
    reply: closed({ rules: Type.Array(RuleLine), total: Type.Integer(), next: Next }),
  },
  /** 409 `rule-exists`; 422 with `field` for what cannot be. */
  'POST /api/federation/rules': {
    body: closed({ pattern: Pattern, ...wish }),
    reply: closed({ rule: FederationRule }),
  },
  'GET /api/federation/rules/:pattern': { params: RuleParams, reply: closed({ rule: FederationRule }) },
  /** In the place of the one that there is; 404 `rule-not-found`. */
  'PUT /api/federation/rules/:pattern': {
    params: RuleParams,
    body: closed(wish),
    reply: closed({ rule: FederationRule }),
  },
  'DELETE /api/federation/rules/:pattern': { params: RuleParams, reply: Done },

  /** What certificates of an authority say, before a rule names them. 422 with the field `authority`. */
  'POST /api/federation/authority': {
    body: closed({ authority: Pem }),
    reply: closed({ certificates: Type.Array(PeerCertificate) }),
  },

  /** Bare addresses of those who may talk outside, where they are chosen. */
  'GET /api/federation/people': {
    query: closed({ search: Search, after: After, limit: Limit }),
    reply: closed({ people: Type.Array(Type.String()), total: Type.Integer(), next: Next }),
  },
  'PUT /api/federation/people/:jid': { params: PersonParams, reply: Done },
  'DELETE /api/federation/people/:jid': { params: PersonParams, reply: Done },

  /**
   * Other servers of which something is known, or which a rule names: those with a link or a queue first, then the last one
   * first. `total` is how many there are, whatever was searched. A page further on: `after` = the `next` of this one.
   */
  'GET /api/federation/domains': {
    query: closed({ search: Search, after: After, limit: Limit }),
    reply: closed({ servers: Type.Array(OtherServer), total: Type.Integer(), next: Next }),
  },
  /** Of any domain, be it that nothing has happened with it. 422 `field: domain` for what is no name, or is one of ours. */
  'GET /api/federation/domains/:domain': { params: DomainParams, reply: ServerDetail },
  /** Calls it now, as one of our domains (the first, when left out), and waits for what comes of it. */
  'POST /api/federation/domains/:domain/try': {
    params: DomainParams,
    body: closed({ local: Type.Optional(DomainName) }),
    reply: closed({ attempt: LinkAttempt }),
  },
  /** Ends all links with it; what waits is sent over the next. */
  'POST /api/federation/domains/:domain/close': {
    params: DomainParams,
    reply: closed({ closed: Type.Integer() }),
  },

  /** Who waits for a decision, the longest first. */
  'GET /api/federation/inbox': {
    query: closed({ after: After, limit: Limit }),
    reply: closed({ servers: Type.Array(HeldServer), total: Type.Integer(), next: Next }),
  },
  /** All that waits of one, at most 200. */
  'GET /api/federation/inbox/:domain': { params: DomainParams, reply: closed({ words: Type.Array(HeldWord) }) },
  /** Makes a rule for it, and lets through or gives back what waits; `count` of these. */
  'POST /api/federation/inbox/:domain': {
    params: DomainParams,
    body: closed({ verdict: Verdict, reason: wish.reason, until: wish.until }),
    reply: closed({ count: Type.Integer() }),
  },
} as const;

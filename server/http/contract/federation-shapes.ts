import { type TSchema, Type } from 'typebox';
import { closed, Time } from './shapes.ts';

const Nullable = <T extends TSchema>(type: T) => Type.Union([type, Type.Null()]);
const Texts = Type.Array(Type.String());

/** With whom the house talks where no rule speaks of them. */
export const Default = Type.Union([Type.Literal('closed'), Type.Literal('ask'), Type.Literal('open')]);
export const LeastTls = Type.Union([Type.Literal('TLSv1.2'), Type.Literal('TLSv1.3')]);
/** How a server has to show who it is, or has: `dialback` will do beside a certificate. */
export const Proof = Type.Union([Type.Literal('certificate'), Type.Literal('dialback')]);
export const Verdict = Type.Union([Type.Literal('allow'), Type.Literal('deny')]);
const Direction = Type.Union([Type.Literal('out'), Type.Literal('in')]);
const Transport = Type.Union([Type.Literal('starttls'), Type.Literal('tls')]);
const Whose = Type.Union([Type.Literal('ours'), Type.Literal('theirs'), Type.Literal('nobody')]);
const Grade = Type.Union([
  Type.Literal('A'),
  Type.Literal('B'),
  Type.Literal('C'),
  Type.Literal('D'),
  Type.Literal('E'),
  Type.Literal('F'),
]);

/** What a certificate says. Subject, issuer and names are words of whoever made it. */
export const PeerCertificate = closed({
  subject: Type.String(),
  issuer: Type.String(),
  serial: Type.String(),
  dns: Texts,
  srv: Texts,
  xmpp: Texts,
  /** ms since 1970, be it before. */
  notBefore: Type.Integer(),
  notAfter: Type.Integer(),
  /** `server`, `client`, or a dotted number; empty where it says nothing. */
  usage: Texts,
  key: Type.String(),
  fingerprint: Type.String(),
});

/** What holds for all, beside the rules. */
export const policyFields = {
  default: Default,
  leastTls: LeastTls,
  proof: Proof,
  /** Other servers may be at addresses of private networks. */
  privateAddresses: Type.Boolean(),
  /** Who may talk with people of other servers. */
  outside: Type.Union([Type.Literal('everyone'), Type.Literal('chosen')]),
} as const;

/** What was decided for one domain, or with `*.` for all below one. What is null is as the policy says for all. */
export const FederationRule = closed({
  pattern: Type.String(),
  verdict: Verdict,
  /** From when on it does not hold any more; null: for good. */
  until: Nullable(Time),
  /** That time is over. */
  expired: Type.Boolean(),
  leastTls: Nullable(LeastTls),
  proof: Nullable(Proof),
  /** Certificates (PEM) of an authority that speaks for these domains. */
  authority: Nullable(Type.String()),
  /** `host:port`, in the place of what the DNS says. */
  address: Nullable(Type.String()),
  reason: Type.String(),
  author: Type.String(),
  at: Time,
});

export const FederationPolicy = closed({
  ...policyFields,
  rules: Type.Array(FederationRule),
  /** How many were chosen to talk outside; they have a list of their own. */
  people: Type.Integer(),
  /** To be given back with a change of all of it. */
  version: Type.String(),
});

/** What became of things that waited for a decision. */
export const settled = { released: Type.Integer(), dropped: Type.Integer() } as const;

const rowFields = {
  domain: Type.String(),
  verdict: Type.Union([Verdict, Type.Literal('ask')]),
  /** The pattern of the rule that decides; null: the default does. */
  rule: Nullable(Type.String()),
  /** `waiting`: something is to be sent and there is no link. `idle`: nothing is, and there is none. */
  state: Type.Union([Type.Literal('connected'), Type.Literal('waiting'), Type.Literal('idle')]),
  /** Of the last link or attempt; null while there was none. */
  grade: Nullable(Grade),
  /** Why the last attempt failed, in words; null when it did not. */
  problem: Nullable(Type.String()),
  /** Stanzas that wait for it, and those that wait for a decision. */
  queued: Type.Integer(),
  held: Type.Integer(),
  /** Of the last 30 days. */
  lastAttempt: Nullable(Time),
  connected: Type.Integer(),
  failed: Type.Integer(),
} as const;

/** Another server in a list. */
export const OtherServer = closed(rowFields);

/** One attempt to have a link. All sentences are plain text. */
export const LinkAttempt = closed({
  /** 0: just now, and not written down yet. */
  id: Type.Integer(),
  /** Which of our domains. */
  local: Type.String(),
  direction: Direction,
  /** False: whoever it was has not shown to be of that domain. */
  proven: Type.Boolean(),
  /** The first and the last time, where it happened several times alike. */
  at: Time,
  lastAt: Time,
  times: Type.Integer(),
  /** ms. */
  took: Type.Integer(),
  outcome: Type.Union([Type.Literal('connected'), Type.Literal('failed')]),
  /** Why it failed, for machines; '' when it did not. */
  code: Type.String(),
  /** '' when it did not fail; `remedy` is '' when nothing needs to be done. */
  sentence: Type.String(),
  remedy: Type.String(),
  whose: Whose,
  grade: Grade,
  parts: Type.Array(closed({ text: Type.String(), costs: Type.Integer() })),
  /** What the DNS said, a line for each question. */
  srv: Texts,
  tries: Type.Array(
    closed({
      host: Type.String(),
      address: Type.String(),
      port: Type.Integer(),
      transport: Transport,
      /** ms. */
      took: Type.Integer(),
      /** null for the one that was connected. */
      failed: Nullable(Type.String()),
    }),
  ),
  address: Nullable(Type.String()),
  port: Nullable(Type.Integer()),
  transport: Nullable(Transport),
  protocol: Nullable(Type.String()),
  cipher: Nullable(Type.String()),
  theirs: Nullable(Proof),
  ours: Nullable(Proof),
  bidi: Type.Boolean(),
  managed: Type.Boolean(),
  /** What is wrong with their certificate, though dialback may have made up for it. */
  certificate: Nullable(Type.String()),
  /** Why they did not take ours, in their words. */
  refused: Nullable(Type.String()),
  /** Their chain, the leaf first. */
  chain: Type.Array(PeerCertificate),
});

/** A link that there is now. */
export const ServerLink = closed({
  domain: Type.String(),
  local: Type.String(),
  direction: Direction,
  since: Time,
  transport: Transport,
  address: Type.String(),
  protocol: Type.String(),
  cipher: Type.String(),
  theirs: Nullable(Proof),
  ours: Nullable(Proof),
  bidi: Type.Boolean(),
  managed: Type.Boolean(),
  /** Stanzas. */
  sent: Type.Integer(),
  received: Type.Integer(),
  unconfirmed: Type.Integer(),
});

/** All that is known of one other server. */
export const ServerDetail = closed({
  ...rowFields,
  /** What holds for it and why, in words. */
  judgement: Type.String(),
  /** The rule that decides, and one that would have if its time were not over. */
  decidedBy: Nullable(FederationRule),
  expired: Nullable(FederationRule),
  leastTls: LeastTls,
  proof: Proof,
  /** How it is now in one sentence, and what is to be done. */
  summary: Type.String(),
  remedy: Type.String(),
  whose: Whose,
  links: Type.Array(ServerLink),
  queues: Type.Array(closed({ local: Type.String(), waiting: Type.Integer(), oldest: Nullable(Time) })),
  /** The newest first. */
  attempts: Type.Array(LinkAttempt),
});

/** A domain that waits for a decision. */
export const HeldServer = closed({ domain: Type.String(), count: Type.Integer(), since: Time, last: Time });

/** Something that waits for a decision: who to whom and when. What was said is nobody else's. */
export const HeldWord = closed({
  id: Type.Integer(),
  /** `in`: they wrote to one of ours. */
  direction: Direction,
  /** Bare addresses. */
  sender: Type.String(),
  recipient: Type.String(),
  /** `request`: somebody wants to be a contact. */
  what: Type.Union([Type.Literal('message'), Type.Literal('request')]),
  at: Time,
});

import { type TSchema, Type } from 'typebox';
import { closed, Time } from './shapes.ts';

/** With whom the house talks where no rule speaks of them. */
export const Default = Type.Union([Type.Literal('closed'), Type.Literal('ask'), Type.Literal('open')]);
export const LeastTls = Type.Union([Type.Literal('TLSv1.2'), Type.Literal('TLSv1.3')]);
/** How a server has to show who it is, or has: `dialback` will do beside a certificate. */
export const Proof = Type.Union([Type.Literal('certificate'), Type.Literal('dialback')]);
export const Outside = Type.Union([Type.Literal('everyone'), Type.Literal('chosen')]);
export const Verdict = Type.Union([Type.Literal('allow'), Type.Literal('deny')]);
const Direction = Type.Union([Type.Literal('out'), Type.Literal('in')]);
const Transport = Type.Union([Type.Literal('starttls'), Type.Literal('tls')]);
const Texts = Type.Array(Type.String());
const Nullable = <T extends TSchema>(type: T) => Type.Union([type, Type.Null()]);

/** What a certificate says. Subject, issuer and names are words of whoever made it. */
export const PeerCertificate = closed({
  subject: Type.String(),
  issuer: Type.String(),
  serial: Type.String(),
  dns: Texts,
  srv: Texts,
  xmpp: Texts,
  notBefore: Time,
  notAfter: Time,
  /** `server`, `client`, or a dotted number; empty where it says nothing. */
  usage: Texts,
  key: Type.String(),
  fingerprint: Type.String(),
});

/** What holds for all, beside the rules. */
export const PolicyBasics = closed({
  default: Default,
  leastTls: LeastTls,
  proof: Proof,
  /** Other servers may be at addresses of private networks. */
  privateAddresses: Type.Boolean(),
  /** Who may talk with people of other servers. */
  outside: Outside,
});

/** What was decided for one domain, or with `*.` for all below one. What is null is as the policy says for all. */
const ruleFields = {
  pattern: Type.String(),
  verdict: Verdict,
  /** From when on it does not hold any more; null: for good. */
  until: Nullable(Time),
  leastTls: Nullable(LeastTls),
  proof: Nullable(Proof),
  /** `host:port`, in the place of what the DNS says. */
  address: Nullable(Type.String()),
  reason: Type.String(),
  author: Type.String(),
  at: Time,
  /** Its time is over. */
  expired: Type.Boolean(),
} as const;

/** A rule in a list; `authority` says whether it names one. */
export const RuleLine = closed({ ...ruleFields, authority: Type.Boolean() });
/** One rule with the authority (PEM) that speaks for these domains, and what that says. */
export const FederationRule = closed({
  ...ruleFields,
  authority: Nullable(closed({ pem: Type.String(), certificates: Type.Array(PeerCertificate) })),
});

/** `connecting`: now. `waiting`: a try has failed, and something waits for the next. `failed`: the last try has, nothing waits. */
export const LinkState = Type.Union([
  Type.Literal('connected'),
  Type.Literal('connecting'),
  Type.Literal('waiting'),
  Type.Literal('failed'),
  Type.Literal('idle'),
]);
const Letter = Type.Union([
  Type.Literal('A'),
  Type.Literal('B'),
  Type.Literal('C'),
  Type.Literal('D'),
  Type.Literal('E'),
  Type.Literal('F'),
]);
const Grade = closed({
  grade: Letter,
  parts: Type.Array(closed({ text: Type.String(), costs: Type.Integer() })),
});

/** Another server in a list. */
export const OtherServer = closed({
  domain: Type.String(),
  verdict: Type.Union([Verdict, Type.Literal('ask')]),
  /** The pattern of the rule that decides; null: the default does. */
  rule: Nullable(Type.String()),
  state: LinkState,
  /** Of the last link or attempt; null while there was none. */
  grade: Nullable(Letter),
  /** What happened last, in words; '' while nothing has. */
  sentence: Type.String(),
  /** Stanzas that wait for it. */
  queued: Type.Integer(),
  lastAt: Nullable(Time),
  /** Attempts of the last 30 days. */
  connected: Type.Integer(),
  failed: Type.Integer(),
  /** Nobody has ever shown to be that domain: somebody only said so. */
  claimed: Type.Boolean(),
});

/** Plain text; `remedy` is '' when nothing needs to be done. */
const Explanation = closed({
  sentence: Type.String(),
  remedy: Type.String(),
  whose: Type.Union([Type.Literal('ours'), Type.Literal('theirs'), Type.Literal('nobody')]),
});

/** One attempt to have a link; the same failure several times is one, `times` says how often and `lastAt` when last. */
export const LinkAttempt = closed({
  /** 0: just now, and not written down yet. */
  id: Type.Integer(),
  /** Which of our domains. */
  local: Type.String(),
  direction: Direction,
  /** False: whoever it was has not shown to be of that domain. */
  proven: Type.Boolean(),
  at: Time,
  lastAt: Time,
  times: Type.Integer(),
  /** ms. */
  took: Type.Integer(),
  outcome: Type.Union([Type.Literal('connected'), Type.Literal('failed')]),
  /** Why it failed, for machines; '' when it did not. */
  code: Type.String(),
  explanation: Explanation,
  grade: Grade,
  /** What the DNS said. */
  srv: Type.Array(
    closed({
      name: Type.String(),
      records: Type.Array(
        closed({
          target: Type.String(),
          port: Type.Integer(),
          priority: Type.Integer(),
          weight: Type.Integer(),
        }),
      ),
      problem: Type.Union([Type.Literal('timeout'), Type.Literal('failed'), Type.Null()]),
      more: Type.Integer(),
    }),
  ),
  tries: Type.Array(
    closed({
      host: Type.String(),
      address: Type.String(),
      port: Type.Integer(),
      transport: Transport,
      took: Type.Integer(),
      /** In words; '' for the one that was connected. */
      failed: Type.String(),
    }),
  ),
  address: Nullable(Type.String()),
  port: Nullable(Type.Integer()),
  transport: Nullable(Transport),
  tls: Nullable(closed({ protocol: Type.String(), cipher: Type.String() })),
  /** Their chain, the leaf first. */
  chain: Type.Array(PeerCertificate),
  /** What is wrong with it, also where dialback made up for it; '' when nothing is. */
  certificate: Type.String(),
  /** Why they did not take ours, in their words. */
  refused: Type.String(),
  theirs: Nullable(Proof),
  ours: Nullable(Proof),
  bidi: Type.Boolean(),
  managed: Type.Boolean(),
});

/** A link that there is now. */
export const ServerLink = closed({
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
  server: OtherServer,
  judgement: closed({
    verdict: OtherServer.properties.verdict,
    /** What holds and why, in words. */
    sentence: Type.String(),
    /** The rule that decides; null: the default does. */
    rule: Nullable(FederationRule),
    /** One that would have, and whose time is over. */
    expired: Nullable(FederationRule),
    leastTls: LeastTls,
    proof: Proof,
    privateAddresses: Type.Boolean(),
  }),
  grade: Nullable(Grade),
  links: Type.Array(ServerLink),
  queue: Type.Array(closed({ local: Type.String(), waiting: Type.Integer(), oldest: Nullable(Time) })),
  /** What waits for a decision of an administrator. */
  held: Type.Integer(),
  /** The newest first, at most 200. */
  attempts: Type.Array(LinkAttempt),
});

/** Something that was said before anybody has decided about a domain. */
export const HeldWord = closed({
  direction: Direction,
  from: Type.String(),
  to: Type.String(),
  /** `request`: to see when somebody is there. */
  kind: Type.Union([Type.Literal('message'), Type.Literal('request')]),
  /** '' for what has no text to show, as what is encrypted. */
  text: Type.String(),
  at: Time,
});

/** A domain that waits for a decision, with what was said first (at most five). */
export const HeldServer = closed({
  domain: Type.String(),
  count: Type.Integer(),
  since: Time,
  last: Time,
  words: Type.Array(HeldWord),
});

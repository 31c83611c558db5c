import type { Proof } from './attempt.ts';

/** What holds for domains of which no rule speaks. `ask`: an administrator decides when it comes up. */
export type Default = 'closed' | 'ask' | 'open';
export type LeastTls = 'TLSv1.2' | 'TLSv1.3';

/** What was decided for one domain and all below it, or only for those below it. A longer pattern is asked before. */
export interface Rule {
  /**
   * `example.test` for it and all names below it, `*.example.test` for those without itself. In the form of RFC 7622. What allows an
   * ending holds for that name only, see `isEnding`.
   */
  readonly pattern: string;
  readonly verdict: 'allow' | 'deny';
  /** ms since 1970 from which it does not hold any more; absent: for good. */
  readonly until?: number;
  /** Absent: what the policy says for all. */
  readonly leastTls?: LeastTls;
  /** `certificate`: nothing else will do. `dialback`: that will do, too. */
  readonly proof?: Proof;
  /** Certificates (PEM) of an authority that speaks for these domains, beside those that everybody trusts. */
  readonly authority?: string;
  /** Where to connect to, `host:port` or `address:port`, in the place of what the DNS says. */
  readonly address?: string;
  readonly reason: string;
  /** Who decided it, and when. */
  readonly author: string;
  readonly at: number;
}

/** All of it, to be read by people: the one object that says with whom this house talks. */
export interface Policy {
  readonly default: Default;
  readonly leastTls: LeastTls;
  readonly proof: Proof;
  /** Other servers may be at addresses of private networks, though no rule names an address for them. */
  readonly privateAddresses: boolean;
  /** Who may talk with people of other servers. */
  readonly outside: 'everyone' | 'chosen';
  /** Bare addresses of those, where they are chosen. */
  readonly people: readonly string[];
  /** Numbers of departments whose people may, too. */
  readonly departments: readonly number[];
  readonly rules: readonly Rule[];
}

/** What the policy says of one domain now. */
export interface Judgement {
  readonly verdict: 'allow' | 'deny' | 'ask';
  /** The rule that decided it; undefined: the default. A rule that has expired is told by `expired`. */
  readonly rule: Rule | undefined;
  readonly expired: Rule | undefined;
  readonly leastTls: LeastTls;
  readonly proof: Proof;
  readonly authority: string | undefined;
  readonly address: string | undefined;
  readonly privateAddresses: boolean;
}

const SECOND = /^(?:ac|co|com|edu|go|gob|gouv|gov|ltd|mil|ne|net|nom|or|org|plc|sch)\.[a-z]{2}$/;

/**
 * Whether names below this one are likely of whoever takes them, as those of `com` and `co.uk` are: nobody who is trusted has all of
 * them. A rule of thumb, as the whole list of such endings changes every week.
 */
export function isEnding(domain: string): boolean {
  return !domain.includes('.') || SECOND.test(domain);
}

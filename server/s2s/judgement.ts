import type { Judgement, Policy, Rule } from './policy.ts';
import { dateOf, named, quoted } from './words.ts';

/** What the policy says of a domain and why, for an administrator to read. */
export function judgementWords(domain: string, { verdict, rule, expired }: Judgement, policy: Policy): string {
  const name = named(domain);
  const before =
    expired === undefined ? '' : `The rule for ${named(expired.pattern)} held until ${dateOf(expired.until)}. `;
  if (rule !== undefined) {
    return `${before}${verdict === 'allow' ? 'Allowed' : 'Denied'} by the rule for ${named(rule.pattern)}${ruleWords(rule)}`;
  }
  const rest: Readonly<Record<Policy['default'], string>> = {
    closed: `No rule allows ${name}, and this house talks only with those that one allows.`,
    ask: `No rule speaks of ${name}: the first messages wait in the inbox until an administrator decides.`,
    open: `No rule denies ${name}, and this house talks with everybody whom none denies.`,
  };
  return `${before}${rest[policy.default]}`;
}

/** The second half of a sentence: by whom, for how long, why. */
function ruleWords({ author, at, until, reason }: Rule): string {
  const who = author === '' ? '' : ` of ${named(author)}`;
  const end = until === undefined ? '' : `, until ${dateOf(until)}`;
  const why = reason === '' ? '' : `: ${quoted(reason)}`;
  return `${who} (${dateOf(at)})${end}${why}.`;
}

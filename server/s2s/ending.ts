import type { Element } from '../xmpp/element.ts';
import type { StreamError } from '../xmpp/stream-error.ts';
import type { Attempt } from './attempt.ts';
import type { Link } from './link.ts';
import { LinkProblem } from './problem.ts';
import { problemOf, words } from './wire.ts';

/** RFC 6120 §4.9.3: with which a server ends a stream that it has no complaint about. */
const POLITE: ReadonlySet<string | number | undefined> = new Set(['connection-timeout', 'reset', 'system-shutdown']);

/** What is wrong with a link that they end by a stream error; undefined when nothing is. */
export function theirComplaint(error: Element): LinkProblem | undefined {
  const problem = problemOf(error);
  const { code, facts } = problem;
  if (code === 'stream-error') return POLITE.has(facts.condition) ? undefined : problem;
  // It is long known who we are: this is about something else.
  if (code === 'not-accepted') return new LinkProblem('stream-error', { ...facts, condition: 'not-authorized' });
  return problem;
}

/** What is wrong with a link that we end by a stream error; undefined when it is we who do not go on. */
export function ourComplaint({ condition, message }: StreamError): LinkProblem | undefined {
  return condition === 'host-gone' ? undefined : new LinkProblem('broke-the-rules', { text: words(message) });
}

/** What there is to be written down of a link that has ended badly, for each pair of domains that it was for. */
export function endings(link: Link, pairs: Iterable<string>, { code, facts }: LinkProblem): Attempt[] {
  const { theirs, ours, bidi, managed } = link;
  const { direction, transport, address } = link.facts;
  const proofs = { ...(theirs !== undefined && { theirs }), ...(ours !== undefined && { ours }) };
  return [...pairs].map((pair) => {
    const [local = '', domain = ''] = pair.split(' ');
    const link = { direction, transport, address, bidi, managed, ...proofs };
    return { domain, local, at: Date.now(), took: 0, outcome: 'failed', problem: { code, facts }, ...link };
  });
}

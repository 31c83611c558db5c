import type { Client } from './client.ts';
import { usage } from './failure.ts';
import type { Given, Verb } from './verb.ts';

/** Options that name a person. */
const PEOPLE = ['owner', 'contact'] as const;
const ONE = /^\[?(?:FULL)?JID(?:…)?\]?$/;
const ONE_OR_DOMAIN = /^\[?JID\|DOMAIN\]?$/;

/**
 * What was typed, with every person's name as a whole address: `anna` is `anna@example.com` where that is the only domain, or the one
 * of `--domain`. The server is asked only when there is such a name. Throws Failure when it may be of several domains.
 */
export async function wholeNames(
  verb: Verb,
  args: readonly string[],
  given: Given,
  client: Client,
): Promise<{ readonly args: string[]; readonly given: Given }> {
  let asked: Promise<readonly string[]> | undefined;
  const domains = (): Promise<readonly string[]> => {
    asked ??= client
      .call('GET /api/domains', {})
      .then((reply) => reply.domains.filter(({ leaving }) => !leaving).map(({ name }) => name));
    return asked;
  };
  const whole = async (typed: string): Promise<string> => {
    const [name = '', ...resource] = typed.split('/');
    if (name === '' || name.includes('@')) return typed;
    const served = given.domain === undefined ? await domains() : [given.domain];
    if (served.length === 0) return typed;
    if (served.length > 1) {
      const each = served.map((domain) => `${name}@${domain}`);
      throw usage(`“${name}” may be of several domains here: say one of ${each.join(', ')}.`);
    }
    return [`${name}@${served[0]}`, ...resource].join('/');
  };
  const isDomain = async (typed: string): Promise<boolean> => typed.includes('.') || (await domains()).includes(typed);
  const argument = async (typed: string, at: number): Promise<string> => {
    const what = verb.args[Math.min(at, verb.args.length - 1)] ?? '';
    if (ONE.test(what)) return whole(typed);
    return ONE_OR_DOMAIN.test(what) && !typed.includes('@') && !(await isDomain(typed)) ? whole(typed) : typed;
  };
  const found: string[] = [];
  for (const [at, typed] of args.entries()) found.push(await argument(typed, at));
  const options: { [Name in (typeof PEOPLE)[number]]?: string } = {};
  for (const name of PEOPLE) {
    const typed = given[name];
    if (typed !== undefined) options[name] = await whole(typed);
  }
  return { args: found, given: { ...given, ...options } };
}

import { COMMON, OPTIONS, type OptionName, type Verb } from './verb.ts';

function optionLine(name: OptionName): string {
  const option: { value?: string; short?: string; help: string } = OPTIONS[name];
  const left = `--${name}${option.value === undefined ? '' : ` ${option.value}`}`;
  return `  ${left.padEnd(22)}${option.help}\n`;
}

function list(verbs: readonly Verb[]): string {
  const calls = verbs.map((verb) => [verb.words, ...verb.args].join(' '));
  const width = Math.max(...calls.map((call) => call.length)) + 2;
  return verbs.map(({ summary }, i) => `  ${calls[i]!.padEnd(width)}${summary}\n`).join('');
}

/** How one verb is used; `family` are those that begin with its word. */
export function helpFor(verb: Verb, family: readonly Verb[] = []): string {
  const call = ['hallwayctl', verb.words, ...verb.args, ...(verb.options.length > 0 ? ['[OPTIONS]'] : [])].join(' ');
  const own = verb.options.map(optionLine).join('');
  const more = family.length === 0 ? '' : `\nSee also:\n${list(family)}`;
  return `${call}\n${verb.summary}\n${more}\nOptions:\n${own}${COMMON.map(optionLine).join('')}`;
}

/** All verbs at a glance. */
export function help(verbs: readonly Verb[]): string {
  return `hallwayctl [OPTIONS] VERB …: run a Hallway server from the command line\n\n${list(verbs)}
Options:\n${COMMON.map(optionLine).join('')}
Exit codes: 0 done, 1 refused by the server, 2 called wrongly, 3 the server is not running.\n`;
}

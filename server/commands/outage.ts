import type { OptionValues } from '../host/option-values.ts';
import { type Option, switchOption, textOption } from '../host/options.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { CommandError } from './command-error.ts';
import type { House } from './house.ts';

const about = { scope: 'domain', group: 'Outages' } as const;

/** The year, the month, the day, the time and where that time holds. Gives ms since 1970. */
function readMoment(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const time = Date.parse(text.replace(' ', 'T'));
  return Number.isNaN(time) ? undefined : time;
}

const wrong = (text: string): string | undefined =>
  text === '' || readMoment(text) !== undefined ? undefined : 'A moment looks like 2026-12-24T18:00Z or …T18:00+01:00.';

const begins = textOption({
  ...about,
  key: 'outage.begins',
  title: 'An outage begins',
  help: 'When the server is, or will be, out of order. Empty: all is well.',
  longest: 30,
  default: '',
  wrong,
});
const ends = textOption({
  ...about,
  key: 'outage.ends',
  title: 'It ends, as far as one knows',
  help: 'When all is well again. Empty: nobody knows yet.',
  longest: 30,
  default: '',
  wrong,
});
const message = textOption({
  ...about,
  key: 'outage.message',
  title: 'What people are told',
  help: 'One or two sentences; may be empty.',
  longest: 1_000,
  lines: true,
  default: '',
});
const planned = switchOption({
  ...about,
  key: 'outage.planned',
  title: 'It is planned',
  help: 'Maintenance, and not an accident.',
  default: true,
});

export const outageOptions: readonly Option[] = [begins, ends, message, planned];

/** What apps read (XEP-0455 §2.2). Empty when all is well. */
export interface OutageStatus {
  readonly planned?: boolean;
  readonly beginning?: string;
  readonly expected_end?: string;
  readonly message?: { readonly default: string };
}

/** The notice of an outage, as a file for apps. */
export class OutageCommands {
  readonly #values: OptionValues;
  readonly #house: House;

  constructor(values: OptionValues, house: House) {
    this.#values = values;
    this.#house = house;
  }

  /** Throws CommandError. */
  status(input: string): OutageStatus {
    const domain = tryParseJid(input)?.bare;
    if (domain === undefined || this.#house.get(domain) === undefined) {
      throw new CommandError('domain-not-found', `The domain ${input} is not served here.`);
    }
    const from = readMoment(this.#values.get(begins, domain));
    if (from === undefined) return {};
    const until = readMoment(this.#values.get(ends, domain));
    const text = this.#values.get(message, domain);
    return {
      planned: this.#values.get(planned, domain),
      beginning: new Date(from).toISOString(),
      // An end before the beginning was left there by an earlier outage, or is a mistake: nobody knows yet.
      ...(until !== undefined && until > from && { expected_end: new Date(until).toISOString() }),
      ...(text !== '' && { message: { default: text } }),
    };
  }
}

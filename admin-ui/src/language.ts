import { createI18n } from 'vue-i18n';

// What the panel says stands in its source in English, and is its own key: a language file has the same sentences in another
// language. What it lacks is shown in English. The language is settled before anything else of the panel is loaded
// (composables/language.ts) and another one loads the page again: so sentences may stand in constants, too.
export type Sentences = Readonly<Record<string, string>>;

const rules: Record<string, (n: number, given: number) => number> = {};

const i18n = createI18n({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  fallbackFormat: true,
  missingWarn: false,
  fallbackWarn: false,
  // The keys are sentences, with dots in them: not paths.
  messageResolver: (messages, key) => (messages as Sentences)[key] ?? null,
  messages: { en: {} } as Record<string, Record<string, string>>,
  pluralRules: rules,
});

let spoken = 'en';
let numbers = new Intl.NumberFormat('en');
let told: ReadonlyMap<string, string> = new Map();
let gaps: readonly { shape: RegExp; say: string }[] = [];

/** The language in which everything is said (BCP 47). */
export const language = (): string => spoken;

/** The forms that a language has for numbers, in the order in which a sentence of it writes them: one, other in English. */
export function pluralForms(code: string): string[] {
  const all = ['zero', 'one', 'two', 'few', 'many', 'other'];
  const has = new Set<string>(new Intl.PluralRules(code).resolvedOptions().pluralCategories);
  return all.filter((category) => has.has(category));
}

const GAP = /\{\d+\}/;
const GAPS = /\{\d+\}/g;

const literally = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** What a sentence with numbered gaps looks like when they are filled. */
function shapeOf(sentence: string): RegExp {
  return new RegExp(`^${sentence.split(GAPS).map(literally).join('([^]+?)')}$`);
}

/** Says everything in this language from now on. Before the first sentence is asked for. */
export function speak(code: string, sentences: Sentences): void {
  spoken = code;
  numbers = new Intl.NumberFormat(code);
  const plurals = new Intl.PluralRules(code);
  const forms = pluralForms(code);
  rules[code] = (n, given) => {
    const form = forms.indexOf(plurals.select(n));
    if (given === forms.length) return form;
    // One form more, before the others, is for none at all.
    if (given === forms.length + 1) return n === 0 ? 0 : form + 1;
    return Number(n !== 1); // a sentence that is missing is said in English, which has two
  };
  told = new Map(Object.entries(sentences));
  gaps = Object.keys(sentences)
    .filter((key) => GAP.test(key))
    // What says more by itself is meant before what is nearly all gap.
    .sort((one, other) => other.replaceAll(GAPS, '').length - one.replaceAll(GAPS, '').length)
    .map((key) => ({ shape: shapeOf(key), say: sentences[key] ?? key }));
  i18n.global.setLocaleMessage(code, { ...sentences });
  i18n.global.locale.value = code;
}

type Values = Readonly<Record<string, unknown>>;

/**
 * A sentence in the language that was chosen; the English one is its key. `{name}` in it stands for what is given.
 * With a number `n` the sentence has a form for one and one for more, `{n} file | {n} files`; `{n}` is then written as
 * people write numbers.
 */
export function t(sentence: string): string;
export function t(sentence: string, values: Values): string;
export function t(sentence: string, n: number): string;
export function t(sentence: string, values: Values, n: number): string;
export function t(sentence: string, given: Values | number = {}, n?: number): string {
  const values = typeof given === 'number' ? {} : given;
  const many = typeof given === 'number' ? given : n;
  if (many === undefined) return i18n.global.t(sentence, values);
  return i18n.global.t(sentence, { n: numbers.format(many), ...values }, many);
}

/** Sentences one by one; what is quoted is a part of its sentence, however many it is itself. */
export function sentencesOf(text: string): string[] {
  const parts = text.match(/(?:“[^”]*”|[^“])+?(?:[.?!](?= [\p{Lu}{“])|$)/gu) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/**
 * What the server says (titles of settings, refusals, findings), which is English, in the language that was chosen: told by
 * the sentences with numbered gaps, `{0} is taken.`, that the language file has for the server's own. What is none of them
 * stays as it is.
 */
export function retell(english: string): string {
  const exact = told.get(english);
  if (exact !== undefined || gaps.length === 0 || english.length > 3_000) return exact ?? english;
  return sentencesOf(english).map(retellOne).join(' ');
}

function retellOne(sentence: string): string {
  const exact = told.get(sentence);
  if (exact !== undefined) return exact;
  for (const { shape, say } of gaps) {
    const found = shape.exec(sentence);
    if (found) return say.replaceAll(GAPS, (gap) => retellPart(found[Number(gap.slice(1, -1)) + 1] ?? ''));
  }
  return sentence;
}

/** A size, or a number with one digit behind the point, as the server writes them: no port, and no version of a program. */
const FIGURE = /^(\d{1,3}(?:,\d{3})+|\d+\.\d|\d+(?= [kMGT]?B$))( [kMGT]?B)?$/;

/** Several addresses of machines, as the server writes them: nothing that somebody is called. */
const ADDRESSES = /^[\da-f]*[.:][\da-f.:]+(?:, [\da-f]*[.:][\da-f.:]+)* and [\da-f]*[.:][\da-f.:]+$/;

/** What fills a gap: words of ours, a figure or a day as the server writes it, or somebody else's name. */
function retellPart(part: string): string {
  const [, figure, unit = ''] = FIGURE.exec(part) ?? [];
  if (figure !== undefined) {
    const digits = figure.includes('.') ? 1 : 0;
    return Number(figure.replaceAll(',', '')).toLocaleString(spoken, { minimumFractionDigits: digits }) + unit;
  }
  if (ADDRESSES.test(part)) return new Intl.ListFormat(spoken, { type: 'conjunction' }).format(part.split(/, | and /));
  const day = /^\d{1,2} [A-Z][a-z]+ \d{4}$/.test(part) ? Date.parse(`${part} UTC`) : Number.NaN;
  if (Number.isNaN(day)) return told.get(part) ?? part;
  return new Intl.DateTimeFormat(spoken, { dateStyle: 'long', timeZone: 'UTC' }).format(day);
}

export { i18n };

import type { Json } from '../storage/stores/settings.ts';

/** What a value may be: enough to check it, and to draw a control for it. */
export type Shape =
  | { readonly kind: 'switch' }
  | { readonly kind: 'number'; readonly least: number; readonly most: number; readonly unit?: string }
  | { readonly kind: 'text'; readonly longest: number; readonly secret: boolean; readonly lines: boolean }
  | { readonly kind: 'choice'; readonly choices: Readonly<Record<string, string>> }
  | { readonly kind: 'list'; readonly longest: number; readonly most: number };

/** Something that an administrator may decide while the server runs, declared by the file that obeys it. */
export interface Option<T extends Json = Json> {
  /** Its name in the store and for hallwayctl: lower case, parted by dots and dashes. Never changed once released. */
  readonly key: string;
  /** Decided once for all, or for each domain apart. */
  readonly scope: 'house' | 'domain';
  /** Options of one group stand together in the panel; a few words. */
  readonly group: string;
  readonly title: string;
  /** One or two sentences for an administrator who is no programmer. */
  readonly help: string;
  readonly shape: Shape;
  readonly default: T;
  /** Only owners change it, and show first who they are: by it what must not be lost could go, or be carried away. */
  readonly owner?: true;
  /** It is a list of rooms that people are put into: who adds a closed one shows first who they are. */
  readonly letsIn?: true;
  /** Whether a change deletes what there is, or opens the house: who makes it shows first who they are. */
  needsProof?(from: T, to: T): boolean;
  /** What is wrong with a value of the right shape, in plain English; undefined when nothing is. */
  wrong?(value: T): string | undefined;
}

type About<T extends Json> = Omit<Option<T>, 'shape'>;

/** Of a list: somebody or something is in it that was not. */
export const hasMore = (from: readonly string[], to: readonly string[]): boolean =>
  to.some((one) => !from.includes(one));

/** Of a time after which something is deleted, 0 standing for never: it comes sooner. */
export const isSooner = (from: number, to: number): boolean => to !== 0 && (from === 0 || to < from);

/** Yes or no. */
export function switchOption(about: About<boolean>): Option<boolean> {
  return { ...about, shape: { kind: 'switch' } };
}

/** A whole number between two bounds; `unit` is a word to stand behind it. */
export function numberOption({
  least,
  most,
  unit,
  ...about
}: About<number> & { readonly least: number; readonly most: number; readonly unit?: string }): Option<number> {
  return { ...about, shape: { kind: 'number', least, most, ...(unit !== undefined && { unit }) } };
}

/** A text of at most `longest` characters; a secret one is never shown again; `lines` lets it have more than one. */
export function textOption({
  longest,
  secret = false,
  lines = false,
  ...about
}: About<string> & { readonly longest: number; readonly secret?: boolean; readonly lines?: boolean }): Option<string> {
  return { ...about, shape: { kind: 'text', longest, secret, lines } };
}

/** One of several words, each with what it means. */
export function choiceOption<Choice extends string>({
  choices,
  ...about
}: About<NoInfer<Choice>> & { readonly choices: Readonly<Record<Choice, string>> }): Option<Choice> {
  return { ...about, shape: { kind: 'choice', choices } };
}

/** At most `most` texts, each of at most `longest` characters. */
export function listOption({
  longest,
  most,
  ...about
}: About<readonly string[]> & { readonly longest: number; readonly most: number }): Option<readonly string[]> {
  return { ...about, shape: { kind: 'list', longest, most } };
}

/** What is wrong with a value, in plain English; undefined when it may be set. */
export function whatIsWrong(option: Option, value: unknown): string | undefined {
  return wrongShape(option.shape, value) ?? option.wrong?.(value as Json);
}

function wrongShape(shape: Shape, value: unknown): string | undefined {
  switch (shape.kind) {
    case 'switch':
      return typeof value === 'boolean' ? undefined : 'It is either on or off.';
    case 'number': {
      const fits = Number.isInteger(value) && (value as number) >= shape.least && (value as number) <= shape.most;
      return fits ? undefined : `It is a whole number from ${shape.least} to ${shape.most}.`;
    }
    case 'choice': {
      const names = Object.keys(shape.choices);
      return typeof value === 'string' && names.includes(value) ? undefined : `It is one of: ${names.join(', ')}.`;
    }
    case 'text':
      return wrongText(value, shape.longest, shape.lines);
    case 'list':
      if (!Array.isArray(value)) return 'It is a list of texts.';
      if (value.length > shape.most) return `At most ${shape.most}, please.`;
      for (const one of value) {
        const wrong = one === '' ? 'One of them is empty.' : wrongText(one, shape.longest, false);
        if (wrong !== undefined) return wrong;
      }
  }
}

function wrongText(value: unknown, longest: number, lines: boolean): string | undefined {
  if (typeof value !== 'string') return 'It is a text.';
  if (value.length > longest) return `At most ${longest} characters, please.`;
  const rest = lines ? value.replaceAll(/[\n\t]/g, '') : value;
  // Half of a character, or what no text has, could not be sent to anybody; what turns the direction hides what is written.
  if (/[\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069\uFFFE\uFFFF]/u.test(rest))
    return 'It holds characters that cannot be shown.';
  return undefined;
}

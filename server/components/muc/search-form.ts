import { searchable } from '../../storage/stores/profiles.ts';
import type { Submitted } from '../../xmpp/data-form.ts';
import { el } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';

export const SEARCH = `${NS.channelSearch}:search`;
export const PARAMS = `${NS.channelSearch}:search-params`;
export const BY_PEOPLE = `{${NS.channelSearch}:order}nusers`;
export const BY_ADDRESS = `{${NS.channelSearch}:order}address`;

/** Characters of what is looked for; words of it, and characters of a word at least. */
const LONGEST = 200;
const WORDS = 4;
const SHORTEST = 2;

/** What somebody looks for. */
export interface Asked {
  readonly words: readonly string[];
  readonly inName: boolean;
  readonly inTitle: boolean;
  readonly inDescription: boolean;
  /** So many people are in the room at least. */
  readonly people: number;
  readonly byPeople: boolean;
  /** False when only other kinds of rooms are wanted. */
  readonly possible: boolean;
}

type Problem = 'invalid-sort-key' | 'invalid-search-terms' | 'conflicting-fields' | 'no-search-conditions';

function problem(
  condition: 'bad-request' | 'feature-not-implemented',
  type: 'modify' | 'cancel',
  what: Problem,
  text: string,
  fields: readonly string[] = [],
): StanzaError {
  const detail = el(what, { xmlns: `${NS.channelSearch}:error` }, ...fields.map((name) => el('var', {}, name)));
  return new StanzaError(condition, text, { type, detail });
}

/** Reads the form of XEP-0433 §4.2.2. Throws StanzaError as §§4.2.2.2 to 4.2.2.7 say. */
export function readSearch({ type, formType, values }: Submitted): Asked {
  if (type !== 'submit' || formType !== PARAMS) throw new StanzaError('bad-request', 'This is not the form for rooms.');
  const one = (name: string): string | undefined => values.get(name)?.[0];
  const yes = (name: string, otherwise: boolean): boolean => {
    const value = one(name);
    return value === undefined ? otherwise : value === '1' || value === 'true';
  };
  const key = one('key') ?? BY_PEOPLE;
  if (key !== BY_PEOPLE && key !== BY_ADDRESS) {
    throw problem('feature-not-implemented', 'modify', 'invalid-sort-key', 'Rooms are not sorted like that here.');
  }
  const q = (one('q') ?? '').trim();
  const all = yes('all', false);
  if (all && q !== '') {
    throw problem('bad-request', 'modify', 'conflicting-fields', 'Either all rooms, or some.', ['all', 'q']);
  }
  if (!all && q === '') {
    throw problem('bad-request', 'cancel', 'no-search-conditions', 'Please say what you look for.');
  }
  const words = searchable(q)
    .split(/\s+/)
    .filter((word) => word !== '');
  if (q.length > LONGEST || words.length > WORDS || words.some((word) => word.length < SHORTEST)) {
    const text = `At most ${WORDS} words, please, and each with ${SHORTEST} letters at least.`;
    throw problem('bad-request', 'modify', 'invalid-search-terms', text);
  }
  // The table of §6.1 calls it so, the example of §4.2.1 otherwise.
  const inName = yes('sinaddress', yes('sinaddr', true));
  const places = { inName, inTitle: yes('sinname', true), inDescription: yes('sindescription', true) };
  if (!all && !Object.values(places).includes(true)) {
    const names = ['sinname', 'sindescription', 'sinaddress'];
    throw problem('bad-request', 'modify', 'conflicting-fields', 'There is nothing left to search in.', names);
  }
  const people = one('min_users') ?? '';
  if (!/^\d{0,9}$/.test(people)) throw new StanzaError('bad-request', 'The number of people is a number.');
  const types = values.get('types');
  const possible = types === undefined || types.length === 0 || types.includes('xep-0045');
  return { words, ...places, people: Number(people), byPeople: key === BY_PEOPLE, possible };
}

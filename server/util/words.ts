/** Characters of one text beyond which nothing is looked at, so that no text costs very much. */
const LONGEST = 8_000;

const PLAIN = /[a-z0-9]+/g;
/** Where scripts have no spaces between words, each sign is one; so is each emoji. */
const ANY =
  /[[\p{L}\p{N}\p{M}]--[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]]+|[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{Extended_Pictographic}]/gv;
const BEYOND_ASCII = /[^\0-\x7f]/;

/** Accents, and what only says where a word may be broken. */
const MARKS = /[\u0300-\u036f\u00ad\u200b-\u200d]/g;
/** Letters that do not fall apart into a letter and an accent, as those write them who do not have them on their keyboard. */
const LETTERS: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ı: 'i' };
const LETTER = /[ßæœøłđı]/g;

/**
 * The words of a text in the form in which words are compared: small letters without accents, nothing but letters, digits
 * and marks. Of a very long text only what stands in its first 8,000 characters.
 */
export function words(text: string): string[] {
  const small = (text.length > LONGEST ? text.slice(0, LONGEST) : text).toLowerCase();
  return (BEYOND_ASCII.test(small) ? plainer(small).match(ANY) : small.match(PLAIN)) ?? [];
}

function plainer(small: string): string {
  return small
    .normalize('NFKD')
    .replace(MARKS, '')
    .toLowerCase() // what a compatibility form stood for may have capitals
    .replace(LETTER, (letter) => LETTERS[letter]!);
}

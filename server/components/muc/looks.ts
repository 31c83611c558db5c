/** What is not a sign that one sees: spaces, controls, marks on nothing, and the letter of Braille without a dot. */
const VISIBLE = /[^\p{Z}\p{C}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Nicknames that look alike: other capitals, wide letters, spaces at the ends or more than one of them (XEP-0045 §14.6). */
export function looksOf(nick: string): string {
  return nick.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').trim();
}

/** XEP-0045 §17.1: nobody has a nickname that others do not see. */
export function isVisible(nick: string): boolean {
  return VISIBLE.test(nick);
}

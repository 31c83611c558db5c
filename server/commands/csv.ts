/** What a spreadsheet would take for a formula, also behind what one does not see, and the wide forms that some read as well. */
const FORMULA = /^(?:\s*[\t\r]|[\s\p{C}\p{Default_Ignorable_Code_Point}]*[=+\-@|%＝＋－＠｜％])/u;

/** The text of a cell, with an apostrophe before what would be a formula (SECURITY 76). The panel has the same: admin-ui/src/csv.ts. */
export function harmless(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

/** What stands between two cells. */
export type Separator = ';' | ',' | '\t';

/**
 * A CSV file (RFC 4180) that spreadsheets open as it is meant: with the mark that says UTF-8, and an apostrophe before what would be
 * a formula, for names and the like come from other people.
 */
export function csvOf(rows: readonly (readonly string[])[], separator: Separator = ','): string {
  return `\ufeff${rows.map((row) => `${row.map(cell).join(separator)}\r\n`).join('')}`;
}

function cell(text: string): string {
  const safe = harmless(text);
  return /[",\r\n;\t']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** What a spreadsheet would take for a formula, also behind blanks, and the wide forms that some read as well. */
const FORMULA = /^\s*[=+\-@\t\r＝＋－＠]/;

/**
 * A CSV file (RFC 4180) that spreadsheets open as it is meant: with the mark that says UTF-8, and an apostrophe before what would be
 * a formula, for names and the like come from other people.
 */
export function csvOf(rows: readonly (readonly string[])[]): string {
  return `\ufeff${rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('')}`;
}

function cell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n;\t']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Saves a text on this device, under that name. */
export function saveText(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}

/** What a spreadsheet would take for a formula, as in server/commands/csv.ts. */
const formula = /^(?:\s*[\t\r]|[\s\p{C}\p{Default_Ignorable_Code_Point}]*[=+\-@|%＝＋－＠｜％])/u;

/** Saves rows as a CSV file that spreadsheets open as it is meant: nothing in it is a formula. */
export function saveCsv(name: string, rows: readonly (readonly string[])[]): void {
  const cell = (text: string): string => {
    const safe = formula.test(text) ? `'${text}` : text;
    return /[",\r\n;\t']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  saveText(name, `\ufeff${rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('')}`);
}

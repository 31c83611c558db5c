/** Edits between two words: insert, drop or change a letter. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (letter === b[j] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}

/** The known word that was most likely meant, or undefined when none is near. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  if (word.length > 64) return undefined;
  const near = known
    .map((one) => ({ one, edits: distance(word.toLowerCase().replaceAll('-', '_'), one) }))
    .filter(({ one, edits }) => edits <= Math.max(1, Math.floor(one.length / 3)))
    .sort((a, b) => a.edits - b.edits);
  return near[0]?.one;
}

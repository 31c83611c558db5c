/** What the plays of the package say, and what is counted of it. */
const done = { failures: 0, skipped: [] as string[] };

/** How many steps failed so far, and what was not played and why. */
export const outcome: Readonly<{ failures: number; skipped: readonly string[] }> = done;

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Says that a part is not played here. */
export function leaveOut(what: string, why: string): void {
  done.skipped.push(`${what} – ${why}`);
  say(`﹣ ${what}: ${why}`);
}

/** Plays one step and says how it went, with the figure that it gives. Where it fails, `lastWords` are told, too. */
export async function step(
  name: string,
  task: () => Promise<string | undefined> | string | undefined,
  lastWords: () => Promise<string> = async () => '',
): Promise<void> {
  const start = performance.now();
  try {
    const figure = await task();
    const seconds = ((performance.now() - start) / 1_000).toFixed(1);
    say(`✔ ${name}${figure === undefined ? '' : `: ${figure}`} (${seconds} s)`);
  } catch (error) {
    done.failures++;
    say(`✖ ${name}\n${error instanceof Error ? error.stack : String(error)}\n${await lastWords()}`);
  }
}

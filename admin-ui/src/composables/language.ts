import { type Sentences, speak } from '../language.ts';

const files = import.meta.glob<Sentences>('../languages/*.json', { import: 'default' });
const key = 'hallway-language';

/** The languages there are (BCP 47), each by its own name. */
export const LANGUAGES: readonly { value: string; label: string }[] = ['en', ...Object.keys(files).map(codeOf)]
  .map((value) => ({ value, label: new Intl.DisplayNames([value], { type: 'language' }).of(value) ?? value }))
  .sort((one, other) => one.label.localeCompare(other.label));

function codeOf(path: string): string {
  return path.replace(/^.*\/|\.json$/g, '');
}

/** The first of the wanted languages that there is, `de` for `de-AT` too. */
function fitting(wanted: readonly string[]): string {
  const there = new Set(LANGUAGES.map(({ value }) => value));
  for (const one of wanted) {
    const found = [one, one.replace(/-.*/, '')].find((code) => there.has(code));
    if (found !== undefined) return found;
  }
  return 'en';
}

function remembered(): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** The language of this page: the one that was chosen in this browser, else the first of the browser's own that there is. */
export const chosen: string = fitting([...[remembered() ?? []].flat(), ...navigator.languages]);

/** Loads what is said in the language of this page. Nothing is painted before, so nothing is seen to change its language. */
export async function learn(): Promise<void> {
  const load = files[`../languages/${chosen}.json`];
  try {
    speak(chosen, load ? await load() : {});
    document.documentElement.lang = chosen;
  } catch {
    // English is better than nothing.
  }
}

/** Remembers the language in this browser and shows the page anew in it. */
export function choose(code: string): void {
  try {
    localStorage.setItem(key, code);
  } catch {
    return; // Storage is forbidden, so the page would come again as it is.
  }
  location.reload();
}

/** Characters of a text in which names are looked for. */
const READ = 10_000;
/** Names that are compared with it: many may begin with the same word. */
const COMPARED = 20_000;

/** The words of a text, with where they are; what is neither letter nor digit parts them. */
const WORD = /[\p{L}\p{N}\p{M}]+/gu;
const IN_WORD = /[\p{L}\p{N}\p{M}]/u;

interface Name {
  /** Lower case. */
  readonly text: string;
  /** Where its first word begins in it. */
  readonly offset: number;
  /** It counts only where somebody is spoken to by it, as it may be an ordinary word: `@will`, or `will:` at the beginning. */
  readonly addressed: boolean;
  readonly who: string;
}

/** The names of some people, to find out whom a text is about: the text is read once, however many there are. */
export class Names {
  readonly #byFirstWord = new Map<string, Name[]>();
  readonly #byPerson = new Map<string, Name[]>();

  get empty(): boolean {
    return this.#byFirstWord.size === 0;
  }

  /** `who` is called `name`; names of one character count for nothing. */
  add(name: string, who: string, addressed = false): void {
    const text = name.toLowerCase();
    const [first] = text.match(WORD) ?? [];
    if (first === undefined || text.length < 2) return;
    const own = this.#byPerson.get(who) ?? [];
    if (own.some((other) => other.text === text && (other.addressed === addressed || addressed))) return;
    const one = { text, offset: text.indexOf(first), addressed, who };
    put(this.#byPerson, who, one);
    put(this.#byFirstWord, first, one);
  }

  /** Who is spoken of, in lines that quote nobody. */
  in(body: string): Set<string> {
    const found = new Set<string>();
    let text = body.slice(0, READ).toLowerCase();
    if (text.includes('>')) text = text.replace(/^>.*$/gm, '');
    let left = COMPARED;
    for (const { 0: word, index } of text.matchAll(WORD)) {
      if (left <= 0) break;
      for (const name of this.#byFirstWord.get(word) ?? []) {
        const at = index - name.offset;
        left--;
        if (at < 0 || !text.startsWith(name.text, at) || !endsThere(text, at + name.text.length)) continue;
        if (!name.addressed || isAddressed(text, at, at + name.text.length)) found.add(name.who);
      }
    }
    return found;
  }
}

function put(map: Map<string, Name[]>, key: string, name: Name): void {
  const others = map.get(key);
  if (others === undefined) map.set(key, [name]);
  else others.push(name);
}

function endsThere(text: string, at: number): boolean {
  const next = text.codePointAt(at);
  return next === undefined || !IN_WORD.test(String.fromCodePoint(next));
}

function isAddressed(text: string, start: number, end: number): boolean {
  if (text[start - 1] === '@') return true;
  return text.slice(0, start).trim() === '' && /^\s*[:,]/.test(text.slice(end, end + 5));
}

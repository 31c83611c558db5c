/** RFC 8555 §8.3: base64url, 128 bits at least. */
export const TOKEN = /^[A-Za-z0-9_-]{22,256}$/;
const MOST = 200;

/** What the plain HTTP door answers to an authority that looks whether a name is ours (HTTP-01). */
export class Challenges {
  readonly #answers = new Map<string, string>();

  answer(token: string): string | undefined {
    return this.#answers.get(token);
  }

  /** Throws RangeError when there are too many. */
  set(token: string, answer: string): void {
    if (this.#answers.size >= MOST) throw new RangeError('too many challenges');
    this.#answers.set(token, answer);
  }

  remove(token: string): void {
    this.#answers.delete(token);
  }
}

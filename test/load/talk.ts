/**
 * Something like office talk for measurements: words of a vocabulary of 30,000 as often as words of a language are (the nth
 * most frequent 1/n as often as the first), 4 to 23 to a message, the same in every run.
 */
export function talk(): () => string {
  let seed = 1;
  const random = (): number => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    return seed / 0x80000000;
  };
  const vocabulary = Array.from({ length: 30_000 }, (_, rank) => {
    const letters = rank < 100 ? 2 + Math.floor(random() * 3) : 3 + Math.floor(random() * 9);
    return Array.from({ length: letters }, () => String.fromCharCode(97 + Math.floor(random() * random() * 26))).join(
      '',
    );
  });
  const word = (): string => vocabulary[Math.floor(Math.exp(random() * Math.log(vocabulary.length)))]!;
  const texts = Array.from({ length: 5_000 }, () =>
    Array.from({ length: 4 + Math.floor(random() * 20) }, word).join(' '),
  );
  let next = 0;
  return () => texts[next++ % texts.length]!;
}

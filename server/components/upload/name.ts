/** Bytes of a name, as most file systems have it. */
const LONGEST = 255;

/** The name of a file as people may see it: no path, no characters that hide what it is; '' when nothing is left. */
export function fileName(said: string): string {
  const last = said.toWellFormed().normalize('NFC').split(/[/\\]/).at(-1)!;
  // Format characters may turn the order of letters round: an invoice that ends in fdp.exe must not look like one in exe.pdf.
  const seen = last.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\uFFFE\uFFFF]/gu, '').trim();
  if (/^\.*$/.test(seen)) return '';
  return shortened(seen);
}

/** Cut in the middle, so that the ending stays. */
function shortened(name: string): string {
  if (Buffer.byteLength(name) <= LONGEST) return name;
  const ending = /\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0] ?? '';
  let stem = name.slice(0, Math.min(name.length - ending.length, LONGEST));
  while (Buffer.byteLength(stem) + ending.length > LONGEST) stem = [...stem].slice(0, -1).join('');
  return stem + ending;
}

/** A media type in lower case without its parameters; '' for what is none. */
export function mediaType(said: string): string {
  const type = said.split(';', 1)[0]!.trim().toLowerCase();
  return /^[a-z0-9][a-z0-9.+_-]{0,63}\/[a-z0-9][a-z0-9.+_-]{0,63}$/.test(type) ? type : '';
}

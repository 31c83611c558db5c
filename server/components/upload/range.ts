/** A part of a file: its first and its last byte. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/**
 * The part of a file of `size` bytes that a Range header asks for (RFC 9110 §14.2): undefined for all of it, as which many
 * parts at once are answered, too; 'none' when nothing is there.
 */
export function partOf(header: string | undefined, size: number): Part | 'none' | undefined {
  const [, first = '', last = ''] = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(header ?? '') ?? [];
  if (first === '') {
    if (last === '') return undefined;
    return Number(last) === 0 ? 'none' : { start: Math.max(0, size - Number(last)), end: size - 1 };
  }
  if (last !== '' && Number(last) < Number(first)) return undefined;
  if (Number(first) >= size) return 'none';
  return { start: Number(first), end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}

/** Whether an If-None-Match header names what the client would get (RFC 9110 §13.1.2). */
export function knows(header: string | undefined, etag: string): boolean {
  return (header ?? '').split(',').some((one) => {
    const said = one.trim();
    return said === '*' || said.replace(/^W\//, '') === etag;
  });
}

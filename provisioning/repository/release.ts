/** The releases of Debian that the package is made for, each with its number. */
export const RELEASES = { bookworm: 12, trixie: 13 } as const;
export type Release = keyof typeof RELEASES;

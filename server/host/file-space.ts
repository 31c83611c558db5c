/** What the people of a domain may do with files. Sizes in bytes; 0 stands for no such limit. */
export interface FileLimits {
  /** New files are taken. */
  readonly on: boolean;
  /** One file. */
  readonly largest: number;
  /** Of one person in 24 hours. */
  readonly daily: number;
  /** Of one person in all. */
  readonly person: number;
  /** Days after which files are deleted. */
  readonly days: number;
}

/** The room that there is for files, and how much of it may be taken: told by who takes them. */
export interface FileSpace {
  /** Bytes that may still be written to the disk. Rejects with the system's error. */
  free(): Promise<number>;
  limits(domain: string): FileLimits;
  /** Of everybody together, 0 for no such limit, and what is left free on the disk; in bytes. */
  all(): { readonly total: number; readonly reserve: number };
}

/** Where in which file something is wrong. */
export interface ConfigPlace {
  /** The file or folder, as the person who started us knows it. */
  readonly file?: string | undefined;
  /** Counted from 1. */
  readonly line?: number | undefined;
  /** As it stands in the file: `data`, `[listen] c2s`. */
  readonly key?: string | undefined;
}

/** The appliance cannot start as it is set up. The message is for the person who set it up and says what to change. */
export class ConfigError extends Error {
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly key: string | undefined;

  /** The message becomes `file:line: key: problem`, with what is known of it. */
  constructor(problem: string, place: ConfigPlace = {}, options?: ErrorOptions) {
    const { file, line, key } = place;
    const where = file === undefined ? undefined : line === undefined ? file : `${file}:${line}`;
    super([where, key, problem].filter((part) => part !== undefined).join(': '), options);
    this.name = 'ConfigError';
    this.file = file;
    this.line = line;
    this.key = key;
  }
}

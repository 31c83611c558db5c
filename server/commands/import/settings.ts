import type { Field } from './columns.ts';
import type { Encoding } from './decode.ts';
import type { Separator } from './records.ts';

/** How people get in: by a password that is made, by the one of the file, or by a link with which they make the account themselves. */
export type Way = 'generate' | 'file' | 'invite';

/** How a file is read, and what is done with those who are in it. What is left out is found out. */
export interface ImportSettings {
  /** Of addresses that do not say one. */
  readonly domain: string;
  readonly encoding?: Encoding;
  readonly separator?: Separator;
  /** Whether the first row names the columns. */
  readonly headings?: boolean;
  readonly columns?: readonly Field[];
  readonly way: Way;
  /** Who is there already: an error, left as they are, or named and sorted into departments as the file says. */
  readonly existing: 'refuse' | 'skip' | 'update';
  /** Departments that there are not are made; else they are an error. */
  readonly makeDepartments: boolean;
  /** Rows with errors are left out; else nothing is imported while there are any. */
  readonly leaveOut: boolean;
  /** How long invitations are good for: 1 to 90. */
  readonly days: number;
}

export type What = 'create' | 'invite' | 'change' | 'same' | 'skip' | 'wrong';

/** What is wrong with a row, and where. */
export interface Problem {
  readonly field: Field;
  /** A department that there is not. */
  readonly unknown?: string;
  readonly text: string;
}

/** One row as it will be done. */
export interface PlannedRow {
  readonly line: number;
  readonly domain: string;
  readonly local: string;
  readonly jid: string;
  /** The e-mail address of another domain that gave the name, else ''. */
  readonly elsewhere: string;
  readonly name: string;
  readonly password: string;
  readonly departments: string[];
  readonly what: What;
  readonly problems: Problem[];
  /** Of somebody who is there: what changes, as `name` and `department`. */
  readonly changes: Field[];
}

import { statements as start } from './0001-start.ts';
import { statements as house } from './0002-house.ts';

/** One step of the schema. Steps are never changed once released; a change is a new step. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
}

/** In order; each is applied in a transaction of its own. */
export const migrations: readonly Migration[] = [
  { version: 1, name: 'start', statements: start },
  { version: 2, name: 'house', statements: house },
];

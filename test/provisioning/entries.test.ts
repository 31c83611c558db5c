import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fateOf } from '../../provisioning/backup/entries.ts';

const ROOT = join(import.meta.dirname, '../..');
/** `join(data, 'name')`, `join(settings.data, "name")`, `join(this.#options.data, NAME_FILE)` and their like. */
const MADE = /join\(\s*(?:[\w.#]+\.)?data,\s*(?:'([^'/]+)[^']*'|`([^`$/]+)|([A-Z_]+)\b)/g;
/** The names that stand in constants. */
const CONSTANTS = /\b(?:const|export const) ([A-Z_]+) = '([^']+)';/g;

const sources = globSync(['server/**/*.ts', 'provisioning/**/*.ts'], { cwd: ROOT }).map((file) => ({
  file,
  text: readFileSync(join(ROOT, file), 'utf8'),
}));

describe('what is in the data folder', () => {
  it('is named in the list of what a backup has and has not, whatever code puts it there', () => {
    const constants = new Map(sources.flatMap(({ text }) => [...text.matchAll(CONSTANTS)].map(([, k, v]) => [k, v])));
    const found = sources.flatMap(({ file, text }) =>
      [...text.matchAll(MADE)].map(([, word, start, constant]) => ({
        file,
        name: word ?? start ?? constants.get(constant),
      })),
    );
    const names = new Set(found.map(({ name }) => name));
    // That it finds any, whichever way they are written.
    for (const known of ['uploads', 'exports', 'hallwayctl.sock', 'hallway.db', 'hostname', 'restore.json'])
      assert.ok(names.has(known), `${known} was not found`);
    assert.deepEqual(
      found.filter(({ name }) => name === undefined || fateOf(name) === undefined),
      [],
      'say in provisioning/backup/entries.ts what becomes of it, and save it in write.ts if it must not be lost',
    );
  });

  it('is told by its whole name', () => {
    assert.deepEqual(
      ['hallway.db', 'hallway.db-wal', 'hallway.db.old', 'exports', 'before-restore-2026-01-31-12-00-00', 'notes'].map(
        fateOf,
      ),
      ['saved', 'saved', undefined, 'apart', 'stays', undefined],
    );
  });
});

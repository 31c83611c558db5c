import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/**
 * How a restored house takes the place of the one before, so that there is always one of the two, whenever the machine goes down.
 * What is new is put together in a folder of its own and is on disk; then a note is written of what goes and what comes. From then on
 * the restore counts: whoever comes next, the restore itself or the next start of the server, carries out what the note says.
 */
export const RESTORING = 'restoring';
const NOTE = 'restore.json';

export interface Note {
  /** The folder into which what was there before goes; '' for nothing. */
  readonly aside: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Puts what is in the folder `restoring` in the place of `before`. All names are of entries of the data folder. */
export function swap(data: string, note: Note): void {
  settle(data, note);
  finishRestore(data);
}

/** The same, for a house that is still open: from now on the restore counts, and the next start carries it out. */
export function settle(data: string, note: Note): void {
  const draft = join(data, RESTORING, NOTE);
  writeFileSync(draft, JSON.stringify(note), { mode: 0o600, flush: true });
  renameSync(draft, join(data, NOTE));
  sync(data);
}

/** Finishes a restore that was cut short after it counted. Gives whether there was one. Throws the system's errors. */
export function finishRestore(data: string): boolean {
  const file = join(data, NOTE);
  if (!existsSync(file)) return false;
  const { aside, before, after } = JSON.parse(readFileSync(file, 'utf8')) as Note;
  if (aside !== '') {
    mkdirSync(join(data, aside), { recursive: true, mode: 0o700 });
    // One that is aside already was the old one: what is in its place by now is new.
    for (const name of before) {
      if (!existsSync(join(data, aside, name)) && existsSync(join(data, name)))
        renameSync(join(data, name), join(data, aside, name));
    }
    sync(join(data, aside));
  }
  for (const name of after) {
    const fresh = join(data, RESTORING, name);
    if (existsSync(fresh)) renameSync(fresh, join(data, name));
  }
  sync(data);
  rmSync(join(data, RESTORING), { recursive: true, force: true });
  rmSync(file);
  sync(data);
  return true;
}

function sync(folder: string): void {
  const descriptor = openSync(folder, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

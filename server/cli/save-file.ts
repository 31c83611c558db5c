import { link, open, rm, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { usage } from './failure.ts';

/**
 * Writes a file that is there as a whole or not at all, for its owner's eyes only. Throws Failure when there is one of that name or it
 * cannot be written.
 */
export async function saveFile(path: string, pieces: AsyncIterable<Buffer>): Promise<void> {
  const part = `${path}.part`;
  try {
    await rm(part, { force: true });
    {
      await using file = await open(part, 'wx', 0o600);
      for await (const piece of pieces) await file.writeFile(piece);
      await file.sync();
    }
    // A link, as it does not take the place of a file that is there.
    await link(part, path);
    await unlink(part);
    await using folder = await open(dirname(path), 'r');
    await folder.sync();
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw usage(`There is a file ${path} already; nothing was changed.`);
    if (code !== undefined) throw usage(`${path} could not be written: ${message}`);
    throw error;
  }
}

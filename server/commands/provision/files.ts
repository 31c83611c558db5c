import { constants, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Placed } from '../../../provisioning/plan/plan.ts';
import { PlanError } from '../../../provisioning/plan/plan-error.ts';

const LONGEST_SECRET = 1_000;
const LARGEST_CERTIFICATE = 60_000;

/** The files that a provisioning file names, from the folder of that. What is in them is never told. */
export class PlanFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The first line of a file. Throws PlanError, which says where in the plan it was named. */
  async secret(one: Placed, name: string): Promise<string> {
    const bytes = await this.#read(one, name, 4 * LONGEST_SECRET);
    const [line = ''] = bytes.toString('utf8').split(/\r?\n/);
    if (line === '') throw wrong(one, name, 'has no password in its first line');
    if (line.length > LONGEST_SECRET) throw wrong(one, name, 'has a first line that is too long');
    return line;
  }

  /** All of a file with a certificate or a key. Throws PlanError. */
  async whole(one: Placed, name: string): Promise<Buffer> {
    const bytes = await this.#read(one, name, LARGEST_CERTIFICATE + 1);
    if (bytes.length > LARGEST_CERTIFICATE) throw wrong(one, name, 'is too large for a certificate');
    return bytes;
  }

  async #read(one: Placed, name: string, most: number): Promise<Buffer> {
    try {
      // A pipe would be waited for, until somebody writes into it.
      const how = constants.O_RDONLY | constants.O_NONBLOCK;
      await using file = await open(resolve(this.#folder, name), how);
      if (!(await file.stat()).isFile()) throw wrong(one, name, 'is no file');
      const bytes = Buffer.alloc(most);
      const { bytesRead } = await file.read(bytes, 0, most, 0);
      return bytes.subarray(0, bytesRead);
    } catch (error) {
      if (error instanceof PlanError) throw error;
      throw wrong(one, name, `cannot be read (${(error as NodeJS.ErrnoException).code})`);
    }
  }
}

function wrong({ at }: Placed, name: string, problem: string): PlanError {
  return new PlanError(`the file ${name} ${problem}`, at);
}

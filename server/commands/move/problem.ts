import { Halted, PieError } from '../../moving/walk.ts';

/** Whether it is nothing that is wrong with this server. */
export const isForeseen = (error: unknown): error is Error => error instanceof PieError || error instanceof Halted;

/** Why people could not be read, or not move in, for whoever sits before the panel. */
export function problemOf(error: unknown): string {
  if (error instanceof PieError) return error.message;
  if (error instanceof Halted) return 'It was ended before its end.';
  return 'The disk or the store failed. Nothing is lost: begin once more with the same files, and it goes on.';
}

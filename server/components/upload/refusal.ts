import { WrongLength } from '../../storage/file-folder.ts';

/** Why an upload is refused: a status of HTTP and a sentence for whoever uploads. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

const CUT = 'The upload was cut short.';

/** What to tell somebody whose upload failed; the status is 500 where an administrator has to look. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof WrongLength) return new Refusal(400, CUT);
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new Refusal(507, 'The disk of this server is full. Tell an administrator.');
  if (code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET') return new Refusal(400, CUT);
  return new Refusal(500, 'The file could not be stored. Tell an administrator.');
}

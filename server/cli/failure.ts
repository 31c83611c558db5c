import type { ErrorReply } from '../http/contract/index.ts';

/** 1: the server refused; 2: called wrongly; 3: there is no server to talk to. */
export type ExitCode = 0 | 1 | 2 | 3;

/** What ends a verb early, with words for standard error. */
export class Failure extends Error {
  readonly exit: ExitCode;
  /** What the server said, for `--json`. */
  readonly reply: ErrorReply | undefined;

  constructor(exit: ExitCode, message: string, reply?: ErrorReply) {
    super(message);
    this.exit = exit;
    this.reply = reply;
  }
}

export function usage(message: string): Failure {
  return new Failure(2, message);
}

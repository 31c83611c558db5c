import type { Logger } from './log.ts';

/** Sends one state: `ready` once, and text for `systemctl status`. */
export type Send = (message: { ready?: boolean; status: string }) => Promise<unknown>;

export interface NotifierOptions {
  /** NOTIFY_SOCKET; without it nothing is ever sent. */
  readonly socket: string | undefined;
  /** WATCHDOG_USEC: microseconds without a sign of life after which we are killed. */
  readonly watchdogMicroseconds: string | undefined;
  /** WATCHDOG_PID: the process that is watched, if not any of the service. */
  readonly watchdogPid?: string | undefined;
  /** Our own process. */
  readonly pid: number;
  /** The self-check: what is wrong, in a sentence, or undefined. One that throws or does not end counts as failed. */
  readonly check: () => Promise<string | undefined>;
  readonly log: Logger;
  /** How it is sent; default: the program `systemd-notify`. */
  readonly send?: Send;
}

/** The package is loaded only where there is a systemd to talk to. */
const sendByProgram: Send = async (message) => (await import('systemd-notify')).default(message);

/** Characters of a status that people are shown. */
const LONGEST = 400;

/** What somebody sends may have no line of its own: it would be taken for another state. */
function oneLine(text: string): string {
  return text
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, LONGEST);
}

/** Programs that are started together end as they like: the last word is to be the last. */
let lastWord: Promise<unknown> = Promise.resolve();

/** Tells systemd how it is with a house that is not open, to be read in `systemctl status`; one after the other. Never rejects. */
export async function tellWhy(socket: string | undefined, why: string, send = sendByProgram): Promise<void> {
  if (socket === undefined) return;
  lastWord = lastWord.then(() => send({ status: oneLine(why) })).catch(() => undefined);
  await lastWord;
}

/** Tells systemd how the service is (sd_notify(3)). A message that cannot be sent is logged and never stops the house. */
export class Notifier implements AsyncDisposable {
  readonly #options: NotifierOptions;
  readonly #send: Send;
  #watchdog: NodeJS.Timeout | undefined;
  #checking = false;
  #status = '';

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#send = options.send ?? sendByProgram;
  }

  /** To be called when all listeners are open: the service counts as started, and the watchdog is fed from now on. */
  async ready(status: string): Promise<void> {
    this.#status = status;
    await this.#tell({ ready: true, status });
    const { socket, watchdogMicroseconds, watchdogPid, pid } = this.#options;
    const every = Math.floor(Number(watchdogMicroseconds) / 3_000); // µs to ms, three times in the period
    if (socket === undefined || !(every > 0) || Number(watchdogPid ?? pid) !== pid || this.#watchdog !== undefined)
      return;
    this.#watchdog = setInterval(() => void this.#alive(), Math.min(every, 2_147_483_647)).unref();
  }

  /** To be called when the house begins to close; the watchdog is still fed, as closing may take its time. */
  async stopping(): Promise<void> {
    this.#status = 'closing';
    // The package knows no other states than ready and status; the status's line may carry a second one.
    await this.#tell({ status: 'closing\nSTOPPING=1' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#watchdog);
    this.#watchdog = undefined;
  }

  async #alive(): Promise<void> {
    if (this.#checking) return; // a check that hangs must let the watchdog bite
    this.#checking = true;
    try {
      const wrong = await this.#options.check();
      if (wrong === undefined) await this.#tell({ status: `${this.#status}\nWATCHDOG=1` });
      else {
        this.#options.log.error({ why: wrong }, 'the self-check failed; the watchdog is not fed');
        await this.#tell({ status: oneLine(`${wrong}; it is started anew if that does not change`) });
      }
    } catch (err) {
      this.#options.log.error({ err }, 'the self-check failed; the watchdog is not fed');
    } finally {
      this.#checking = false;
    }
  }

  async #tell(message: { ready?: boolean; status: string }): Promise<void> {
    if (this.#options.socket === undefined) return;
    try {
      await this.#send(message);
    } catch (err) {
      this.#options.log.warn({ err }, 'systemd could not be told');
    }
  }
}

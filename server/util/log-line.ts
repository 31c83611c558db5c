/** Names of values that must never be seen in a log, at any depth. */
const SECRET =
  /^(?:.*[_.-])?(?:password|passwd|secret|token|key|cookie|authorization)$|(?:Password|Secret|Token|Key|KeyPem)$/i;
/** A value that needs no quotes to be read back. */
const PLAIN = /^[\p{L}\p{N}_.:@/[\]%+-]+$/u;
/** Control, format and line-breaking characters: they could forge lines or steer a terminal. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const MAX_VALUE = 2_000;

interface Failure {
  readonly type?: unknown;
  readonly message?: unknown;
  readonly stack?: unknown;
}

/** pino's levels by number: the word for people and the priority of journald (sd-daemon(3)). */
const LEVELS: Readonly<Record<number, readonly [word: string, priority: number]>> = {
  10: ['trace', 7],
  20: ['debug', 7],
  30: ['info', 6],
  40: ['warn', 4],
  50: ['error', 3],
  60: ['fatal', 3],
};

function safe(text: string): string {
  return text.replace(UNSAFE, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const short = text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
  if (typeof value !== 'string' || PLAIN.test(short)) return safe(short);
  return safe(JSON.stringify(short));
}

/** One entry of the log as text, and what stands around it. */
export interface LogEntry {
  /** ms since 1970. */
  readonly time: number;
  readonly word: string;
  /** journald's. */
  readonly priority: number;
  /** The message with its values; below it an error's stack, indented. */
  readonly lines: readonly string[];
}

/** Reads one line of pino's JSON. What a secret's name is on is left out, and nothing in it can end a line or steer a terminal. */
export function readLine(json: string): LogEntry {
  const record = JSON.parse(json, (name, value) => (SECRET.test(name) ? '[redacted]' : value)) as Record<
    string,
    unknown
  >;
  const { level, time, msg, err, ...rest } = record;
  const [word, priority] = LEVELS[Number(level)] ?? ['info', 6];
  const failure: Failure | undefined = typeof err === 'object' && err !== null ? err : undefined;
  const values = Object.entries(rest).map(([name, value]) => `${safe(name)}=${shown(value)}`);
  if (failure === undefined && err !== undefined) values.push(`err=${shown(err)}`);
  if (failure !== undefined && failure.message !== msg) values.push(`err=${shown(failure.message ?? '')}`);
  const first = [safe(String(msg ?? '')), ...values].join(' ').trimEnd();
  const stack = Number(level) >= 50 && typeof failure?.stack === 'string' ? failure.stack.split('\n').slice(1) : [];
  return { time: Number(time), word, priority, lines: [first, ...stack.map((line) => `    ${safe(line.trim())}`)] };
}

/** As it is written: `time level message key=value …`. In the journal each line begins with its priority instead, as journald has the time. */
export function writeEntry({ time, word, priority, lines }: LogEntry, journal: boolean): string {
  if (journal) return lines.map((line) => `<${priority}>${line}\n`).join('');
  const head = `${new Date(time).toISOString()} ${word.padEnd(5)} `;
  return lines.map((line, index) => `${index === 0 ? head : ''}${line}\n`).join('');
}

/** One line of pino's JSON as text. */
export function formatLine(json: string, journal: boolean): string {
  return writeEntry(readLine(json), journal);
}

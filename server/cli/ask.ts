import { createInterface } from 'node:readline/promises';
import { type Readable, Writable } from 'node:stream';
import { usage } from './failure.ts';

export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stderr: Writable;
}

const LONGEST = 4_096;

/** One line from the person at the terminal. What is asked goes to standard error: standard output is for the answer. */
export async function askLine({ stdin, stderr }: Terminal, question: string): Promise<string> {
  const lines = createInterface({ input: stdin, output: stderr, terminal: true });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}

/** The same, but what is typed is not shown. */
async function askHidden({ stdin, stderr }: Terminal, question: string): Promise<string> {
  stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true });
  const aborted = new AbortController();
  lines.on('SIGINT', () => aborted.abort());
  try {
    return await lines.question('', { signal: aborted.signal });
  } catch (error) {
    if (aborted.signal.aborted) throw usage('Nothing was changed.');
    throw error;
  } finally {
    lines.close();
    stderr.write('\n');
  }
}

/** A new password, typed twice. Throws Failure when the two differ or there is nobody to ask. */
export async function askPassword(terminal: Terminal): Promise<string> {
  if (terminal.stdin.isTTY !== true)
    throw usage('There is no terminal to ask for a password: use --password-stdin or --generate.');
  const password = await askHidden(terminal, 'New password: ');
  if (password === '') throw usage('No password was typed; nothing was changed.');
  if ((await askHidden(terminal, 'Again: ')) !== password)
    throw usage('The two passwords differ; nothing was changed.');
  return password;
}

/** A secret, typed or piped in, so that it stands in no list of processes and no history. Throws Failure. */
export async function takeSecret(terminal: Terminal, question: string): Promise<string> {
  return terminal.stdin.isTTY === true ? askHidden(terminal, question) : readPassword(terminal);
}

/** All of standard input, without the line end that `echo` puts there. Throws Failure. */
export async function readPassword({ stdin }: Terminal): Promise<string> {
  let text = '';
  stdin.setEncoding('utf8');
  for await (const chunk of stdin) {
    text += chunk;
    if (text.length > LONGEST) throw usage('What comes on standard input is too long.');
  }
  const password = text.replace(/\r?\n$/, '');
  if (password === '') throw usage('Standard input is empty; nothing was changed.');
  return password;
}

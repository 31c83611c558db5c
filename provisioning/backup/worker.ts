import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { type CheckTask, checkBackup } from './check.ts';
import { type BackupProblemCode, problemOf } from './problem.ts';
import { type WriteTask, type Written, writeBackup } from './write.ts';

/** What the thread is to do, and what it says. */
export type Task = { readonly write: WriteTask } | { readonly check: CheckTask };
export type Told =
  | { readonly bytes: number }
  | { readonly done: Written | Awaited<ReturnType<typeof checkBackup>> }
  | { readonly failed: { readonly code: BackupProblemCode; readonly text: string } };

/** Bytes between two reports. */
const REPORT = 4 * 1024 * 1024;

async function work(): Promise<void> {
  const task = workerData as Task;
  try {
    // On Linux this is the priority of this thread alone: who waits for a message comes first.
    setPriority(10);
  } catch {
    // A sandbox may forbid it.
  }
  let told = 0;
  const tell = (bytes: number): void => {
    if (bytes - told < REPORT) return;
    told = bytes;
    say({ bytes });
  };
  try {
    say({ done: 'write' in task ? await writeBackup(task.write, tell) : await checkBackup(task.check, tell) });
  } catch (error) {
    const { code, message } = problemOf(error);
    say({ failed: { code, text: message } });
  }
}

function say(told: Told): void {
  parentPort!.postMessage(told);
}

await work();

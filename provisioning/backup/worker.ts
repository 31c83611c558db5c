import { statSync } from 'node:fs';
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { createLog } from '../../server/util/log.ts';
import { type CheckTask, checkBackup } from './check.ts';
import { type BackupProblemCode, problemOf } from './problem.ts';
import { type Staged, type StageTask, stageHouse } from './stage.ts';
import { type WriteTask, type Written, writeBackup } from './write.ts';

/** What the thread is to do, and what it says. */
export type Task = { readonly write: WriteTask } | { readonly check: CheckTask } | { readonly stage: StageTask };
export type Told =
  | { readonly bytes: number }
  | { readonly done: Written | Awaited<ReturnType<typeof checkBackup>> | Staged }
  | { readonly failed: { readonly code: BackupProblemCode; readonly text: string } };

/** Bytes between two reports. */
const REPORT = 4 * 1024 * 1024;

function run(task: Task, tell: (bytes: number) => void): Promise<Extract<Told, { done: unknown }>['done']> {
  if ('write' in task) return writeBackup(task.write, tell);
  if ('check' in task) return checkBackup(task.check, tell);
  const { size } = statSync(task.stage.file);
  return stageHouse({ ...task.stage, log: createLog({ level: 'silent' }), tell: (part) => tell(part * size) });
}

async function work(): Promise<void> {
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
    say({ done: await run(workerData as Task, tell) });
  } catch (error) {
    const { code, message } = problemOf(error);
    say({ failed: { code, text: message } });
  }
}

function say(told: Told): void {
  parentPort!.postMessage(told);
}

await work();

import { Worker } from 'node:worker_threads';
import { BackupProblem } from './problem.ts';
import type { Task, Told } from './worker.ts';

/** The thread that reads and writes backups, beside the one that serves people. One task at a time is the caller's business. */
export class BackupThread {
  #worker: Worker | undefined;

  /** Gives what the task gives; `tell` hears how many bytes are done. Throws BackupProblem. */
  run(task: Task, tell: (bytes: number) => void): Promise<unknown> {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: task,
      name: 'backup',
      execArgv: [],
    });
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      worker.on('message', (told: Told) => {
        if ('bytes' in told) tell(told.bytes);
        else if ('done' in told) resolve(told.done);
        else reject(new BackupProblem(told.failed.code, told.failed.text));
      });
      worker.once('error', reject);
      worker.once('exit', () => {
        this.#worker = undefined;
        reject(new BackupProblem('unmade', 'The server was stopped meanwhile.'));
      });
    });
  }

  /** Ends what is under way. */
  async stop(): Promise<void> {
    await this.#worker?.terminate();
  }
}

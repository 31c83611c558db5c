import type { Stores } from '../storage/stores/index.ts';
import { type Actor, record } from './actor.ts';
import { CommandError } from './command-error.ts';

/** The steps of setting a house up, in their order. */
export const SETUP_STEPS = ['domain', 'reach', 'certificate', 'people'] as const;
export type SetupStep = (typeof SETUP_STEPS)[number];

export interface SetupView {
  readonly steps: { readonly name: SetupStep; readonly done: boolean }[];
  /** How many are left. */
  readonly left: number;
}

const DONE = 'setup.done';

/** How far the house is set up: each step can be left and gone back to, by any administrator and from any browser. */
export class SetupCommands {
  readonly #stores: Stores;

  constructor(stores: Stores) {
    this.#stores = stores;
  }

  async get(): Promise<SetupView> {
    const done = await this.#done();
    const steps = await Promise.all(
      SETUP_STEPS.map(async (name) => ({
        name,
        done: done.includes(name) || (name === 'people' && (await this.#hasPeople())),
      })),
    );
    return { steps, left: steps.filter((one) => !one.done).length };
  }

  /** Says of a step that it is done, or that it is not. Throws CommandError. */
  async mark(by: Actor, input: string, isDone: boolean): Promise<SetupView> {
    const step = SETUP_STEPS.find((one) => one === input);
    if (step === undefined) {
      throw new CommandError('invalid', `There is no step ${input}. There are: ${SETUP_STEPS.join(', ')}.`, 'step');
    }
    const before = await this.#done();
    if (before.includes(step) !== isDone) {
      const now = SETUP_STEPS.filter((one) => (one === step ? isDone : before.includes(one)));
      await this.#stores.settings.set(DONE, now);
      await record(this.#stores.audit, by, isDone ? 'setup.done' : 'setup.again', step);
    }
    return this.get();
  }

  async #done(): Promise<readonly SetupStep[]> {
    return ((await this.#stores.settings.get(DONE)) ?? []) as readonly SetupStep[];
  }

  async #hasPeople(): Promise<boolean> {
    const { accounts } = await this.#stores.accounts.page({ status: 'active', limit: 1 });
    return accounts.length > 0;
  }
}

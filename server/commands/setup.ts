import type { Stores } from '../storage/stores/index.ts';
import { type Actor, record } from './actor.ts';
import { CommandError } from './command-error.ts';

/** The steps of setting a house up, in their order. */
export const SETUP_STEPS = ['domain', 'reach', 'certificate', 'people'] as const;
export type SetupStep = (typeof SETUP_STEPS)[number];

/** From where people are to reach the server: from the office's own network only, or from the internet too. */
export const REACHES = ['office', 'internet'] as const;
export type WishedReach = (typeof REACHES)[number];

export interface SetupView {
  readonly steps: { readonly name: SetupStep; readonly done: boolean }[];
  /** How many are left. */
  readonly left: number;
  /** Missing until somebody has decided it. */
  readonly reach?: WishedReach;
}

const DONE = 'setup.done';
const REACH = 'setup.reach';

/** How far the house is set up: each step can be left and gone back to, by any administrator and from any browser. */
export class SetupCommands {
  readonly #stores: Stores;

  constructor(stores: Stores) {
    this.#stores = stores;
  }

  async get(): Promise<SetupView> {
    const [done, reach] = await Promise.all([this.#done(), this.#reach()]);
    const steps = await Promise.all(
      SETUP_STEPS.map(async (name) => ({
        name,
        done: done.includes(name) || (name === 'people' && (await this.#hasPeople())),
      })),
    );
    return { steps, left: steps.filter((one) => !one.done).length, ...(reach && { reach }) };
  }

  /** Keeps from where people are to reach the server; nothing but what the set-up shows hangs on it. Throws CommandError. */
  async choose(by: Actor, input: string): Promise<SetupView> {
    const reach = REACHES.find((one) => one === input);
    if (reach === undefined) {
      throw new CommandError('invalid', `People reach the server from one of: ${REACHES.join(', ')}.`, 'reach');
    }
    if ((await this.#reach()) !== reach) {
      await this.#stores.settings.set(REACH, reach);
      await record(this.#stores.audit, by, 'setup.reach', reach);
    }
    return this.get();
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

  async #reach(): Promise<WishedReach | undefined> {
    const kept = await this.#stores.settings.get(REACH);
    return REACHES.find((one) => one === kept);
  }

  async #hasPeople(): Promise<boolean> {
    const { accounts } = await this.#stores.accounts.page({ status: 'active', limit: 1 });
    return accounts.length > 0;
  }
}

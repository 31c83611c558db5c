import { RESTORED } from '../../../provisioning/backup/format.ts';
import { PlanError } from '../../../provisioning/plan/plan-error.ts';
import { readPlan } from '../../../provisioning/plan/read.ts';
import type { Stores } from '../../storage/stores/index.ts';
import type { Json } from '../../storage/stores/settings.ts';
import { type Actor, record } from '../actor.ts';
import { CommandError } from '../command-error.ts';
import { checkAdminPassword, hashAdminPassword } from '../passwords.ts';
import { applyPlan } from './apply.ts';
import { checkPlan } from './check.ts';
import { NOTHING_DONE, type ProvisionDone, wouldDo } from './done.ts';
import type { ProvisionNeeds } from './needs.ts';

export interface ProvisionWish {
  /** What the file is called in errors and in the audit log. */
  readonly name: string;
  readonly source: string;
  /** The folder from which other files are named. */
  readonly folder: string;
  /** Only looks whether it could be done. */
  readonly dryRun?: boolean;
}

export interface Provisioned {
  /** False: this very file was applied before, or it was only looked at. */
  readonly applied: boolean;
  /** When it was applied before, ms; null when it was not. */
  readonly before: number | null;
  /** What was new, or would be. */
  readonly done: ProvisionDone;
}

const APPLIED = 'provision.applied';
/** Files that are remembered. */
const MOST = 100;

interface Applied {
  readonly hash: string;
  readonly at: number;
}

/**
 * Sets the house up by a file: checked as a whole before anything changes, applied once, and what is there already is left
 * alone.
 */
export class ProvisionCommands {
  readonly #stores: Stores;
  readonly #needs: ProvisionNeeds;
  readonly #now: () => number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(stores: Stores, needs: ProvisionNeeds, now: () => number) {
    this.#stores = stores;
    this.#needs = needs;
    this.#now = now;
  }

  /** What stands for an administrator's password in such a file. Throws CommandError. */
  async hash(password: string): Promise<string> {
    checkAdminPassword(password, '\u0000');
    return hashAdminPassword(password);
  }

  /** Whether this house is one already: a file was applied, or it came from a backup. */
  async begun(): Promise<boolean> {
    return (await this.#applied()).length > 0 || (await this.#stores.settings.get(RESTORED)) !== undefined;
  }

  /** Applies a file; of two at once the second waits. Throws CommandError, whose message names file, line and key. */
  async apply(by: Actor, wish: ProvisionWish): Promise<Provisioned> {
    const mine = this.#last.then(() => this.#apply(by, wish));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #apply(by: Actor, { name, source, folder, dryRun = false }: ProvisionWish): Promise<Provisioned> {
    try {
      const plan = readPlan(name, source);
      const applied = await this.#applied();
      const before = applied.find(({ hash }) => hash === plan.hash)?.at ?? null;
      if (before !== null) return { applied: false, before, done: NOTHING_DONE };
      const fresh = !this.#needs.claim.claimed && !(await this.begun());
      const checked = await checkPlan(plan, this.#needs, { folder, fresh });
      if (dryRun) return { applied: false, before, done: await wouldDo(checked, this.#needs) };
      const done = await applyPlan(checked, this.#needs, by);
      // Last: what broke off in between is begun anew, and finds what is done.
      const now = [...applied, { hash: plan.hash, at: this.#now() }].slice(-MOST) as unknown as Json;
      await this.#stores.settings.set(APPLIED, now);
      const counts = Object.entries(done).flatMap(([what, names]) =>
        what !== 'advice' && Array.isArray(names) && names.length > 0 ? [[what, names.length] as const] : [],
      );
      await record(this.#stores.audit, by, 'house.provision', name, { hash: plan.hash, ...Object.fromEntries(counts) });
      return { applied: true, before, done };
    } catch (error) {
      if (error instanceof PlanError) throw new CommandError('invalid', error.message, 'source');
      throw error;
    }
  }

  async #applied(): Promise<readonly Applied[]> {
    return ((await this.#stores.settings.get(APPLIED)) ?? []) as unknown as readonly Applied[];
  }
}

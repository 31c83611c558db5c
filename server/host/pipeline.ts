/** A step passes (undefined), swallows ('stop'), or throws a StanzaError. It may wait for the store, never for the network. */
export type Step<Passage> = (passage: Passage) => Verdict | Promise<Verdict>;
export type Verdict = 'stop' | undefined | void;

/** Named stages in a fixed order; within a stage, steps run in the order in which they were added. */
export class Pipeline<Stage extends string, Passage> {
  readonly #stages: Map<Stage, Step<Passage>[]>;
  #steps: readonly Step<Passage>[] = [];
  /** Where each stage begins in #steps. */
  readonly #starts = new Map<Stage, number>();

  constructor(stages: readonly Stage[]) {
    this.#stages = new Map(stages.map((stage) => [stage, []]));
  }

  add(stage: Stage, step: Step<Passage>): void {
    this.#stages.get(stage)!.push(step);
    const steps: Step<Passage>[] = [];
    for (const [name, list] of this.#stages) {
      this.#starts.set(name, steps.length);
      steps.push(...list);
    }
    this.#steps = steps;
  }

  /** Runs the steps, from a stage on; without a promise as long as no step needs one. */
  run(passage: Passage, from?: Stage): Verdict | Promise<Verdict> {
    const steps = this.#steps;
    for (let i = from === undefined ? 0 : (this.#starts.get(from) ?? 0); i < steps.length; i++) {
      const verdict = steps[i]!(passage);
      if (verdict === 'stop') return 'stop';
      if (verdict instanceof Promise) return this.#goOn(passage, verdict, i + 1, steps);
    }
    return undefined;
  }

  async #goOn(
    passage: Passage,
    pending: Promise<Verdict>,
    from: number,
    steps: readonly Step<Passage>[],
  ): Promise<Verdict> {
    if ((await pending) === 'stop') return 'stop';
    for (let i = from; i < steps.length; i++) {
      if ((await steps[i]!(passage)) === 'stop') return 'stop';
    }
    return undefined;
  }
}

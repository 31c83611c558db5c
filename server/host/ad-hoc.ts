import type { Field } from '../xmpp/data-form.ts';
import { el } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import type { IqRequest } from './iq.ts';
import type { DiscoNode } from './module.ts';

export interface CommandOutcome {
  /** For people. */
  readonly note?: string;
  /** Fields of a result form. */
  readonly fields?: readonly Field[];
}

/** One ad-hoc command of the host (XEP-0050), offered by a module in its wiring; `modules/ad-hoc.ts` executes them all. */
export interface AdHocCommand {
  readonly node: string;
  readonly name: string;
  /** FORM_TYPE of the form that asks, and of the one that answers. */
  readonly formTypes: readonly [question: string | undefined, result: string | undefined];
  /** What is asked; empty for a command that just answers. */
  readonly fields: readonly Field[];
  /** What is asked when that depends on what there is; in the place of `fields`. Throws StanzaError. */
  ask?(request: IqRequest): Promise<readonly Field[]>;
  /** Whether who asks may see and run it. */
  may(request: IqRequest): boolean | Promise<boolean>;
  /** Throws StanzaError. */
  run(request: IqRequest, values: ReadonlyMap<string, readonly string[]>): Promise<CommandOutcome>;
}

/** The nodes by which commands are discovered (XEP-0050 §2.2). */
export function commandNodes(commands: readonly AdHocCommand[]): DiscoNode[] {
  return commands.map((command) => ({
    node: command.node,
    info: async (request) => {
      if (!(await command.may(request))) throw new StanzaError('forbidden');
      return [
        el('identity', { category: 'automation', type: 'command-node', name: command.name }),
        ...[NS.commands, NS.dataForms].map((feature) => el('feature', { var: feature })),
      ];
    },
  }));
}

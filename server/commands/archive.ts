import { ArchiveKeeper } from '../archive/keeper.ts';
import type { Stores } from '../storage/stores/index.ts';
import type { Element } from '../xmpp/element.ts';
import { ArchivePlaces } from './archive-places.ts';
import { ArchiveRuleCommands } from './archive-rules.ts';
import { ArchiveSearchCommands } from './archive-search.ts';
import type { House } from './house.ts';

export interface ArchiveNeeds {
  readonly stores: Stores;
  readonly house: House;
  readonly log: { error(details: object, text: string): void };
  readonly now: () => number;
  /** Reads one stanza that was serialised by us. */
  readonly parse: (xml: string) => Element;
}

/** What administrators do with what people said to each other. */
export interface ArchiveCommands {
  /** How long it is kept. */
  readonly rules: ArchiveRuleCommands;
  /** Reading along, for auditors. */
  readonly search: ArchiveSearchCommands;
  /** Forgets what was decided for a domain that is not served any more. */
  forget(domain: string): Promise<void>;
  close(): void;
}

export function openArchive({ stores, house, log, now, parse }: ArchiveNeeds): ArchiveCommands {
  const failed = (error: unknown): void => log.error({ err: error }, 'archives could not be looked after');
  const keeper = new ArchiveKeeper({ stores, domains: () => house.domains(), failed, now });
  const places = new ArchivePlaces(stores, house);
  const rules = new ArchiveRuleCommands({ stores, places, keeper, now });
  void keeper.round();
  return {
    rules,
    search: new ArchiveSearchCommands({ stores, places, parse }),
    forget: (domain) => rules.forget(domain),
    close: () => keeper.close(),
  };
}

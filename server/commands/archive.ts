import { ArchiveKeeper } from '../archive/keeper.ts';
import type { Stores } from '../storage/stores/index.ts';
import type { Element } from '../xmpp/element.ts';
import { ArchiveExportCommands } from './archive-exports.ts';
import { ArchivePlaces } from './archive-places.ts';
import { ArchiveRuleCommands } from './archive-rules.ts';
import { ArchiveSearchCommands } from './archive-search.ts';
import type { House } from './house.ts';

export interface ArchiveNeeds {
  readonly stores: Stores;
  readonly house: House;
  readonly log: { error(details: object, text: string): void };
  readonly now: () => number;
  /** Where exports are; undefined: nothing is exported. */
  readonly exportFolder?: string;
  /** Reads one stanza that was serialised by us. */
  readonly parse: (xml: string) => Element;
}

/** What administrators do with what people said to each other. */
export interface ArchiveCommands {
  /** How long it is kept. */
  readonly rules: ArchiveRuleCommands;
  /** Reading along, for auditors. */
  readonly search: ArchiveSearchCommands;
  /** Carrying it out. */
  readonly exports: ArchiveExportCommands;
  /** Forgets what was decided for a domain that is not served any more. */
  forget(domain: string): Promise<void>;
  close(): void;
}

export async function openArchive(needs: ArchiveNeeds): Promise<ArchiveCommands> {
  const { stores, house, log, now, parse, exportFolder: folder } = needs;
  const failed = (error: unknown): void => log.error({ err: error }, 'archives could not be looked after');
  const keeper = new ArchiveKeeper({ stores, domains: () => house.domains(), failed, now });
  const places = new ArchivePlaces(stores, house);
  const rules = new ArchiveRuleCommands({ stores, places, keeper, now });
  const exports = new ArchiveExportCommands({ stores, places, folder, failed, now });
  await exports.open();
  const sweep = setInterval(() => void exports.sweep().catch(failed), 60 * 60 * 1_000);
  sweep.unref();
  void keeper.round();
  return {
    rules,
    search: new ArchiveSearchCommands({ stores, places, parse }),
    exports,
    forget: async (domain) => {
      await rules.forget(domain);
      await exports.forget(domain);
    },
    close: () => {
      clearInterval(sweep);
      exports.close();
      keeper.close();
    },
  };
}

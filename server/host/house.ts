import type { Logger } from 'pino';
import type { ArchiveIds } from '../storage/archive-id.ts';
import type { Database } from '../storage/database.ts';
import type { Stores } from '../storage/stores/index.ts';
import type { Element } from '../xmpp/element.ts';
import type { Component } from './component.ts';
import type { Counters } from './counters.ts';
import type { FileLinks } from './file-links.ts';
import type { Module } from './module.ts';
import type { OptionValues } from './option-values.ts';
import type { OutsideRule } from './outside.ts';
import type { Router } from './router.ts';

/** What all hosts share. */
export interface House {
  readonly db: Database;
  readonly stores: Stores;
  readonly router: Router;
  readonly archiveIds: ArchiveIds;
  readonly counters: Counters;
  readonly log: Logger;
  readonly modules: readonly Module[];
  readonly components: readonly Component[];
  readonly options: OptionValues;
  /** Who may talk with people of other servers; absent: everybody. */
  readonly outside?: OutsideRule;
  /** What links to uploaded files look like. */
  readonly fileLinks: FileLinks;
  readonly version: string;
  /** Reads one stanza that was serialised by us. */
  readonly parse: (xml: string) => Element;
  readonly limits: {
    readonly sessionsPerAccount: number;
    readonly offlineMessagesPerAccount: number;
    readonly rosterItemsPerAccount: number;
  };
}

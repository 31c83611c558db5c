import type { Module } from '../host/module.ts';
import { NS } from '../xmpp/ns.ts';

/**
 * Full text search in archives (XEP-0431): one more field of an archive's form. It is read where the form is
 * (xmpp/archive-query.ts), what is meant by it says storage/searchable.ts, and the archive (mam.ts) finds it.
 */
export const fulltext: Module = {
  name: 'fulltext',
  xep: [431, '0.2.0'],
  start: () => ({ features: [NS.fulltext], accountFeatures: [NS.fulltext] }),
};

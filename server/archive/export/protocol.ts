import type { ExportFacts } from './writer.ts';

/** What the thread that writes an export is told, one after the other; it answers each. */
export type ExportOrder =
  | { readonly kind: 'begin'; readonly archive: string }
  | { readonly kind: 'rows'; readonly rows: readonly { readonly id: number; readonly stanza: string }[] }
  | { readonly kind: 'end' };

export type ExportReply =
  | { readonly kind: 'went-on'; readonly messages: number }
  | { readonly kind: 'ended'; readonly messages: number; readonly bytes: number; readonly sha256: string };

export interface ExportWorkerData {
  readonly folder: string;
  readonly name: string;
  readonly target: string;
  readonly facts: ExportFacts;
}

// XEP-0223 1.1.1, XEP-0490 1.0.1, XEP-0492 0.2.0
import type { NodeConfig } from '../storage/stores/pubsub-nodes.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

/**
 * Nodes of accounts that are nobody else's business and must not be lost, whatever a client says or forgets to say: rooms
 * that one is in (XEP-0402, XEP-0048) and what one has read (XEP-0490). Others have read and overwritten bookmarks of
 * clients that relied on the default.
 */
const PRIVATE: Readonly<Record<string, Partial<NodeConfig>>> = {
  'urn:xmpp:bookmarks:1': { maxItems: 'max', sendLast: 'never' },
  'urn:xmpp:mds:displayed:0': { maxItems: 'max', sendLast: 'never' },
  'storage:bookmarks': {},
};

const FIXED: Partial<NodeConfig> = { accessModel: 'whitelist', publishModel: 'publishers', persistItems: true };

/** What a node of this name begins with, beside the usual. */
export function privateDefaults(name: string): Partial<NodeConfig> | undefined {
  return Object.hasOwn(PRIVATE, name) ? { ...PRIVATE[name], ...FIXED } : undefined;
}

/** Throws `not-acceptable` when a private node would be opened. */
export function keepPrivate(name: string, config: NodeConfig): void {
  if (!Object.hasOwn(PRIVATE, name)) return;
  for (const [key, value] of Object.entries(FIXED)) {
    if (config[key as keyof NodeConfig] !== value) {
      throw new StanzaError('not-acceptable', 'This node is for its owner only and is kept.');
    }
  }
}

import type { RunningComponent } from '../host/component.ts';
import type { FileLinks } from '../host/file-links.ts';
import type { Departure } from '../host/flow.ts';
import type { Module } from '../host/module.ts';
import { child, type Element, textOf } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';

/**
 * Notices to which room somebody shows a file of theirs, so that administrators see what a room costs (XEP-0066, as clients
 * tell the links of XEP-0363).
 */
export function sharedFiles(links: FileLinks): Module {
  return {
    name: 'shared-files',
    start: ({ house: { stores, router } }) => ({
      outbound: {
        broadcast({ stanza: { type, kind, element, to }, session }: Departure) {
          if (type !== 'groupchat' || kind !== 'message' || to === undefined) return;
          const secret = shown(element, links);
          if (secret === undefined) return;
          const service = router.find(to.domain) as Partial<RunningComponent> | undefined;
          if (service?.administration === undefined) return; // there is no room of ours
          stores.uploads.shownTo(secret, session.account.id, to.bare);
        },
      },
    }),
  };
}

/** The secret of the file to which a message leads: said apart, or all that its text is. */
function shown(message: Element, links: FileLinks): string | undefined {
  const apart = child(message, 'x', NS.oob);
  const said = apart === undefined ? child(message, 'body') : child(apart, 'url');
  return said && links.secretOf(textOf(said).trim());
}

import { child, type Element, textOf } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import type { RoomFeature } from './feature.ts';

/**
 * Notices to which room somebody shows a file of theirs, once the room has taken it, so that administrators see what a room costs
 * (XEP-0066, as clients tell the links of XEP-0363).
 */
export const sharedFiles: RoomFeature = {
  name: 'shared-files',
  xep: [363, '1.2.0'],
  start({ host: { house } }) {
    const { fileLinks, stores } = house;
    /** The secret of the file to which a message leads: said apart, or all that its text is. */
    const shown = (message: Element): string | undefined => {
      const apart = child(message, 'x', NS.oob);
      const said = apart === undefined ? child(message, 'body') : child(apart, 'url');
      return said && fileLinks.secretOf(textOf(said).trim());
    };
    return {
      groupchat: {
        after({ room, stanza: { element, from } }) {
          const secret = shown(element);
          const account = secret === undefined ? undefined : stores.accounts.at(from.bare);
          if (secret === undefined || account === undefined) return;
          const note = (id: number | undefined) => id && stores.uploads.shownTo(secret, id, room.jid.bare);
          if (account instanceof Promise) return account.then((found) => void note(found?.id));
          note(account.id);
        },
      },
    };
  },
};

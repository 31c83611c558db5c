import type { Commands } from '../commands/index.ts';
import type { Module } from '../host/module.ts';
import type { Registrar } from '../host/registrar.ts';
import { adHoc } from './ad-hoc.ts';
import { announcements } from './announcements.ts';
import { avatarConversion } from './avatar-conversion.ts';
import { avatarPresence } from './avatar-presence.ts';
import { blocking } from './blocking.ts';
import { bookmarks } from './bookmarks.ts';
import { carbons } from './carbons.ts';
import { clientAccess } from './client-access.ts';
import { type ContactAddresses, contactAddresses } from './contact-addresses.ts';
import { departments } from './departments.ts';
import { disco } from './disco.ts';
import { externalServices } from './external-services.ts';
import { fulltext } from './fulltext.ts';
import { invisible } from './invisible.ts';
import { invite } from './invite.ts';
import { last } from './last.ts';
import { legacySession } from './legacy-session.ts';
import { mam } from './mam.ts';
import { mamPreferences } from './mam-preferences.ts';
import { multicast } from './multicast.ts';
import { nick } from './nick.ts';
import { offline } from './offline.ts';
import { outage } from './outage.ts';
import { pep } from './pep.ts';
import { ping } from './ping.ts';
import { preauth } from './preauth.ts';
import { presence } from './presence.ts';
import { privateXml } from './private-xml.ts';
import { push } from './push.ts';
import { registration } from './registration.ts';
import { reporting } from './reporting.ts';
import { retraction } from './retraction.ts';
import { roster } from './roster.ts';
import { seen } from './seen.ts';
import { stanzaId } from './stanza-id.ts';
import { subscriptions } from './subscriptions.ts';
import { time } from './time.ts';
import { vcard } from './vcard.ts';
import { vcard4 } from './vcard4.ts';
import { version } from './version.ts';

/** What some modules ask the house for. */
export interface ModuleNeeds {
  readonly commands: () => Commands;
  readonly contactAddresses: (domain: string) => ContactAddresses;
  readonly registrar: Registrar;
}

/** All modules. Their order is the order of their steps within a stage, and of their handlers of an event. */
export function modules(needs: ModuleNeeds): readonly Module[] {
  return [
    multicast, // before all: what is for several people is not for the domain that it is handed to
    blocking, // first of all: who is blocked is not heard by anybody
    roster,
    preauth(needs.registrar), // before subscriptions, as whoever was invited need not ask
    subscriptions,
    presence,
    departments, // whose pushes and presence follow what an administrator has changed
    invisible,
    stanzaId,
    mam,
    retraction, // after the archive, which must have kept it
    carbons, // after the archive, so that copies carry its ids
    offline,
    announcements, // after what waits, so that the message of the day comes last
    push,
    pep,
    mamPreferences,
    fulltext,
    reporting,
    disco,
    ping,
    version,
    time,
    externalServices,
    outage,
    clientAccess,
    last,
    seen,
    legacySession,
    vcard,
    vcard4,
    nick,
    avatarConversion,
    avatarPresence,
    privateXml,
    bookmarks,
    contactAddresses(needs.contactAddresses),
    registration(needs.registrar),
    invite(needs.registrar),
    adHoc(needs.commands),
  ];
}

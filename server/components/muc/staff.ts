import type { RoomAffiliation, RoomMember } from '../../storage/stores/rooms.ts';
import type { Field, Submitted } from '../../xmpp/data-form.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import type { Affiliating } from './affiliate.ts';
import { readPeople } from './config-fields.ts';

const ADMINS = 'muc#roomconfig_roomadmins';
const OWNERS = 'muc#roomconfig_roomowners';
/** Addresses in each of the lists. */
const MOST = 200;

type Members = ReadonlyMap<string, RoomMember>;

function having(members: Members, wanted: RoomAffiliation): string[] {
  return [...members.values()].filter(({ affiliation }) => affiliation === wanted).map(({ jid }) => jid);
}

/** The fields of the form that say who runs the room (XEP-0045 §10.1.3). */
export function staffFields(members: Members): Field[] {
  return [
    { name: ADMINS, type: 'jid-multi', label: 'Administrators of the room', values: having(members, 'admin') },
    { name: OWNERS, type: 'jid-multi', label: 'Owners of the room', values: having(members, 'owner') },
  ];
}

/**
 * Whose affiliations change by a form. Both fields are full lists (§16.5.3): whoever is in neither any more stays a member, and
 * an owner who is left out where nothing is said of admins stays one of them (§10.2). Throws StanzaError.
 */
export function readStaff(values: Submitted['values'], members: Members): Affiliating[] {
  const owners = list(values, OWNERS, 'Owners of the room');
  const admins = list(values, ADMINS, 'Administrators of the room');
  if (owners === undefined && admins === undefined) return [];
  const changed: Affiliating[] = [];
  let left = 0;
  for (const jid of new Set([...members.keys(), ...(owners ?? []), ...(admins ?? [])])) {
    const known = members.get(jid) ?? { jid, affiliation: 'none', nick: '', reason: '' };
    const affiliation = wanted(known, owners, admins);
    if (affiliation === 'owner') left++;
    if (affiliation !== known.affiliation) changed.push({ jid, affiliation });
  }
  if (left === 0) throw new StanzaError('conflict', 'A room needs an owner.'); // §10.2
  return changed;
}

function list(values: Submitted['values'], name: string, label: string): ReadonlySet<string> | undefined {
  const given = values.get(name);
  return given && new Set(readPeople(label, given, MOST));
}

function wanted(
  { jid, affiliation }: RoomMember,
  owners: ReadonlySet<string> | undefined,
  admins: ReadonlySet<string> | undefined,
): RoomAffiliation {
  if (owners === undefined ? affiliation === 'owner' : owners.has(jid)) return 'owner';
  if (admins === undefined) return affiliation === 'owner' ? 'admin' : affiliation;
  if (admins.has(jid)) return 'admin';
  return affiliation === 'owner' || affiliation === 'admin' ? 'member' : affiliation;
}

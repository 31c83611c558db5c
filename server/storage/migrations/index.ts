import { statements as start } from './0001-start.ts';
import { statements as house } from './0002-house.ts';
import { statements as devices } from './0003-devices.ts';
import { statements as pubsub } from './0004-pubsub.ts';
import { statements as search } from './0005-search.ts';
import { statements as mobile } from './0006-mobile.ts';
import { statements as invitations } from './0007-invitations.ts';
import { statements as profiles } from './0008-profiles.ts';
import { statements as announcements } from './0009-announcements.ts';
import { statements as pubsubBytes } from './0010-pubsub-bytes.ts';
import { statements as pushDevice } from './0011-push-device.ts';
import { statements as rooms } from './0012-rooms.ts';
import { statements as roomInvitations } from './0013-room-invitations.ts';
import { statements as uploads } from './0014-uploads.ts';
import { statements as federation } from './0015-federation.ts';
import { statements as administrators } from './0016-administrators.ts';
import { statements as departments } from './0017-departments.ts';
import { statements as people } from './0018-people.ts';
import { statements as certificates } from './0019-certificates.ts';
import { statements as archiveRules } from './0020-archive-rules.ts';
import { statements as backup } from './0021-backup.ts';
import { statements as figures } from './0022-figures.ts';
import { statements as changes } from './0023-changes.ts';
import { statements as helped } from './0024-helped.ts';
import { statements as keptSessions } from './0025-kept-sessions.ts';
import { statements as moved } from './0026-moved.ts';

/** One step of the schema. Steps are never changed once released; a change is a new step. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
}

/** In order; each is applied in a transaction of its own. */
export const migrations: readonly Migration[] = [
  { version: 1, name: 'start', statements: start },
  { version: 2, name: 'house', statements: house },
  { version: 3, name: 'devices', statements: devices },
  { version: 4, name: 'pubsub', statements: pubsub },
  { version: 5, name: 'search', statements: search },
  { version: 6, name: 'mobile', statements: mobile },
  { version: 7, name: 'invitations', statements: invitations },
  { version: 8, name: 'profiles', statements: profiles },
  { version: 9, name: 'announcements', statements: announcements },
  { version: 10, name: 'pubsub-bytes', statements: pubsubBytes },
  { version: 11, name: 'push-device', statements: pushDevice },
  { version: 12, name: 'rooms', statements: rooms },
  { version: 13, name: 'room-invitations', statements: roomInvitations },
  { version: 14, name: 'uploads', statements: uploads },
  { version: 15, name: 'federation', statements: federation },
  { version: 16, name: 'administrators', statements: administrators },
  { version: 17, name: 'departments', statements: departments },
  { version: 18, name: 'people', statements: people },
  { version: 19, name: 'certificates', statements: certificates },
  { version: 20, name: 'archive-rules', statements: archiveRules },
  { version: 21, name: 'backup', statements: backup },
  { version: 22, name: 'figures', statements: figures },
  { version: 23, name: 'changes', statements: changes },
  { version: 24, name: 'helped', statements: helped },
  { version: 25, name: 'kept-sessions', statements: keptSessions },
  { version: 26, name: 'moved', statements: moved },
];

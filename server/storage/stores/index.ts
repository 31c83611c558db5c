import type { Database } from '../database.ts';
import { Accounts } from './accounts.ts';
import { Admins } from './admins.ts';
import { Archives } from './archives.ts';
import { Audit } from './audit.ts';
import { Blocking } from './blocking.ts';
import { Certificates } from './certificates.ts';
import { Credentials } from './credentials.ts';
import { Domains } from './domains.ts';
import { LastActivity } from './last-activity.ts';
import { Offline } from './offline.ts';
import { OneTimeCodes } from './one-time-codes.ts';
import { Rosters } from './rosters.ts';
import { Settings } from './settings.ts';

/** Every store of one database. There must be one set only, as each remembers what it has read. */
export interface Stores {
  readonly accounts: Accounts;
  readonly admins: Admins;
  readonly archives: Archives;
  readonly audit: Audit;
  readonly blocking: Blocking;
  readonly certificates: Certificates;
  readonly credentials: Credentials;
  readonly domains: Domains;
  readonly lastActivity: LastActivity;
  readonly offline: Offline;
  readonly oneTimeCodes: OneTimeCodes;
  readonly rosters: Rosters;
  readonly settings: Settings;
}

export function openStores(db: Database): Stores {
  const credentials = new Credentials(db);
  const archives = new Archives(db);
  return {
    accounts: new Accounts(db, credentials, archives),
    admins: new Admins(db),
    archives,
    audit: new Audit(db),
    blocking: new Blocking(db),
    certificates: new Certificates(db),
    credentials,
    domains: new Domains(db),
    lastActivity: new LastActivity(db),
    offline: new Offline(db),
    oneTimeCodes: new OneTimeCodes(db),
    rosters: new Rosters(db),
    settings: new Settings(db),
  };
}

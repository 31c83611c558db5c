import type { ConfigPlace } from '../../server/config/config-error.ts';

/** Where something stands in the file, for what is wrong with it in the end. */
export interface Placed {
  readonly at: ConfigPlace;
}

export const PLANNED_ROLES = ['owner', 'admin', 'help-desk', 'auditor'] as const;
export const PLANNED_CHALLENGES = ['http', 'dns'] as const;
export const PLANNED_SIGHTS = ['mutual', 'sees', 'seen', 'hidden'] as const;

/** A password never stands in the file itself: it is read from another one, or only its hash is known. */
export interface PlannedAdmin extends Placed {
  readonly name: string;
  readonly role: (typeof PLANNED_ROLES)[number];
  readonly passwordFile?: string;
  readonly passwordHash?: string;
}

export interface PlannedDepartment extends Placed {
  readonly domain: string;
  readonly name: string;
  readonly description: string;
  /** Names of rooms that its people are put into. */
  readonly rooms: readonly string[];
  /** Its people may talk with other servers where only those that were chosen may. */
  readonly outside: boolean;
}

/** Who has whom in the contact list: people of one department and those of another, or of the same. */
export interface PlannedSight extends Placed {
  readonly domain: string;
  readonly department: string;
  readonly other: string;
  readonly relation: (typeof PLANNED_SIGHTS)[number];
}

/** Without a password the person gets one that nobody knows, until an administrator hands over a link for another. */
export interface PlannedPerson extends Placed {
  readonly address: string;
  readonly name: string;
  readonly passwordFile?: string;
  readonly departments: readonly string[];
  /** Bytes that files may take, 0 for no limit. */
  readonly files?: number;
}

export interface PlannedRoom extends Placed {
  readonly domain: string;
  readonly name: string;
  readonly owner: string;
  readonly title: string;
  readonly description: string;
  readonly public: boolean;
  readonly membersOnly: boolean;
  readonly moderated: boolean;
  readonly members: readonly string[];
}

export interface PlannedSetting extends Placed {
  readonly key: string;
  /** A secret is the first line of a file instead. */
  readonly value?: boolean | number | string | readonly string[];
  readonly valueFile?: string;
  /** For this domain alone. */
  readonly domain?: string;
}

/** Files: PEM, or one of the kind .p12. */
export interface PlannedCertificate extends Placed {
  readonly domain: string;
  readonly chainFile?: string;
  readonly keyFile?: string;
  readonly pkcs12File?: string;
  readonly passphraseFile?: string;
}

/** Certificates of an authority on the internet; whoever wrote the file has accepted its terms. */
export interface PlannedAcme extends Placed {
  readonly domains: readonly string[];
  /** Left out: the usual authority. */
  readonly directory?: string;
  /** A file (PEM) with whom alone to trust for that. */
  readonly authorityFile?: string;
  readonly email: string;
  readonly challenge: (typeof PLANNED_CHALLENGES)[number];
  readonly hook: string;
  /** Where a key of it stands. */
  where(key: string): ConfigPlace;
}

/** What each person is told once, at the next login. */
export interface PlannedMessage extends Placed {
  readonly text: string;
  /** For this domain alone. */
  readonly domain?: string;
}

export interface PlannedFederation extends Placed {
  readonly default?: 'closed' | 'ask' | 'open';
  readonly outside?: 'everyone' | 'chosen';
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** What a provisioning file wants of the house; it fits together in itself, whether it fits the house is another matter. */
export interface Plan {
  /** Of the file's text: by it is known what was done already. */
  readonly hash: string;
  readonly domains: readonly (Placed & { readonly name: string })[];
  readonly administrators: readonly PlannedAdmin[];
  readonly departments: readonly PlannedDepartment[];
  readonly sights: readonly PlannedSight[];
  readonly people: readonly PlannedPerson[];
  readonly rooms: readonly PlannedRoom[];
  readonly settings: readonly PlannedSetting[];
  readonly certificates: readonly PlannedCertificate[];
  readonly messages: readonly PlannedMessage[];
  readonly acme?: PlannedAcme;
  readonly federation?: PlannedFederation;
}

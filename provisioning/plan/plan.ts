import type { ConfigPlace } from '../../server/config/config-error.ts';

/** Where something stands in the file, for what is wrong with it in the end. */
export interface Placed {
  readonly at: ConfigPlace;
}

/** A password never stands in the file itself: it is read from another one, or only its hash is known. */
export interface PlannedAdmin extends Placed {
  readonly name: string;
  readonly passwordFile?: string;
  readonly passwordHash?: string;
}

/** Without a password the person gets one that nobody knows, until an administrator hands over a link for another. */
export interface PlannedPerson extends Placed {
  readonly address: string;
  readonly name: string;
  readonly passwordFile?: string;
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
}

export interface PlannedSetting extends Placed {
  readonly key: string;
  readonly value: boolean | number | string | readonly string[];
  /** For this domain alone. */
  readonly domain?: string;
}

export interface PlannedFederation extends Placed {
  readonly default?: 'closed' | 'ask' | 'open';
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** What a provisioning file wants of the house; it fits together in itself, whether it fits the house is another matter. */
export interface Plan {
  /** Of the file's text: by it is known what was done already. */
  readonly hash: string;
  readonly domains: readonly (Placed & { readonly name: string })[];
  readonly administrators: readonly PlannedAdmin[];
  readonly people: readonly PlannedPerson[];
  readonly rooms: readonly PlannedRoom[];
  readonly settings: readonly PlannedSetting[];
  readonly federation?: PlannedFederation;
}

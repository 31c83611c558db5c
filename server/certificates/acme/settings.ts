import type { Settings } from '../../storage/stores/settings.ts';

export type ChallengeKind = 'http-01' | 'dns-01';

/** How certificates are got by ACME, the same for all domains. */
export interface AcmeSettings {
  /** The address of the authority's directory. */
  readonly directory: string;
  /** Whom alone to trust for that address (PEM); '': those whom everybody trusts. */
  readonly authority: string;
  /** Whom the authority may write to; '' for nobody. */
  readonly email: string;
  /** Whether somebody agreed to the terms of this very authority. */
  readonly agreed: boolean;
  readonly challenge: ChallengeKind;
  /** The script in the folder of scripts that makes and removes TXT records, for `dns-01`; '' for none. */
  readonly hook: string;
}

const KEY = 'acme';
export const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';

export const UNDECIDED: AcmeSettings = Object.freeze({
  directory: LETS_ENCRYPT,
  authority: '',
  email: '',
  agreed: false,
  challenge: 'http-01',
  hook: '',
});

export async function readAcmeSettings(store: Settings): Promise<AcmeSettings> {
  const found = await store.get(KEY);
  return typeof found === 'object' && found !== null
    ? { ...UNDECIDED, ...(found as Partial<AcmeSettings>) }
    : UNDECIDED;
}

export async function writeAcmeSettings(store: Settings, settings: AcmeSettings): Promise<void> {
  await store.set(KEY, { ...settings });
}

import { isIP } from 'node:net';
import type { AdminProofs, StoredPasskey } from '../storage/stores/admin-proofs.ts';
import type { Admin } from '../storage/stores/admins.ts';
import type { Audit } from '../storage/stores/audit.ts';
import { record } from './actor.ts';
import type { Challenges } from './challenges.ts';
import { CommandError } from './command-error.ts';

/** The name by which a browser reached this server, in whose sight a passkey is made and shown. */
export interface Site {
  readonly host: string;
  readonly origin: string;
}

/** What the browser is asked for; `ids` are those it may take, none for any that it has for this server. */
export interface PasskeyQuestion {
  readonly challenge: string;
  readonly host: string;
  readonly ids: string[];
}

export interface PasskeyAnswer {
  readonly id: string;
  readonly clientData: string;
  readonly authenticatorData: string;
  readonly signature: string;
  readonly user?: string;
}

/** What a browser tells of a new one. */
export interface NewPasskey {
  readonly id: string;
  readonly clientData: string;
  readonly attestation: string;
  readonly transports: readonly string[];
}

const MOST = 10;
/** EdDSA, ES256, RS256 (RFC 9053, RFC 8812): what devices have, and the browser is asked for. */
const ALGORITHMS = [-8, -7, -257] as const;
/** Loaded when somebody uses a passkey: nobody else pays for it. */
const library = () => import('@simplewebauthn/server');
const helpers = () => import('@simplewebauthn/server/helpers');

/** Undefined for an IP address: browsers keep passkeys for names only (WebAuthn §5.1.2, effective domain). */
export function siteOf(header: string | undefined): Site | undefined {
  const host = /^([a-z0-9-]+(?:\.[a-z0-9-]+)*)\.?(?::\d{1,5})?$/.exec(header?.toLowerCase() ?? '')?.[1];
  if (host === undefined || isIP(host) !== 0 || /(^|\.)\d+$/.test(host)) return undefined;
  return { host, origin: `https://${header!.toLowerCase().replace(/:443$/, '')}` };
}

function mustBeNamed(site: Site | undefined): Site {
  if (site !== undefined) return site;
  throw new CommandError(
    'invalid',
    'Browsers keep passkeys for names only, and this page was opened by an IP address. Open the panel by the name of the server.',
    'passkey',
  );
}

const refused = () => new CommandError('wrong-credentials', 'This passkey was not accepted.', 'passkey');

/** Keys that administrators' devices keep, in the place of a password or beside it (WebAuthn). */
export class Passkeys {
  readonly #proofs: AdminProofs;
  readonly #audit: Audit;
  readonly #challenges: Challenges;
  readonly #now: () => number;

  constructor(proofs: AdminProofs, audit: Audit, challenges: Challenges, now: () => number) {
    this.#proofs = proofs;
    this.#audit = audit;
    this.#challenges = challenges;
    this.#now = now;
  }

  /** A question for one purpose: to whoever has any passkey of this server, or to one administrator. Throws CommandError. */
  async ask(purpose: string, where: Site | undefined, admin?: number): Promise<PasskeyQuestion> {
    const site = mustBeNamed(where);
    const ids = admin === undefined ? [] : (await this.#here(admin, site)).map(({ credential }) => credential);
    return { challenge: this.#challenges.make(`${purpose} ${site.host}`), host: site.host, ids };
  }

  /** Whether an administrator has one that a browser at this name can show. */
  async usable(admin: number, site: Site | undefined): Promise<boolean> {
    return site !== undefined && (await this.#here(admin, site)).length > 0;
  }

  /**
   * Whose passkey has answered the question of that purpose. Only one made for the name that the browser reached us by counts, only
   * with a person who unlocked it, and only if it has not been used less often than it was here before: a copy of it would have
   * (§6.1.1). Throws CommandError.
   */
  async answered(purpose: string, where: Site | undefined, answer: PasskeyAnswer): Promise<StoredPasskey> {
    const site = mustBeNamed(where);
    const key = await this.#proofs.passkey(answer.id);
    if (key === undefined || key.host !== site.host) throw refused();
    const { verifyAuthenticationResponse } = await library();
    let challenge = '';
    const counter = await verifyAuthenticationResponse({
      response: {
        id: answer.id,
        rawId: answer.id,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: answer.clientData,
          authenticatorData: answer.authenticatorData,
          signature: answer.signature,
          ...(answer.user !== undefined && { userHandle: answer.user }),
        },
      },
      expectedChallenge: (said) => {
        challenge = said;
        return this.#challenges.holds(said, `${purpose} ${site.host}`);
      },
      expectedOrigin: site.origin,
      expectedRPID: site.host,
      requireUserVerification: true,
      // What it counts is judged below, where it can be told and written down.
      credential: { id: key.credential, publicKey: Buffer.from(key.publicKey, 'base64url'), counter: -1 },
    }).then(
      ({ verified, authenticationInfo }) => (verified ? authenticationInfo.newCounter : undefined),
      () => undefined,
    );
    if (counter === undefined || !this.#challenges.spend(challenge)) throw refused();
    const counts = counter > 0 || key.counter > 0;
    const now = this.#now();
    if ((counts && counter <= key.counter) || !(await this.#proofs.usePasskey(key.id, key.counter, counter, now))) {
      await record(this.#audit, { name: '', door: 'house' }, 'admin.passkey-copied', key.name, { passkey: key.id });
      throw new CommandError(
        'wrong-credentials',
        'This passkey has been used elsewhere meanwhile: it may have been copied. It was not accepted; remove it from the account.',
        'passkey',
      );
    }
    return key;
  }

  /** Keeps a passkey that the browser has made for the question of that purpose. Throws CommandError. */
  async add(admin: Admin, purpose: string, where: Site | undefined, made: NewPasskey, name: string): Promise<void> {
    const site = mustBeNamed(where);
    const [{ verifyRegistrationResponse }, { decodeAttestationObject, isoBase64URL }] = await Promise.all([
      library(),
      helpers(),
    ]);
    const wrong = new CommandError('invalid', 'The browser made a passkey that cannot be taken. Try again.', 'passkey');
    let challenge = '';
    try {
      // Nobody asked which make of device it is. What says so with certificates would have the library fetch addresses named in them.
      const statement = decodeAttestationObject(isoBase64URL.toBuffer(made.attestation));
      if (!['none', 'packed'].includes(statement.get('fmt')) || statement.get('attStmt').get('x5c') !== undefined)
        throw wrong;
      const { verified, registrationInfo } = await verifyRegistrationResponse({
        response: {
          id: made.id,
          rawId: made.id,
          type: 'public-key',
          clientExtensionResults: {},
          response: { clientDataJSON: made.clientData, attestationObject: made.attestation },
        },
        expectedChallenge: (said) => {
          challenge = said;
          return this.#challenges.holds(said, `${purpose} ${site.host}`);
        },
        expectedOrigin: site.origin,
        expectedRPID: site.host,
        requireUserVerification: true,
        supportedAlgorithmIDs: [...ALGORITHMS],
      });
      if (!verified || !this.#challenges.spend(challenge)) throw wrong;
      const { credential } = registrationInfo;
      if ((await this.#proofs.passkey(credential.id)) !== undefined) throw wrong;
      const added = await this.#proofs.addPasskey(
        {
          admin: admin.id,
          credential: credential.id,
          publicKey: Buffer.from(credential.publicKey).toString('base64url'),
          counter: credential.counter,
          host: site.host,
          transports: made.transports.join(' '),
          name,
          createdAt: this.#now(),
        },
        MOST,
      );
      if (!added) throw new CommandError('too-many', `You have ${MOST} passkeys already. Remove one first.`);
    } catch (error) {
      throw error instanceof CommandError ? error : wrong;
    }
  }

  async #here(admin: number, site: Site): Promise<StoredPasskey[]> {
    return (await this.#proofs.passkeys(admin)).filter(({ host }) => host === site.host);
  }
}

import type { BodyOf, PasskeyQuestion } from '../../server/http/contract/index.ts';
import { ApiError } from './api.ts';
import { t } from './language.ts';

/** Loaded when somebody uses a passkey. */
const library = () => import('@simplewebauthn/browser');

/** Why no passkey can be used on this page; undefined when one can. */
export function noPasskeys(): string | undefined {
  if (/^[\d.]+$|^\[/.test(window.location.hostname)) {
    return t(
      'Browsers keep passkeys for names only, and this page was opened by an IP address. Open the panel by the name of the server.',
    );
  }
  if (typeof window.PublicKeyCredential !== 'function') return t('This browser knows no passkeys.');
  return undefined;
}

/** In words for people what a browser says when it does not go on. Most say NotAllowedError whatever it was. */
async function asked<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (reason) {
    const name = reason instanceof Error ? (reason.cause instanceof Error ? reason.cause.name : reason.name) : '';
    if (name === 'InvalidStateError')
      throw new ApiError(0, 'passkey', t('This device has a passkey for this account already.'));
    throw new ApiError(
      0,
      'passkey',
      t(
        'The browser did not give a passkey. It was stopped, or took too long, or the browser does not trust the certificate of this page: passkeys need that.',
      ),
    );
  }
}

/** Has the browser answer by a passkey. Throws ApiError. */
export async function showPasskey(question: PasskeyQuestion): Promise<BodyOf<'POST /api/sign-in/passkey'>> {
  const { startAuthentication } = await library();
  const { id, response } = await asked(() =>
    startAuthentication({
      optionsJSON: {
        challenge: question.challenge,
        rpId: question.host,
        allowCredentials: question.ids.map((one) => ({ id: one, type: 'public-key' as const })),
        userVerification: 'required',
        timeout: 240_000,
      },
    }),
  );
  const { clientDataJSON: clientData, authenticatorData, signature, userHandle } = response;
  return { id, clientData, authenticatorData, signature, ...(userHandle && { user: userHandle }) };
}

/** Has the browser make one. Throws ApiError. */
export async function makePasskey(
  question: PasskeyQuestion & { user: string },
  person: string,
): Promise<Omit<BodyOf<'POST /api/account/passkeys'>, 'name'>> {
  const { startRegistration } = await library();
  const { id, response } = await asked(() =>
    startRegistration({
      optionsJSON: {
        challenge: question.challenge,
        rp: { id: question.host, name: `Hallway ${question.host}` },
        user: { id: question.user, name: person, displayName: person },
        pubKeyCredParams: [-8, -7, -257].map((alg) => ({ alg, type: 'public-key' as const })),
        excludeCredentials: question.ids.map((one) => ({ id: one, type: 'public-key' as const })),
        authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
        attestation: 'none',
        timeout: 240_000,
      },
    }),
  );
  const { clientDataJSON: clientData, attestationObject: attestation, transports = [] } = response;
  return { id, clientData, attestation, transports: [...transports] };
}

import { missingNames } from '../certificates/cover.ts';
import { type CertificateFacts, inspect } from '../certificates/inspect.ts';
import type { Names } from '../certificates/names.ts';
import { renewedFrom } from '../certificates/renewal.ts';
import type { StoredAcmeOrder, StoredRequest } from '../storage/stores/certificate-orders.ts';
import type { StoredCertificate } from '../storage/stores/certificates.ts';

const DAY_MS = 86_400_000;
/** Somebody has to do something by hand: they need some days for it. */
const SOON_MS = 14 * DAY_MS;
/** What renews itself has tried for as long; from then on something is the matter. */
const LATE_MS = 2 * DAY_MS;

/** Who sees to it that the next one comes. */
export type Renewer = 'internal' | 'acme' | 'nobody';

/**
 * How it is with a certificate. `none`: there is none. `unusable`: this one cannot be used, and another one is shown. `ended`, `ending`:
 * it holds no longer, or not for long, and nothing has come in its place. `failing`: renewal has failed. `orphan`: it came by ACME, and nobody asks for the next
 * one. `waiting`: one was ordered and has not come yet.
 */
export type CertificateState = 'ok' | 'waiting' | 'orphan' | 'failing' | 'ending' | 'ended' | 'unusable' | 'none';

/** How the last tries by ACME went. */
export interface AcmeView {
  readonly names: string[];
  readonly running: boolean;
  /** ms since 1970, 0 for never. */
  readonly nextAt: number;
  readonly triedAt: number;
  readonly failures: number;
  /** '' when the last one went well. */
  readonly failure: string;
}

/** The certificate of one domain, as shown to administrators. */
export interface CertificateView {
  readonly domain: string;
  /** Shown to who says no name, or one that nobody knows. */
  readonly first: boolean;
  readonly state: CertificateState;
  /** Another one is shown in its place, of the house's own authority. */
  readonly standIn: boolean;
  readonly source: 'internal' | 'uploaded' | 'acme' | 'none';
  readonly renewer: Renewer;
  /** When the next one is fetched or made (ms since 1970), 0 when nobody does. */
  readonly renewedAt: number;
  readonly names: string[];
  readonly addresses: string[];
  /** `CN=…` lines. */
  readonly subject: string;
  readonly issuer: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly notBefore: number;
  readonly notAfter: number;
  /** How many certificates are sent. */
  readonly chain: number;
  /** Names that are asked for and that it does not have. */
  readonly missing: string[];
  /** All names that it could have, the domain first. */
  readonly wanted: string[];
  readonly request: { readonly createdAt: number; readonly pem: string } | null;
  readonly acme: AcmeView | null;
}

/** What the view of a domain is made of. */
export interface Known {
  readonly domain: string;
  readonly first: boolean;
  readonly stored: StoredCertificate | undefined;
  /** What TLS shows for the domain (PEM). */
  readonly shown: string | undefined;
  readonly names: Names;
  readonly request: StoredRequest | undefined;
  readonly order: StoredAcmeOrder | undefined;
  readonly running: boolean;
}

const NO_FACTS: CertificateFacts = {
  subject: '',
  issuer: '',
  serial: '',
  authority: false,
  dns: [],
  addresses: [],
  notBefore: 0,
  notAfter: 0,
  key: '',
  fingerprint: '',
};

/** What a stored certificate says; nothing when it cannot be read, as after somebody's work on the database. */
function factsOf(stored: StoredCertificate | undefined): CertificateFacts {
  if (stored === undefined) return NO_FACTS;
  try {
    return inspect(stored.chainPem);
  } catch {
    return NO_FACTS;
  }
}

export function certificateView(known: Known, now: number): CertificateView {
  const { domain, first, stored, names, request, order } = known;
  const facts = factsOf(stored);
  const source = stored === undefined ? 'none' : (stored.source as CertificateView['source']);
  const renewer: Renewer = order !== undefined ? 'acme' : source === 'internal' ? 'internal' : 'nobody';
  return {
    domain,
    first,
    state: stateOf(known, facts, renewer, now),
    standIn: isReplaced(known),
    source,
    renewer,
    renewedAt: order?.nextAt ?? (source === 'internal' ? renewedFrom(facts.notAfter) : 0),
    names: [...facts.dns],
    addresses: [...facts.addresses],
    subject: facts.subject,
    issuer: facts.issuer,
    key: facts.key,
    fingerprint: facts.fingerprint,
    notBefore: facts.notBefore,
    notAfter: facts.notAfter,
    chain: stored?.chainPem.match(/-----BEGIN CERTIFICATE-----/g)?.length ?? 0,
    missing: missingNames(facts, names),
    wanted: [...names.dns],
    request: request === undefined ? null : { createdAt: request.createdAt, pem: request.requestPem },
    acme: order === undefined ? null : { ...acmeView(order), running: known.running },
  };
}

function acmeView({ names, nextAt, triedAt, failures, failure }: StoredAcmeOrder): Omit<AcmeView, 'running'> {
  return { names: [...names], nextAt, triedAt, failures, failure };
}

function isReplaced({ stored, shown }: Known): boolean {
  return stored !== undefined && shown !== undefined && shown !== stored.chainPem;
}

function stateOf(known: Known, facts: CertificateFacts, renewer: Renewer, now: number): CertificateState {
  const { stored, order } = known;
  if (stored === undefined) return 'none';
  if (facts.notAfter === 0) return 'unusable';
  if (facts.notAfter <= now) return 'ended';
  if (isReplaced(known)) return 'unusable';
  if (order !== undefined && order.failures > 0) return 'failing';
  const late =
    stored.source === 'internal' ? now > renewedFrom(facts.notAfter) + LATE_MS : facts.notAfter - now < SOON_MS;
  // One that was made for a short time is not late from its first day on.
  if (late && !(renewer === 'acme' && order !== undefined && order.nextAt > now)) return 'ending';
  if (stored.source === 'acme' && renewer === 'nobody') return 'orphan';
  return order !== undefined && stored.source !== 'acme' ? 'waiting' : 'ok';
}

/** What somebody should know about the certificate of a domain. */
export interface CertificateFinding {
  readonly domain: string;
  /** `ok`: nothing is to be done. `warning`: soon. `error`: now. */
  readonly state: 'ok' | 'warning' | 'error';
  readonly sentence: string;
  /** What to do about it; '' when nothing. */
  readonly remedy: string;
}

const day = (time: number): string => new Date(time).toISOString().slice(0, 10);

const HOW: Readonly<Record<CertificateView['source'], string>> = {
  internal: 'of this house’s own authority, renewed by itself',
  uploaded: 'from elsewhere, to be renewed by hand',
  acme: 'got by ACME, renewed by itself',
  none: 'missing',
};

function ended({ domain, standIn }: CertificateView, until: string): string {
  return standIn
    ? `The certificate of ${domain} ended on ${until}: one of this house’s own authority is shown in its place, which only devices that trust it accept.`
    : `The certificate of ${domain} ended on ${until}: apps and other servers refuse to connect.`;
}

/** Says in words how it is with a certificate. */
export function findingOf(view: CertificateView): CertificateFinding {
  const { domain, state, notAfter, source } = view;
  const until = day(notAfter);
  const by =
    view.renewer === 'internal'
      ? 'It should have been renewed by itself: check the clock of this machine, and look for certificates in the log.'
      : 'Put a new one in its place, on the page Certificates.';
  const failure = view.acme?.failure ?? '';
  switch (state) {
    case 'ok':
      return {
        domain,
        state: 'ok',
        sentence: `The certificate of ${domain} is ${HOW[source]}, valid until ${until}.`,
        remedy: '',
      };
    case 'waiting':
      return {
        domain,
        state: 'ok',
        sentence: `A certificate for ${domain} was ordered by ACME; until it comes the one of this house’s own authority is shown.`,
        remedy: '',
      };
    case 'orphan':
      return {
        domain,
        state: 'warning',
        sentence: `The certificate of ${domain} came by ACME, and nobody renews it: it ends on ${until}.`,
        remedy: 'Let it be got by ACME again, or put another one in its place, on the page Certificates.',
      };
    case 'failing':
      return {
        domain,
        state: notAfter - SOON_MS < (view.acme?.triedAt ?? 0) ? 'error' : 'warning',
        sentence: `No certificate comes for ${domain} by ACME; the one that is shown ends on ${until}. ${failure}`,
        remedy: 'Mend what it names; it is tried again by itself, or at once on the page Certificates.',
      };
    case 'ending':
      return { domain, state: 'warning', sentence: `The certificate of ${domain} ends on ${until}.`, remedy: by };
    case 'ended':
      return {
        domain,
        state: 'error',
        sentence: `${ended(view, until)} ${failure}`.trim(),
        remedy: by,
      };
    case 'unusable':
      return {
        domain,
        state: 'error',
        sentence: `The certificate of ${domain} that is stored cannot be used; one of this house’s own authority is shown in its place.`,
        remedy: 'Put a new one in its place, on the page Certificates.',
      };
    case 'none':
      return {
        domain,
        state: 'error',
        sentence: `There is no certificate for ${domain}.`,
        remedy: 'Start the server again; it makes one. Look for certificates in the log.',
      };
  }
}

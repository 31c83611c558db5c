import { Type } from 'typebox';
import { closed, DomainParams, Done, Time } from './shapes.ts';

const Names = Type.Array(Type.String());

/** How the last tries by ACME went; times are 0 for never, `failure` is '' when the last one went well. */
const AcmeOrder = closed({
  names: Names,
  running: Type.Boolean(),
  nextAt: Time,
  triedAt: Time,
  failures: Type.Integer(),
  failure: Type.String(),
});

/** What a domain shows, and who sees to it that the next one comes. */
export const Certificate = closed({
  domain: Type.String(),
  /** Shown to who says no name, or one that nobody knows. */
  first: Type.Boolean(),
  state: Type.Union([
    Type.Literal('ok'),
    Type.Literal('waiting'),
    Type.Literal('orphan'),
    Type.Literal('failing'),
    Type.Literal('ending'),
    Type.Literal('ended'),
    Type.Literal('unusable'),
    Type.Literal('none'),
  ]),
  /** Another one is shown in its place, of the house's own authority: it has ended, or cannot be used. */
  standIn: Type.Boolean(),
  source: Type.Union([Type.Literal('internal'), Type.Literal('uploaded'), Type.Literal('acme'), Type.Literal('none')]),
  renewer: Type.Union([Type.Literal('internal'), Type.Literal('acme'), Type.Literal('nobody')]),
  /** When the next one is made or fetched; 0: nobody does. */
  renewedAt: Type.Integer(),
  names: Names,
  addresses: Names,
  subject: Type.String(),
  issuer: Type.String(),
  key: Type.String(),
  /** SHA-256, as browsers write it. */
  fingerprint: Type.String(),
  notBefore: Type.Integer(),
  notAfter: Type.Integer(),
  /** How many certificates are sent. */
  chain: Type.Integer(),
  /** Names that it should have and does not. */
  missing: Names,
  /** All names that it could have, the domain first. */
  wanted: Names,
  request: Type.Union([closed({ createdAt: Time, pem: Type.String() }), Type.Null()]),
  acme: Type.Union([AcmeOrder, Type.Null()]),
});

export const Authority = closed({
  fingerprint: Type.String(),
  subject: Type.String(),
  notAfter: Type.Integer(),
  issuedAt: Time,
  /** What it may speak for, with all that is below. */
  names: Names,
  /** Domains whose certificates are its. */
  domains: Names,
});

const Pem = Type.String({ maxLength: 60_000 });
/** Certificate, chain and key as PEM, in one text or two; or a file .p12 in base64. The key may be left out for the answer to a request. */
const Upload = closed({
  chain: Type.Optional(Pem),
  key: Type.Optional(Pem),
  passphrase: Type.Optional(Type.String({ maxLength: 1_000 })),
  pkcs12: Type.Optional(Type.String({ maxLength: 60_000, pattern: '^[A-Za-z0-9+/=]*$' })),
});

/** What was given, as it is, or would be, shown. `missing` are names that it should have. */
const Looked = closed({
  names: Names,
  issuer: Type.String(),
  notAfter: Type.Integer(),
  fingerprint: Type.String(),
  key: Type.String(),
  missing: Names,
  notes: Names,
});

const Directory = Type.String({ minLength: 1, maxLength: 500 });
const AuthorityPem = Type.String({ maxLength: 32_768 });
/** How certificates are got by ACME (RFC 8555). */
export const AcmeSettings = closed({
  directory: Directory,
  /** Whom alone to trust for that address (PEM); '': those whom everybody trusts. */
  authority: AuthorityPem,
  email: Type.String({ maxLength: 254 }),
  agreed: Type.Boolean(),
  challenge: Type.Union([Type.Literal('http-01'), Type.Literal('dns-01')]),
  /** The name of the script that makes TXT records. */
  hook: Type.String({ maxLength: 1_000 }),
});

const Finding = closed({
  domain: Type.String(),
  state: Type.Union([Type.Literal('ok'), Type.Literal('warning'), Type.Literal('error')]),
  sentence: Type.String(),
  remedy: Type.String(),
});

export const certificates = {
  'GET /api/certificates': {
    reply: closed({
      certificates: Type.Array(Certificate),
      /** This machine's own name, whose certificate the panel shows, and whether that has the name. */
      machine: closed({ name: Type.String(), domain: Type.String(), covered: Type.Boolean() }),
      authority: Type.Union([Authority, Type.Null()]),
      acme: AcmeSettings,
      /** Whether the plain HTTP listener is open, by which HTTP-01 works. */
      http: Type.Boolean(),
      /** The folder that scripts for DNS-01 lie in. */
      hooks: Type.String(),
      /** The page for devices, for people who scan it. */
      trust: Type.String(),
    }),
  },
  /** How it is with each of them, in words. */
  'GET /api/certificates/findings': { reply: closed({ findings: Type.Array(Finding) }) },
  'GET /api/certificates/:domain': {
    params: DomainParams,
    reply: closed({ certificate: Certificate, pem: Type.String() }),
  },

  /** Looks at it and changes nothing. 422 with `field` (`chain`, `key`, `passphrase`, `pkcs12`) for what cannot be used. */
  'POST /api/certificates/:domain/check': { params: DomainParams, body: Upload, reply: Looked },
  /** In the place of what there was; nobody is disconnected. */
  'PUT /api/certificates/:domain': { params: DomainParams, body: Upload, reply: Looked },
  /** Back to one of the house's own authority. */
  'POST /api/certificates/:domain/internal': { params: DomainParams, reply: closed({ certificate: Certificate }) },

  /** A new key, and a request for whoever signs it (PEM); the one before is forgotten. */
  'POST /api/certificates/:domain/request': {
    params: DomainParams,
    body: closed({ key: Type.Union([Type.Literal('ec'), Type.Literal('rsa')]) }),
    reply: closed({ request: Type.String() }),
  },
  'DELETE /api/certificates/:domain/request': { params: DomainParams, reply: Done },

  'PUT /api/acme': { body: AcmeSettings, reply: closed({ acme: AcmeSettings }) },
  /** Where the terms of an authority are; null: it has none. */
  'POST /api/acme/terms': {
    body: closed({ directory: Directory, authority: AuthorityPem }),
    reply: closed({ terms: Type.Union([Type.String(), Type.Null()]) }),
  },
  /** From now on by ACME; it begins at once, and the list tells how it goes. Without names: the domain and what is below it. */
  'PUT /api/certificates/:domain/acme': {
    params: DomainParams,
    body: closed({ names: Type.Optional(Type.Array(Type.String({ maxLength: 253 }), { minItems: 1, maxItems: 100 })) }),
    reply: Done,
  },
  'POST /api/certificates/:domain/acme/run': { params: DomainParams, reply: Done },
  'DELETE /api/certificates/:domain/acme': { params: DomainParams, reply: Done },
} as const;

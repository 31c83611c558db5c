import { Type } from 'typebox';
import { closed, DomainName, DomainParams, Time } from './shapes.ts';

/** A domain that is served here. `people` counts its accounts, `online` those with a client connected. */
export const Domain = closed({
  name: Type.String(),
  createdAt: Time,
  people: Type.Integer(),
  online: Type.Integer(),
  /** It is being removed, and its people with it. */
  leaving: Type.Boolean(),
  /** Where something should be known of its name: plain English. `warns`: something does not work, or not everywhere. */
  advice: Type.Optional(closed({ warns: Type.Boolean(), text: Type.String() })),
});

const Addresses = Type.Array(Type.String({ minLength: 1, maxLength: 300 }), { maxItems: 10 });
/** Whom to write to (XEP-0157 §3): URIs `xmpp:`, `mailto:` or `https:`. */
export const Contacts = closed({
  'abuse-addresses': Addresses,
  'admin-addresses': Addresses,
  'feedback-addresses': Addresses,
  'sales-addresses': Addresses,
  'security-addresses': Addresses,
  'status-addresses': Addresses,
  'support-addresses': Addresses,
});

export const domains = {
  'GET /api/domains': { reply: closed({ domains: Type.Array(Domain) }) },
  'POST /api/domains': { body: closed({ name: DomainName }), reply: closed({ domain: Domain }) },
  /** 409 `domain-in-use` while it has accounts, 409 `last-domain` for the only one. */
  'DELETE /api/domains/:domain': {
    params: DomainParams,
    /** Its name once more: then its people are deleted with it. */
    query: closed({ confirm: Type.Optional(DomainName) }),
    /** Not done: it takes longer, and goes on by itself; the domain is listed until it is over. */
    reply: closed({ done: Type.Boolean() }),
  },
  /** What would be lost with it, in numbers. */
  'GET /api/domains/:domain/losses': {
    params: DomainParams,
    reply: closed({
      people: Type.Integer(),
      online: Type.Integer(),
      rooms: Type.Integer(),
      invitations: Type.Integer(),
    }),
  },

  /** What everybody learns of the domain by service discovery. */
  'GET /api/domains/:domain/contacts': { params: DomainParams, reply: closed({ contacts: Contacts }) },
  /** In the place of those there were; a field left out has none. 422 with `field` for what is no address. */
  'PUT /api/domains/:domain/contacts': {
    params: DomainParams,
    body: Type.Partial(Contacts, { additionalProperties: false }),
    reply: closed({ contacts: Contacts }),
  },
} as const;

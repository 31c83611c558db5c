import { Type } from 'typebox';
import { closed, DomainName, DomainParams, Done, Time } from './shapes.ts';

/** A domain that is served here. `people` counts its accounts, `online` those with a client connected. */
export const Domain = closed({ name: Type.String(), createdAt: Time, people: Type.Integer(), online: Type.Integer() });

export const domains = {
  'GET /api/domains': { reply: closed({ domains: Type.Array(Domain) }) },
  'POST /api/domains': { body: closed({ name: DomainName }), reply: closed({ domain: Domain }) },
  /** 409 `domain-in-use` while it has accounts, 409 `last-domain` for the only one. */
  'DELETE /api/domains/:domain': { params: DomainParams, reply: Done },
} as const;

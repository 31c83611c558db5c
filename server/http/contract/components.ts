import { Type } from 'typebox';
import { closed, DomainName, Done, Time } from './shapes.ts';

/** A program of somebody else's that answers for a domain (XEP-0114); `connected` is null while it is not there. */
export const Component = closed({
  name: Type.String(),
  createdAt: Time,
  connected: Type.Union([closed({ address: Type.String(), since: Time }), Type.Null()]),
});

export const components = {
  /** `addresses` is where they connect, as `127.0.0.1:5347`. */
  'GET /api/components': {
    reply: closed({ components: Type.Array(Component), addresses: Type.Array(Type.String()) }),
  },
  /** The secret is in this reply and nowhere else. 409 `component-exists`, `domain-exists`. */
  'POST /api/components': {
    body: closed({ name: DomainName }),
    reply: closed({ component: Component, secret: Type.String(), addresses: Type.Array(Type.String()) }),
  },
  'DELETE /api/components/:name': { params: closed({ name: DomainName }), reply: Done },
} as const;

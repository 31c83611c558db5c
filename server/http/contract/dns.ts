import { Type } from 'typebox';
import { WishedReach } from './setup.ts';
import { closed, DomainParams } from './shapes.ts';

/** One record that should be there, or should not be (`wanted` is empty then), and what the DNS says now. */
export const DnsRecord = closed({
  name: Type.String(),
  type: Type.Union([Type.Literal('SRV'), Type.Literal('A, AAAA')]),
  /** Something does not work without it; of others something works better. */
  needed: Type.Boolean(),
  /** `unclear`: it may be right, which nobody can tell from the server. `unanswered`: the DNS could not be asked. */
  state: Type.Union([
    Type.Literal('right'),
    Type.Literal('missing'),
    Type.Literal('different'),
    Type.Literal('unclear'),
    Type.Literal('unanswered'),
  ]),
  wanted: Type.Array(Type.String()),
  found: Type.Array(Type.String()),
  /** Plain English, to be shown as it is. */
  sentence: Type.String(),
});

export const Dns = closed({
  domain: Type.String(),
  /** The domain as the DNS has it. */
  ascii: Type.String(),
  /** Who can know such a name at all: everybody, one's own network, neighbours that are asked (mDNS), nobody. */
  known: Type.Union([
    Type.Literal('internet'),
    Type.Literal('inside'),
    Type.Literal('neighbours'),
    Type.Literal('nowhere'),
  ]),
  records: Type.Array(DnsRecord),
  /** Plain English, to be shown as they are. */
  remarks: Type.Array(Type.String()),
  /** The same for those who want to know more. */
  details: Type.Array(Type.String()),
  /** What to paste into the configuration of a DNS server. */
  texts: closed({ bind: Type.String(), unbound: Type.String(), dnsmasq: Type.String(), windows: Type.String() }),
});

export const dns = {
  /** Asks the DNS, which takes up to ten seconds when it does not answer. */
  'GET /api/domains/:domain/dns': {
    params: DomainParams,
    /** Only what is needed to be reached from there. */
    query: closed({ reach: Type.Optional(WishedReach) }),
    reply: Dns,
  },
} as const;

import { setTimeout as pause } from 'node:timers/promises';
import type { Static } from 'typebox';
import type { FederationWhy } from '../../server/http/contract/federation.ts';
import { Appliance } from './appliance.ts';
import { authority, type TestCertificate } from './authority.ts';
import { ownAddress, ownPorts } from './daemon.ts';
import { Dns, noDnsmasq, type Zone } from './dns.ts';
import { Ejabberd, noEjabberd } from './ejabberd.ts';
import { type PeerOptions, type PeerServer, zoneOf } from './peer-server.ts';
import { noProsody, Prosody } from './prosody.ts';
import { lastLines, noSlixmpp, type People, placeOf, playAmong } from './slixmpp.ts';

/** What node:test takes as `skip`. */
export const noNeighbours: string | false = noDnsmasq || noProsody || noEjabberd || noSlixmpp;

/** Who lives where. */
export const OURS: People = {
  juliet: 'what’s in a name? 名',
  romeo: 'but soft, what light',
  nurse: 'an old housekeeper',
};
const MONTAGUES: People = { mercutio: 'a plague o’ both', benvolio: 'part, fools' };
const CAPULETS: People = { tybalt: 'prince of cats', paris: 'younger than she' };

/** How these servers show who they are: by certificates of an authority that all trust, or by dialback alone. */
export type Ways = 'certificates' | 'dialback';

export type Why = Static<typeof FederationWhy>;

/** Attempts to reach a server that is down are seconds apart. */
const QUIET_MS = 60_000;

/** What a scene is told of a server that is not ours. */
function placeOfPeer({ domain, address, ports, authorityFile, people, rooms, uploads }: PeerServer): object {
  return { domain, host: address, ports, authority: authorityFile, people, more: { rooms, uploads } };
}

function zoneOfHallway(address: string, s2s: number, domain: string, directTls: boolean): Zone {
  const ports = { c2s: 0, https: 0, s2s, ...(directTls && { s2s_tls: s2s + 1 }) };
  const zone = zoneOf({ domain, address, ports, rooms: `conference.${domain}`, uploads: `upload.${domain}` });
  // A component of ours, where there is one.
  const srv = { name: `_xmpp-server._tcp.irc.${domain}`, target: `xmpp.${domain}`, port: s2s };
  return { ...zone, srv: [...zone.srv!, srv] };
}

/** Hallway is to talk with these and nobody else: by certificates of this authority, or by dialback where there is none. */
async function allow(
  { local }: Appliance,
  domains: readonly string[],
  authorityPem: string | undefined,
): Promise<void> {
  const proof = authorityPem === undefined ? 'dialback' : 'certificate';
  const wish = { verdict: 'allow', proof, authority: authorityPem ?? null, reason: 'neighbours' } as const;
  const { version } = await local.call('GET /api/federation/policy', {});
  await local.call('PUT /api/federation/policy', {
    body: {
      default: 'closed',
      leastTls: 'TLSv1.2',
      proof: 'certificate',
      // All of this happens on loopback.
      privateAddresses: true,
      outside: 'everyone',
      rules: domains.flatMap((domain) => [domain, `*.${domain}`]).map((pattern) => ({ ...wish, pattern })),
      version,
    },
  });
}

/** A Prosody and an ejabberd that find each other by a DNS of their own, and a Hallway beside them if it is asked for. */
export class Neighbours implements AsyncDisposable {
  readonly dns: Dns;
  /** Who has signed the certificates of these servers, where others are to believe in them. */
  readonly authority: TestCertificate;
  readonly prosody: Prosody;
  readonly ejabberd: Ejabberd;
  readonly #hallway: Appliance | undefined;
  readonly #opened: AsyncDisposable;

  private constructor(
    dns: Dns,
    signer: TestCertificate,
    prosody: Prosody,
    ejabberd: Ejabberd,
    hallway: Appliance | undefined,
    opened: AsyncDisposable,
  ) {
    this.dns = dns;
    this.authority = signer;
    this.prosody = prosody;
    this.ejabberd = ejabberd;
    this.#hallway = hallway;
    this.#opened = opened;
  }

  static async open(ways: Ways, { hallway = false }: { readonly hallway?: boolean } = {}): Promise<Neighbours> {
    await using opened = new AsyncDisposableStack();
    const dns = opened.use(await Dns.start({}));
    // One of the ways is tried with TLS at once, the other by STARTTLS.
    const directTls = ways === 'certificates';
    const shared = authority('Authority of the street');
    const [address, port] = [ownAddress(), ownPorts()];
    const s2s = { address, s2s: port, s2s_tls: port + 1 };
    const more = `[dns]\nservers = ["${dns.server}"]`;
    const ours = hallway ? opened.use(await Appliance.start({ s2s, more })) : undefined;
    const known = ours === undefined ? [] : [await ours.authority()];
    // Nobody knows the other's authority, so that no certificate says anything to anybody.
    const trust = (name: string): { authority: TestCertificate; trusts: string[] } => {
      if (ways === 'certificates') return { authority: shared, trusts: [shared.pem, ...known] };
      const own = authority(name);
      return { authority: own, trusts: [own.pem] };
    };
    const common = (domain: string, people: People): PeerOptions => ({
      domain,
      people,
      dns,
      ...trust(`Authority of ${domain}`),
      dialback: ways === 'dialback',
      directTls,
      // Public authorities do not say any more that a server may be a client; ejabberd wants to read it.
      ...(hallway && { eku: ['server'] }),
    });
    const prosody = opened.use(await Prosody.prepare(common('prosody.test', MONTAGUES)));
    const ejabberd = opened.use(await Ejabberd.prepare(common('ejabberd.test', CAPULETS)));
    const zones = [
      zoneOf(prosody, ejabberd),
      ...(ours === undefined ? [] : [zoneOfHallway(address, port, ours.domain, directTls)]),
    ];
    await dns.says({
      srv: zones.flatMap(({ srv = [] }) => srv),
      hosts: Object.assign({}, ...zones.map(({ hosts }) => hosts)),
    });
    await Promise.all([prosody.start(), ejabberd.start()]);
    if (ours !== undefined) {
      for (const [local, password] of Object.entries(OURS)) await ours.addPerson(local, password);
      await allow(ours, [prosody.domain, ejabberd.domain], ways === 'certificates' ? shared.pem : undefined);
    }
    return new Neighbours(dns, shared, prosody, ejabberd, ours, opened.move());
  }

  get hallway(): Appliance {
    if (this.#hallway === undefined) throw new Error('there is no Hallway among these');
    return this.#hallway;
  }

  /** What Hallway says of another server. */
  why(domain: string): Promise<Why> {
    return this.hallway.local.call('GET /api/federation/domains/:domain', { params: { domain }, query: {} });
  }

  /** An administrator does not want to wait for the next attempt. */
  async tryNow(domain: string): Promise<void> {
    await this.hallway.local.call('POST /api/federation/domains/:domain/try', { params: { domain }, body: {} });
  }

  /** Resolves when all that was to go to a server has arrived there. */
  async quiet(domain: string): Promise<void> {
    const until = performance.now() + QUIET_MS;
    while (performance.now() < until) {
      const { links, queues } = await this.why(domain);
      const left = [...links.map(({ unconfirmed }) => unconfirmed), ...queues.map(({ waiting }) => waiting)];
      if (left.every((count) => count === 0)) return;
      await pause(50);
    }
    throw new Error(`${domain} did not confirm what is for it\n${this.words}`);
  }

  /** Plays a scene (see `playAmong`) whose world is Hallway, and `other` one of these servers. */
  async meets(
    scene: string,
    other: PeerServer,
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<Record<string, unknown>> {
    const { domain } = this.hallway;
    const services = { rooms: `conference.${domain}`, uploads: `upload.${domain}` };
    const told = {
      ...placeOf(this.hallway, OURS),
      more: { ...services, ...more },
      abroad: { other: placeOfPeer(other) },
    };
    return playAmong(`federation/${scene}`, told, this.hallway.folder, () => this.words);
  }

  /** Plays a scene whose world is the first of these servers, and `other` the second. */
  meet(scene: string, first: PeerServer, other: PeerServer): Promise<Record<string, unknown>> {
    const told = { ...placeOfPeer(first), abroad: { other: placeOfPeer(other) } };
    return playAmong(`federation/${scene}`, told, this.prosody.folder, () => this.words);
  }

  /** The ends of their logs. */
  get words(): string {
    const logs = { Prosody: this.prosody.log, ejabberd: this.ejabberd.log, Hallway: this.#hallway?.log ?? '' };
    return Object.entries(logs)
      .map(([name, log]) => `${name}:\n${lastLines(log, 80)}`)
      .join('\n');
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#opened[Symbol.asyncDispose]();
  }
}

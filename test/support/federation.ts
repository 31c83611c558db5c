import { authority, type TestCertificate } from './authority.ts';
import { Dns, noDnsmasq } from './dns.ts';
import { Ejabberd, noEjabberd } from './ejabberd.ts';
import { type PeerOptions, type PeerServer, zoneOf } from './peer-server.ts';
import { noProsody, Prosody } from './prosody.ts';
import { lastLines, noSlixmpp, type People, playAmong } from './slixmpp.ts';

/** What node:test takes as `skip`. */
export const noNeighbours: string | false = noDnsmasq || noProsody || noEjabberd || noSlixmpp;

/** Who lives with them. */
const MERCUTIO: People = { mercutio: 'a plague o’ both' };
const TYBALT: People = { tybalt: 'prince of cats' };

/** How these servers show who they are: by certificates of an authority that all trust, or by dialback alone. */
export type Ways = 'certificates' | 'dialback';

/** What a scene is told of a server that is not ours. */
function placeOf({ domain, address, ports, authorityFile, people, rooms, uploads }: PeerServer): object {
  return { domain, host: address, ports, authority: authorityFile, people, more: { rooms, uploads } };
}

/** A Prosody and an ejabberd that find each other by a DNS of their own. */
export class Neighbours implements AsyncDisposable {
  readonly dns: Dns;
  readonly prosody: Prosody;
  readonly ejabberd: Ejabberd;

  private constructor(dns: Dns, prosody: Prosody, ejabberd: Ejabberd) {
    this.dns = dns;
    this.prosody = prosody;
    this.ejabberd = ejabberd;
  }

  static async open(ways: Ways): Promise<Neighbours> {
    await using opened = new AsyncDisposableStack();
    const dns = opened.use(await Dns.start({}));
    const shared = authority('Authority of the street');
    // Nobody knows the other's authority, so that no certificate says anything to anybody.
    const signer = (name: string): TestCertificate => (ways === 'certificates' ? shared : authority(name));
    const common = (domain: string, people: People): PeerOptions => ({
      domain,
      people,
      dns,
      authority: signer(`Authority of ${domain}`),
      dialback: ways === 'dialback',
    });
    const prosody = opened.use(await Prosody.prepare(common('prosody.test', MERCUTIO)));
    const ejabberd = opened.use(await Ejabberd.prepare(common('ejabberd.test', TYBALT)));
    await dns.says(zoneOf(prosody, ejabberd));
    await Promise.all([prosody.start(), ejabberd.start()]);
    opened.move();
    return new Neighbours(dns, prosody, ejabberd);
  }

  /** Plays a scene (see `playAmong`) whose world is the first of these servers, and `other` the second. */
  play(scene: string, first: PeerServer, other: PeerServer): Promise<Record<string, unknown>> {
    const told = { ...placeOf(first), abroad: { other: placeOf(other) } };
    return playAmong(scene, told, this.prosody.folder, () => this.words);
  }

  /** The ends of their logs. */
  get words(): string {
    const { prosody, ejabberd } = this;
    return `Prosody:\n${lastLines(prosody.log, 60)}\nejabberd:\n${lastLines(ejabberd.log, 60)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.prosody[Symbol.asyncDispose]();
    await this.ejabberd[Symbol.asyncDispose]();
    await this.dns[Symbol.asyncDispose]();
  }
}

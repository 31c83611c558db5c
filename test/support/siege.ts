import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { chainOf, PeerChains } from '../../server/certificates/peer-chain.ts';
import { TrustAnchors } from '../../server/certificates/trust-anchors.ts';
import type { Attempt } from '../../server/s2s/attempt.ts';
import type { LinkLimits } from '../../server/s2s/context.ts';
import { NameError, type Names } from '../../server/s2s/names.ts';
import type { Judgement } from '../../server/s2s/policy.ts';
import { LinkProblem } from '../../server/s2s/problem.ts';
import type { Actor } from './actor.ts';
import { authority, certificate, type TestCertificate } from './authority.ts';
import { calls, type ServerWire } from './server-peer.ts';
import { type Neighbour, neighbour } from './two-houses.ts';

const silent = pino({ level: 'silent' });
/** The only authority that the house trusts, and its certificates. */
export const ROOT = authority('The one authority');
const VERONA = ROOT.issue({ dns: ['verona.test', '*.verona.test'] });
const MANTUA = ROOT.issue({ dns: ['mantua.test'] });
/** Of the domain that attacks: nothing is wrong with it. */
export const EVIL = ROOT.issue({ dns: ['evil.test'] });
export const NOBODY: TestCertificate = certificate({ dns: ['nobody.test'] });

export const JULIET = 'juliet@verona.test';
export const say = (from: string, to: string, text: string): string =>
  `<message from='${from}' to='${to}' type='chat' id='${text}'><body>${text}</body></message>`;

/** The DNS of a world in which nobody has a name. */
export const NAMELESS: Names = {
  srv: (name) => Promise.reject(new NameError('no-name', name)),
  addresses: (host) =>
    /^[\d.]+$/.test(host) ? Promise.resolve([host]) : Promise.reject(new NameError('no-name', host)),
  published: (host) => Promise.reject(new NameError('no-name', host)),
};

export interface SiegeOptions {
  readonly names?: Names;
  readonly limits?: Partial<LinkLimits>;
  readonly mayFail?: boolean;
}

/** A house that is attacked, somebody who lives in it, and a decent server that talks with it all the time. */
export class Siege {
  #t: TestContext;
  /** What the policy says of all but the decent server, where it is not what it says by itself. */
  judgement: Partial<Judgement> = {};
  readonly house: Neighbour;
  readonly juliet: Actor;
  /** Where others are, by domain. */
  readonly book: Map<string, string>;
  readonly #romeo: Actor;
  #said = 0;

  constructor(t: TestContext, house: Neighbour, people: { juliet: Actor; romeo: Actor }, book: Map<string, string>) {
    this.#t = t;
    this.house = house;
    this.juliet = people.juliet;
    this.#romeo = people.romeo;
    this.book = book;
  }

  /** Another test in the same house: nothing of those before counts in it. */
  async begins(t: TestContext, judgement: Partial<Judgement> = {}): Promise<void> {
    this.#t = t;
    this.judgement = judgement;
    this.house.attempts.length = 0;
    for (const remote of this.house.federation.remotes) {
      if (/evil/.test(remote.domain)) remote.refuse(new LinkProblem('closed-by-admin'));
    }
    for (const domain of this.book.keys()) if (/evil/.test(domain)) this.book.delete(domain);
    await this.juliet.all();
  }

  /** The records of one domain. */
  attempts(domain: string): Attempt[] {
    return this.house.attempts.filter((attempt) => attempt.domain === domain);
  }

  /** Codes of what failed with a domain. */
  codes(domain: string): (string | undefined)[] {
    return this.attempts(domain).map(({ problem }) => problem?.code);
  }

  calls(transport: 'starttls' | 'tls' = 'starttls'): Promise<ServerWire> {
    return calls(this.#t, transport === 'tls' ? this.house.tlsPort : this.house.port);
  }

  /** A stream on which evil.test has shown by its certificate who it is. */
  async evil(): Promise<ServerWire> {
    const wire = await this.calls();
    const hello = { to: 'verona.test', from: 'evil.test' };
    await wire.introduces(hello, EVIL);
    await wire.authenticates(hello);
    return wire;
  }

  /** Waits until the house has no streams but those of the decent server, begun by others or by itself. */
  async isClear(): Promise<void> {
    const { federation } = this.house;
    await until(
      () =>
        [...federation.door].every(({ link }) => link !== undefined && [...link.entering].every(isDecent)) &&
        federation.links().every(({ domain }) => domain === 'mantua.test') &&
        [...federation.remotes].every(({ domain, calling }) => domain === 'mantua.test' || !calling),
      'the end of their streams',
    );
  }

  /** The decent server is heard and answered, and Juliet has heard nothing else. */
  async stands(): Promise<void> {
    const text = `still there ${++this.#said}`;
    await this.#romeo.sends(`<message to='${JULIET}' type='chat'><body>${text}</body></message>`);
    await this.juliet.receives(`<message from='romeo@mantua.test/orchard' type='chat'><body>${text}</body></message>`);
    await this.juliet.sends(`<message to='romeo@mantua.test' type='chat'><body>yes ${text}</body></message>`);
    await this.#romeo.receives(`<message from='${JULIET}/balcony' type='chat'><body>yes ${text}</body></message>`);
  }
}

const isDecent = (pair: string): boolean => pair.endsWith(' mantua.test');

/** Waits until something holds, for as long as a slow machine may need. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !holds(); waited += 10) {
    assert.ok(waited < 20_000, `${what} did not happen`);
    await sleep(10);
  }
}

/** verona.test, with the certificates of the real world; mantua.test is its friend. */
export async function siege(t: TestContext, options: SiegeOptions = {}): Promise<Siege> {
  const book = new Map<string, string>();
  const chains = new PeerChains({ log: silent, anchors: new TrustAnchors(silent, [], () => [ROOT.pem]) });
  t.after(() => chains[Symbol.asyncDispose]());
  const trust = { chainOf, check: chains.check.bind(chains) };
  const { limits, mayFail, ...rest } = options;
  const stage: { siege?: Siege } = {};
  const judge = (domain: string): Partial<Judgement> =>
    domain === 'mantua.test' ? { proof: 'dialback' } : (stage.siege?.judgement ?? {});
  const common = { book, trust, names: NAMELESS, ...(mayFail === true && { mayFail }) };
  const house = await neighbour(t, {
    ...common,
    ...rest,
    judge,
    ...(limits && { linkLimits: limits }),
    domain: 'verona.test',
    certificate: VERONA,
  });
  const friend = await neighbour(t, { ...common, domain: 'mantua.test', certificate: MANTUA });
  const juliet = await house.scene.comes(`${JULIET}/balcony`);
  const romeo = await friend.scene.comes('romeo@mantua.test/orchard');
  juliet.patience = 20_000;
  romeo.patience = 20_000;
  stage.siege = new Siege(t, house, { juliet, romeo }, book);
  return stage.siege;
}

import { LRUCache } from 'lru-cache';
import type { Account } from '../storage/stores/accounts.ts';
import type { PushRegistration } from '../storage/stores/push.ts';
import { parseJid } from '../xmpp/jid.ts';
import { publication, type Summary } from '../xmpp/push.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import type { Host } from './host.ts';
import type { Wake } from './waking.ts';

/** Between two pushes to one device, in ms: what comes in between is told by one push at the end. */
const INTERVAL = 15_000;
/** The same between two calls, which do not wait for anything else. */
const CALL_INTERVAL = 2_000;
/** How long an app server has to answer, in ms. */
const ANSWER = 60_000;
/** After a failure, and at most, in ms: the time doubles with each failure in a row. */
const FIRST_PAUSE = 30_000;
const LONGEST_PAUSE = 60 * 60_000;
/** So many failures in a row, and the registration is no more. */
const FAILURES = 20;
/** Accounts whose devices are remembered at once. */
const ACCOUNTS = 20_000;

/** What is remembered of one device that is away. */
interface Device {
  readonly resource: string;
  /** Messages since it was last there. */
  count: number;
  sender: string;
  body: string;
  pushedAt: number;
  calledAt: number;
  failures: number;
  /** Nothing is sent before, ms since 1970. */
  pausedUntil: number;
  timer: NodeJS.Timeout | undefined;
}

/** What a push tells of a device's messages. */
type Summarise = (device: { readonly count: number; readonly sender: string; readonly body: string }) => Summary;

const keyOf = ({ jid, node }: PushRegistration): string => `${jid} ${node}`;

/** Tells app servers that somebody's phone is to be woken (XEP-0357 §7): not more often than is of use. */
export class Pusher {
  readonly #host: Host;
  readonly #summary: Summarise;
  readonly #devices: LRUCache<number, Map<string, Device>>;

  /** `summary` decides what a push may reveal. */
  constructor(host: Host, summary: Summarise) {
    this.#host = host;
    this.#summary = summary;
    this.#devices = new LRUCache({ max: ACCOUNTS, dispose: (devices) => devices.forEach(stop) });
  }

  /** A device that is away has missed something. */
  missed(account: Account, registration: PushRegistration, { from, type }: Stanza, wake: Wake): void {
    const device = this.#device(account, registration);
    device.count++;
    device.sender = type === 'groupchat' ? from.full : from.bare;
    device.body = wake.body;
    const now = Date.now();
    const paused = device.pausedUntil > now;
    if (wake.what === 'call' && !paused && now - device.calledAt >= CALL_INTERVAL) {
      device.calledAt = now;
      this.#push(account, registration, device);
    } else if (device.timer === undefined) {
      const wait = Math.max(device.pushedAt + INTERVAL, device.pausedUntil) - now;
      if (wait <= 0) this.#push(account, registration, device);
      else {
        device.timer = setTimeout(() => {
          this.#late(account, registration).catch((error: unknown) => {
            this.#host.house.log.error({ err: error }, 'nobody could be woken');
          });
        }, wait);
        device.timer.unref();
      }
    }
  }

  /** A device is there: what it has missed is known to it, or will be in a moment. */
  there(account: number, resource: string): void {
    const devices = this.#devices.get(account);
    for (const device of devices?.values() ?? []) {
      if (device.resource !== resource) continue;
      clearTimeout(device.timer);
      Object.assign(device, { timer: undefined, count: 0, pushedAt: 0 });
    }
  }

  /** A registration is new or gone: nothing of it is remembered. */
  forget(account: number, jid: string, node?: string): void {
    const devices = this.#devices.get(account);
    for (const [key, device] of devices ?? []) {
      if (node === undefined ? !key.startsWith(`${jid} `) : key !== `${jid} ${node}`) continue;
      stop(device);
      devices!.delete(key);
    }
  }

  forgetAll(account: number): void {
    this.#devices.delete(account);
  }

  /** Nothing more is sent. */
  stop(): void {
    this.#devices.clear();
  }

  /** Whether the device that asked for this shows that it gets what it is sent. */
  isThere(bare: string, { resource }: PushRegistration): boolean {
    const session = this.#host.sessions.of(bare).find(({ jid }) => jid.resource === resource);
    return session !== undefined && session.outlet.away !== true;
  }

  /** Only what is outside the house may be pushed to: nobody who has an account here, no service of ours (SECURITY 58). */
  mayPushTo(jid: string): boolean {
    const { domain } = parseJid(jid);
    const { router } = this.#host.house;
    if (/^\[|^[\d.]+$/.test(domain)) return false; // a machine's address, perhaps one that only we can reach
    return !router.has(domain) || router.find(domain)?.external === true;
  }

  #device(account: Account, registration: PushRegistration): Device {
    let devices = this.#devices.get(account.id);
    if (devices === undefined) {
      devices = new Map();
      this.#devices.set(account.id, devices);
    }
    let device = devices.get(keyOf(registration));
    if (device === undefined) {
      const { resource } = registration;
      const never = { pushedAt: 0, calledAt: 0, failures: 0, pausedUntil: 0, timer: undefined };
      device = { resource, count: 0, sender: '', body: '', ...never };
      devices.set(keyOf(registration), device);
    }
    return device;
  }

  /** What had to wait is sent now, if it is still wanted. */
  async #late(account: Account, registration: PushRegistration): Promise<void> {
    const device = this.#devices.get(account.id)?.get(keyOf(registration));
    if (device === undefined) return;
    device.timer = undefined;
    const bare = `${account.local}@${account.domain}`;
    const { accounts, push } = this.#host.house.stores;
    // Meanwhile the account may have been disabled or removed, or the device's access taken.
    const [now, registrations] = await Promise.all([accounts.at(bare), push.of(account.id)]);
    if (now?.id !== account.id || now.status !== 'active') return;
    const wanted = registrations.some((one) => keyOf(one) === keyOf(registration));
    if (wanted && device.count > 0 && !this.isThere(bare, registration)) this.#push(account, registration, device);
  }

  #push(account: Account, registration: PushRegistration, device: Device): void {
    const { jid, node, optionsXml } = registration;
    device.pushedAt = Date.now();
    // A domain that was outside may be served here by now.
    if (!this.mayPushTo(jid)) {
      this.#remove(account, registration);
      return;
    }
    const { house, requests } = this.#host;
    const options = optionsXml === '' ? undefined : house.parse(optionsXml);
    requests.ask('set', parseJid(jid), publication(node, this.#summary(device), options), ANSWER).then(
      (answer) => {
        if (answer.type === 'result') Object.assign(device, { failures: 0, pausedUntil: 0 });
        // §7.1: whoever refuses for good is not asked again.
        else if (errorTypeOf(answer) !== 'wait') this.#remove(account, registration);
        else this.#failed(account, registration, device);
      },
      () => this.#failed(account, registration, device),
    );
  }

  /** It could not be told now: not again too soon, and some day not at all. */
  #failed(account: Account, registration: PushRegistration, device: Device): void {
    device.failures++;
    if (device.failures >= FAILURES) this.#remove(account, registration);
    device.pausedUntil = Date.now() + Math.min(FIRST_PAUSE * 2 ** (device.failures - 1), LONGEST_PAUSE);
  }

  #remove(account: Account, { jid, node }: PushRegistration): void {
    this.forget(account.id, jid, node);
    const { log, stores } = this.#host.house;
    log.info({ account: account.id, service: jid }, 'a registration for push notifications was removed');
    stores.push.remove(account.id, jid, node).catch((error: unknown) => {
      log.error({ err: error }, 'a registration for push notifications could not be removed');
    });
  }
}

function stop(device: Device): void {
  clearTimeout(device.timer);
}

function errorTypeOf({ element }: Stanza): string {
  return element.getChild('error')?.attrs.type ?? '';
}

import { type ClientAccess, clientsOf, revokeAccess } from '../host/access.ts';
import type { Account } from '../storage/stores/accounts.ts';
import type { Stores } from '../storage/stores/index.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { type Actor, record } from './actor.ts';
import { CommandError } from './command-error.ts';
import type { House, HouseSession } from './house.ts';

/** What administrators do with the devices that people log in with. */
export class DeviceCommands {
  readonly #stores: Stores;
  readonly #house: House;

  constructor(stores: Stores, house: House) {
    this.#stores = stores;
    this.#house = house;
  }

  /** Who can reach a person's account: those connected first. Throws CommandError. */
  async list(domain: string, local: string): Promise<{ devices: ClientAccess[] }> {
    const account = await this.#find(domain, local);
    return { devices: await clientsOf(this.#stores.devices, account.id, this.#sessionsOf(account)) };
  }

  /**
   * Logs a device out, takes its tokens, and wakes it no more. It may come back when it knows the password, which the answer tells. Throws
   * CommandError.
   */
  async revoke(by: Actor, domain: string, local: string, id: string): Promise<{ mayReturn: boolean }> {
    const account = await this.#find(domain, local);
    const done = await revokeAccess(this.#stores, account.id, this.#sessionsOf(account), id);
    if (done === undefined) throw new CommandError('device-not-found', 'There is no such device any more.');
    await record(this.#stores.audit, by, 'device.revoke', `${account.local}@${account.domain}`, { device: id });
    return { mayReturn: done === 'password' };
  }

  /** The same with all of them, and whoever is connected beside. Throws CommandError. */
  async revokeAll(by: Actor, domain: string, local: string): Promise<{ devices: number; mayReturn: boolean }> {
    const account = await this.#find(domain, local);
    const { devices } = await this.list(domain, local);
    let mayReturn = false;
    for (const { id } of devices) {
      const done = await revokeAccess(this.#stores, account.id, this.#sessionsOf(account), id);
      mayReturn ||= done === 'password';
    }
    for (const session of [...this.#sessionsOf(account)()]) {
      session.end('policy-violation', 'An administrator ended this session.');
    }
    await record(this.#stores.audit, by, 'device.revoke', `${account.local}@${account.domain}`, {
      device: 'all',
    });
    return { devices: devices.length, mayReturn };
  }

  #sessionsOf({ local, domain }: Account): () => readonly HouseSession[] {
    return () => this.#house.get(domain)?.sessions.of(`${local}@${domain}`) ?? [];
  }

  async #find(domain: string, local: string): Promise<Account> {
    const jid = tryParseJid(`${local}@${domain}`);
    if (jid === undefined || this.#house.get(jid.domain) === undefined) {
      throw new CommandError('domain-not-found', `The domain ${domain} is not served here.`);
    }
    const account = await this.#stores.accounts.at(jid.bare);
    if (account !== undefined) return account;
    throw new CommandError('account-not-found', `There is nobody with the address ${jid.bare}.`);
  }
}

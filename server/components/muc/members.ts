import type { RoomMember } from '../../storage/stores/rooms.ts';
import { looksOf } from './looks.ts';

/** The members of a room by bare address, and how often that list has changed: who makes something of it knows when it is stale. */
export class Members extends Map<string, RoomMember> {
  version = 0;
  /** Whose a reserved nickname is, by what it looks like. */
  readonly #reserved = new Map<string, string>();

  /** Puts what is in the store; `none` takes one out. What others must hear of goes through `affiliate.ts`. */
  put(member: RoomMember): void {
    if (member.affiliation === 'none') this.delete(member.jid);
    else this.set(member.jid, member);
  }

  /** The bare address of whoever has reserved a nickname, or one that looks like it (XEP-0045 §7.10). */
  ownerOf(nick: string): string | undefined {
    return this.#reserved.get(looksOf(nick));
  }

  override set(jid: string, member: RoomMember): this {
    this.#release(jid);
    this.version++;
    if (member.nick !== '') this.#reserved.set(looksOf(member.nick), jid);
    return super.set(jid, member);
  }

  override delete(jid: string): boolean {
    this.#release(jid);
    this.version++;
    return super.delete(jid);
  }

  override clear(): void {
    this.#reserved.clear();
    this.version++;
    super.clear();
  }

  #release(jid: string): void {
    const nick = this.get(jid)?.nick ?? '';
    if (nick !== '' && this.ownerOf(nick) === jid) this.#reserved.delete(looksOf(nick));
  }
}

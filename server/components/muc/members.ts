import type { RoomMember } from '../../storage/stores/rooms.ts';

/** The members of a room by bare address, and how often that list has changed: who makes something of it knows when it is stale. */
export class Members extends Map<string, RoomMember> {
  version = 0;

  override set(jid: string, member: RoomMember): this {
    this.version++;
    return super.set(jid, member);
  }

  override delete(jid: string): boolean {
    this.version++;
    return super.delete(jid);
  }

  override clear(): void {
    this.version++;
    super.clear();
  }
}

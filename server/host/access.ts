import { createHash } from 'node:crypto';
import type { Device, Devices } from '../storage/stores/devices.ts';
import type { PushRegistrations } from '../storage/stores/push.ts';
import type { Jid } from '../xmpp/jid.ts';

/** What is needed here of a connected client. */
export interface AccessSession {
  readonly jid: Jid;
  readonly connectedAt: number;
  readonly client: { readonly device?: string };
  end(condition: 'not-authorized', text: string): void;
}

/** One client that can reach an account (XEP-0494 §3.1). Times are ms since 1970. */
export interface ClientAccess {
  readonly id: string;
  /** Connected, or gone for a moment and expected back. */
  readonly connected: boolean;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** It has shown the password since that was set last, so it may know it still. */
  readonly password: boolean;
  /** It has a token that lets it in. */
  readonly token: boolean;
  /** In its own words, '' when it did not say. */
  readonly software: string;
  readonly name: string;
  /** The resources of its sessions. */
  readonly resources: string[];
}

/** A client that did not say which device it is has a name for as long as it is connected. */
function nameOf({ jid, client }: AccessSession): string {
  return client.device ?? createHash('sha256').update(`session\0${jid.full}`).digest('base64url').slice(0, 22);
}

/** All clients that can reach an account: those connected first, then those seen last. */
export async function clientsOf(
  devices: Devices,
  account: number,
  sessions: () => readonly AccessSession[],
  now = Date.now(),
): Promise<ClientAccess[]> {
  const known = await devices.of(account);
  const there = sessions();
  const valid = ({ current, fresh }: Device): boolean =>
    [current, fresh].some((one) => one !== undefined && one.expiresAt > now);
  const clients: ClientAccess[] = known.map((device) => {
    const own = there.filter(({ client }) => client.device === device.id);
    return {
      id: device.id,
      connected: own.length > 0,
      firstSeen: device.firstSeen,
      lastSeen: device.lastSeen,
      password: device.passwordAt > 0,
      token: valid(device),
      software: device.software,
      name: device.name,
      resources: own.map(({ jid }) => jid.resource),
    };
  });
  for (const session of there) {
    const { jid, connectedAt: seen, client } = session;
    if (client.device !== undefined && known.some(({ id }) => id === client.device)) continue;
    const about = { software: '', name: '', resources: [jid.resource], firstSeen: seen, lastSeen: seen };
    // Whoever got in without a device, or has outlived a change of password on one, came by the password.
    clients.push({ id: nameOf(session), connected: true, password: true, token: false, ...about });
  }
  return clients.sort((a, b) => Number(b.connected) - Number(a.connected) || b.lastSeen - a.lastSeen);
}

/**
 * Takes a client's access: its tokens at once, its sessions (XEP-0494 §3.2), and what it is woken by (XEP-0357). Gives 'password' when it has shown the
 * password, so that nothing but a new one keeps it out for good, and it is still listed; 'done' when it has no way in any
 * more; undefined when there is no such client. Resolves once that is on disk. `spared` is a session that ends only later.
 */
export async function revokeAccess(
  { devices, push }: { readonly devices: Devices; readonly push: PushRegistrations },
  account: number,
  sessions: () => readonly AccessSession[],
  id: string,
  spared?: AccessSession,
): Promise<'done' | 'password' | undefined> {
  const device = await devices.find(account, id);
  if (device !== undefined)
    await (device.passwordAt > 0 ? devices.takeTokens(account, id) : devices.remove(account, id));
  const own = sessions().filter((session) => nameOf(session) === id);
  const end = (session: AccessSession): void => session.end('not-authorized', 'The access of this device was revoked.');
  for (const session of own) if (session !== spared) end(session);
  // Now that no session of its own can ask to be woken anew. Nothing else is left of a client that is away and has no device.
  const resources = own.map(({ jid }) => jid.resource);
  if (device !== undefined || own.length > 0) await push.removeClient(account, device?.id ?? '', resources);
  if (spared !== undefined && own.includes(spared)) setImmediate(() => end(spared)); // once it has its answer
  if (device === undefined) return own.length > 0 ? 'password' : undefined;
  return device.passwordAt > 0 ? 'password' : 'done';
}

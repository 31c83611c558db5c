import type { Device } from '../../storage/stores/devices.ts';
import { channelBindings } from '../channel-binding.ts';
import { tokenDays } from '../options.ts';
import { type Found, SEEN_WITHIN, type Shown, type TokenOwner } from '../tokens.ts';
import { admitted, lookUp } from './identity.ts';
import { type Login, type Mechanism, type Request, SaslError, type Step, utf8 } from './mechanism.ts';

const PROOF_BYTES = 32;

/** Hashed tokens with SHA-256 (draft-schmaus-kitten-sasl-ht-09), tied to one type of channel binding or, with '', to none. */
export function hashedToken(name: string, binding: string): Mechanism & { readonly binding: string } {
  return { name, binding, begin: (request) => begin(request, name, binding) };
}

async function begin({ connection, initial, agent, fast }: Request, mechanism: string, type: string): Promise<Step> {
  // §3.1: the name, a NUL, the proof.
  const nul = initial.indexOf(0);
  if (nul <= 0 || initial.length - nul - 1 !== PROOF_BYTES)
    throw new SaslError('malformed-request', 'not what HT sends');
  // XEP-0484 §4.1: whoever has a token says which device it is.
  if (agent === '') throw new SaslError('malformed-request', 'a token, but no device');
  const claim = await lookUp(connection, utf8(initial.subarray(0, nul)), '');
  const { tls, door, host } = connection;
  const { devices } = host!.house.stores;
  const proof = initial.subarray(nul + 1);
  const bound = type === '' || tls === undefined ? undefined : channelBindings(tls).get(type);
  if (type !== '' && bound === undefined) throw new SaslError('invalid-mechanism', 'no such channel binding here');
  const shown: Shown = { mechanism, proof, binding: bound ?? Buffer.alloc(0), count: fast?.count };
  const owner: TokenOwner = { account: claim.number, device: devices.idOf(claim.number, agent) };

  let found: Found | undefined;
  const check = (device: Device | undefined): Device | undefined => {
    const now = Date.now();
    found = door.tokens.find(owner, device, shown, now);
    if (device === undefined || found === undefined) throw new SaslError('not-authorized', 'no such token');
    if (found.expired || host!.option(tokenDays) === 0) throw new SaslError('credentials-expired', 'an old token');
    const same = found.slot === 'current' && shown.count === undefined && fast?.invalidate !== true;
    if (same && now - device.lastSeen < SEEN_WITHIN) return undefined;
    const after = { ...door.tokens.used(device, found, shown.count), lastSeen: now };
    return fast?.invalidate === true ? { ...after, current: undefined, fresh: undefined } : after; // XEP-0484 §3.6
  };
  // Checked in the turn in which it is used, so that it is not used twice with one count. A token that the client gave up is
  // void on the disk before it is told so.
  await devices.change(owner.account, owner.device, check, fast?.invalidate !== true);
  const { token, answer } = found!;
  const account = admitted(connection, claim);
  const good = (all: readonly Device[]): boolean => {
    const device = all.find(({ id }) => id === owner.device);
    if (fast?.invalidate === true) return device !== undefined;
    return [device?.current, device?.fresh].some(
      (one) => one !== undefined && Buffer.compare(one.seed, token.seed) === 0,
    );
  };
  const login: Login = {
    account,
    mechanism,
    token: { due: fast?.invalidate !== true && door.tokens.due(token, Date.now()) },
    holds() {
      const all = devices.of(owner.account);
      return all instanceof Promise ? all.then(good) : good(all);
    },
  };
  return { data: answer, login };
}

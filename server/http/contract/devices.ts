import { Type } from 'typebox';
import { AccountParams, closed, DomainName, LocalName, Time } from './shapes.ts';

/** One client that can reach somebody's account. */
export const Device = closed({
  /** Means nothing but this device. */
  id: Type.String(),
  connected: Type.Boolean(),
  firstSeen: Time,
  lastSeen: Time,
  /** It has shown the password that holds now. */
  password: Type.Boolean(),
  /** It can come in without it. */
  token: Type.Boolean(),
  /** In its own words, '' when it did not say. */
  software: Type.String(),
  name: Type.String(),
  /** The sessions it has now. */
  resources: Type.Array(Type.String()),
});

/** The devices that a person logs in with. */
export const devices = {
  'GET /api/domains/:domain/accounts/:local/devices': {
    params: AccountParams,
    reply: closed({ devices: Type.Array(Device) }),
  },

  /** Logs it out. `mayReturn`: it has shown the password, so only a new one keeps it out. */
  'DELETE /api/domains/:domain/accounts/:local/devices/:device': {
    params: closed({ domain: DomainName, local: LocalName, device: Type.String({ minLength: 1, maxLength: 64 }) }),
    reply: closed({ mayReturn: Type.Boolean() }),
  },

  /** Logs all of them out, and ends every session. */
  'DELETE /api/domains/:domain/accounts/:local/devices': {
    params: AccountParams,
    reply: closed({ devices: Type.Integer(), mayReturn: Type.Boolean() }),
  },
} as const;

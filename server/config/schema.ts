import { type Address, type Limits, type Listen, LOG_LEVELS, type Settings } from './settings.ts';
import { address, addresses, domain, oneOf, type Reader, text, whole } from './values.ts';

/** How one key is read and what it is without the file. */
export interface Key<T> {
  readonly read: Reader<T>;
  readonly fallback: T;
}

type Section<T> = { readonly [Name in keyof T]: Key<T[Name]> };

function listener(...defaults: string[]): Key<readonly Address[]> {
  return { read: addresses, fallback: Object.freeze(defaults.map(address)) };
}

function count(fallback: number, least: number, most: number): Key<number> {
  return { read: whole(least, most), fallback };
}

const listen: Section<Listen> = {
  c2s: listener('[::]:5222'),
  c2s_tls: listener('[::]:5223'),
  s2s: listener('[::]:5269'),
  s2s_tls: listener('[::]:5270'),
  https: listener('[::]:5281'),
  http: listener(),
  proxy: listener('[::]:7777'),
  component: listener('127.0.0.1:5347'),
};

const limits: Section<Limits> = {
  stanza_bytes: count(262_144, 10_000, 16_777_216),
  stanza_bytes_before_login: count(10_000, 10_000, 1_048_576),
  depth: count(64, 8, 1_000),
  depth_before_login: count(8, 4, 100),
  attributes: count(64, 16, 1_000),
  attributes_before_login: count(24, 16, 100),
  children: count(4_096, 64, 100_000),
  children_before_login: count(64, 16, 1_000),
  namespaces: count(256, 16, 10_000),
  namespaces_before_login: count(24, 8, 100),
  login_seconds: count(30, 5, 600),
  idle_seconds: count(300, 10, 86_400),
  ping_seconds: count(60, 5, 3_600),
  sessions_per_account: count(32, 1, 1_000),
  connections_per_address: count(1_000, 1, 1_000_000),
  offline_messages_per_account: count(1_000, 0, 100_000),
  roster_items_per_account: count(2_000, 10, 100_000),
};

/** The sections of the boot file, each key with its reader and default. */
export const SECTIONS: { readonly [Name in 'listen' | 'dns' | 'log' | 'limits' | 'scram']: Section<Settings[Name]> } = {
  listen,
  dns: { servers: { read: addresses, fallback: Object.freeze([]) } },
  log: { level: { read: oneOf(LOG_LEVELS), fallback: 'info' } },
  limits,
  scram: { iterations: count(10_000, 4_096, 1_000_000) },
};

/** The keys above all sections. Their defaults hang on the machine, so the loader has them. */
export const TOP: { readonly [Name in 'data' | 'domain' | 'hostname' | 'hooks' | 'provision']: Reader<string> } = {
  data: text,
  domain,
  hostname: domain,
  hooks: text,
  provision: text,
};

import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

const NAME = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

export interface HostAndPort {
  /** A name, an IPv4 address, or an IPv6 one as RFC 5952 writes it, without brackets. */
  readonly host: string;
  readonly port: number | undefined;
}

/** Reads `host`, `host:port`, `address:port` or `[IPv6]:port`; undefined for anything else. */
export function hostAndPort(text: string): HostAndPort | undefined {
  if (isIP(text) === 6) return text.includes('%') ? undefined : { host: written(text), port: undefined };
  const [, bracketed, plain = '', digits] = /^(?:\[([^\]%]*)\]|([^:[\]]*))(?::([0-9]{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const fits = bracketed === undefined ? isIP(host) === 4 || NAME.test(host) : isIP(host) === 6;
  const port = digits === undefined ? undefined : Number(digits);
  if (!fits || port === 0 || (port !== undefined && port > 65_535)) return undefined;
  return { host: isIP(host) === 0 ? host : written(host), port };
}

/** An IP address in one form: IPv4 within IPv6 as IPv4, IPv6 as RFC 5952 writes it. */
export function written(address: string): string {
  return ipaddr.process(address).toString();
}

import { existsSync } from 'node:fs';

/** The Debian packages that acceptance tests drive, each with a file that is there when it is installed. */
export const PACKAGES = {
  'python3-slixmpp': '/usr/lib/python3/dist-packages/slixmpp/__init__.py',
  // Debian only recommends it to slixmpp, whose uploads need it.
  'python3-aiohttp': '/usr/lib/python3/dist-packages/aiohttp/__init__.py',
  'go-sendxmpp': '/usr/bin/go-sendxmpp',
  profanity: '/usr/bin/profanity',
  tmux: '/usr/bin/tmux',
  chromium: '/usr/bin/chromium',
  curl: '/usr/bin/curl',
  openssl: '/usr/bin/openssl',
  coturn: '/usr/bin/turnserver',
  'dnsmasq-base': '/usr/sbin/dnsmasq',
  'bind9-utils': '/usr/bin/named-checkzone',
  unbound: '/usr/sbin/unbound-checkconf',
  prosody: '/usr/bin/prosody',
  'lua-unbound': '/usr/share/doc/lua-unbound/copyright',
  ejabberd: '/usr/sbin/ejabberdctl',
  'libnss-wrapper': '/usr/share/doc/libnss-wrapper/copyright',
  ngircd: '/usr/sbin/ngircd',
  biboumi: '/usr/bin/biboumi',
  pebble: '/usr/bin/pebble',
  age: '/usr/bin/age',
  aptly: '/usr/bin/aptly',
  gpg: '/usr/bin/gpg',
  'dpkg-dev': '/usr/bin/dpkg-buildpackage',
  debhelper: '/usr/bin/dh',
  mmdebstrap: '/usr/bin/mmdebstrap',
  'systemd-container': '/usr/bin/systemd-nspawn',
} as const;
export type Package = keyof typeof PACKAGES;

/** Set by the set-up of `npm test`: why it installed nothing, or not all. */
export const WHY = 'HALLWAY_TEST_NOT_INSTALLED';

/** Those of the packages that are not installed. */
export function absent(packages: readonly Package[]): Package[] {
  return packages.filter((name) => !existsSync(PACKAGES[name]));
}

/** What node:test takes as `skip`: false when all is there, else the reason. */
export function without(...packages: readonly Package[]): string | false {
  const names = absent(packages);
  if (names.length === 0) return false;
  const why = process.env[WHY];
  return `not installed: ${names.join(', ')}${why === undefined ? '' : ` (${why})`}`;
}

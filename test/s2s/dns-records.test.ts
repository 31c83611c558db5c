import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { machineName, reachOf, recordsFor, type Served, type Wanted } from '../../server/s2s/dns-records.ts';
import { dnsText } from '../../server/s2s/dns-text.ts';
import { openNames } from '../../server/s2s/names.ts';
import { Dns, noDnsmasq } from '../support/dns.ts';
import { without } from '../support/packages.ts';

const SERVED: Served = {
  domain: 'office.test',
  hostname: 'chat.office.test',
  ports: { c2s: 5222, c2s_tls: 5223, s2s: 5269, s2s_tls: 5270 },
  addresses: ['192.168.7.5', '192.168.8.5', 'fd00::5'],
  services: ['conference', 'pubsub'],
  federates: true,
};
const live = new AbortController().signal;

function lines(wanted: readonly Wanted[]): string[] {
  return wanted.map((one) => {
    const need = one.needed ? 'needed' : 'useful';
    if (one.kind === 'none') return `${one.name} none`;
    if (one.kind === 'address') return `${one.name} ${one.addresses.join(' ')} ${need}`;
    return `${one.name} ${one.priority} ${one.weight} ${one.port} ${one.target} ${need}`;
  });
}

async function folder(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'hallway-dns-text-'));
  t.after(() => rm(made, { recursive: true }));
  return made;
}

describe('the records that a domain should have', () => {
  it('are of clients, of servers, of services, and the address they lead to', () => {
    assert.deepEqual(lines(recordsFor(SERVED)), [
      'chat.office.test 192.168.7.5 192.168.8.5 fd00::5 needed',
      '_xmpp-client._tcp.office.test 10 5 5222 chat.office.test needed',
      '_xmpps-client._tcp.office.test 5 5 5223 chat.office.test useful',
      '_xmpp-server._tcp.office.test 10 5 5269 chat.office.test needed',
      '_xmpps-server._tcp.office.test 5 5 5270 chat.office.test useful',
      '_xmpp-server._tcp.conference.office.test 10 5 5269 chat.office.test needed',
      '_xmpp-server._tcp.pubsub.office.test 10 5 5269 chat.office.test useful',
    ]);
  });

  it('a machine that is called as its domain, at the usual ports, is found without them (RFC 6120 §3.2.2)', () => {
    const needed = recordsFor({ ...SERVED, hostname: 'office.test' }).filter((one) => one.needed);
    assert.deepEqual(
      needed.map(({ name }) => name),
      ['office.test', '_xmpp-server._tcp.conference.office.test'],
    );
    const moved = recordsFor({ ...SERVED, hostname: 'office.test', ports: { c2s: 5299 } });
    assert.equal(moved.find(({ name }) => name.startsWith('_xmpp-client'))!.needed, true);
  });

  it('where nothing listens there should be none, and of servers none is asked of who talks with nobody', () => {
    assert.deepEqual(lines(recordsFor({ ...SERVED, ports: { c2s_tls: 5223 } })).slice(1), [
      '_xmpp-client._tcp.office.test none',
      '_xmpps-client._tcp.office.test 5 5 5223 chat.office.test needed',
      '_xmpp-server._tcp.office.test none',
      '_xmpps-server._tcp.office.test none',
    ]);
    assert.equal(recordsFor({ ...SERVED, federates: false }).length, 3);
    const direct = recordsFor({ ...SERVED, ports: { s2s_tls: 5270 } }).filter(({ purpose }) => purpose === 'service');
    assert.equal(direct[0]!.name, '_xmpps-server._tcp.conference.office.test');
  });

  it('lead to a full name, which the machine may have to be given yet', () => {
    assert.deepEqual(machineName('chat.corp.test', 'office.test'), { name: 'chat.corp.test', own: true });
    for (const hostname of ['debian', 'debian.localdomain', 'localhost', '192.168.1.5', 'a b'])
      assert.deepEqual(machineName(hostname, 'office.test'), { name: 'xmpp.office.test', own: false }, hostname);
    assert.deepEqual(machineName('debian', 'debian'), { name: 'debian', own: true });
    assert.deepEqual(machineName('debian', 'office'), { name: 'office', own: false });
  });

  it('names of the internet are told from those of a house', () => {
    for (const name of ['office.example.org', 'xn--bcher-kva.de', 'lan.org'])
      assert.equal(reachOf(name), 'internet', name);
    for (const name of ['office.lan', 'office.internal', 'home.arpa', 'x.home.arpa', 'a.test', 'office'])
      assert.equal(reachOf(name), 'inside', name);
    assert.equal(reachOf('office.local'), 'neighbours');
    assert.equal(reachOf('a.example'), 'nowhere');
  });
});

describe('text for BIND', { skip: without('bind9-utils') }, () => {
  async function checked(t: TestContext, served: Served): Promise<{ status: number | null; said: string }> {
    const file = join(await folder(t), 'zone');
    const head = '$TTL 3600\n@ IN SOA ns hostmaster 1 3600 600 86400 600\n@ IN NS ns\nns IN A 192.168.7.1\n';
    await writeFile(file, head + dnsText('bind', served.domain, recordsFor(served)));
    const program = ['-i', 'full', '-k', 'fail', '-D', '-o', '-', served.domain, file];
    const { status, stdout, stderr } = spawnSync('/usr/bin/named-checkzone', program, {
      encoding: 'utf8',
      timeout: 30_000,
    });
    return { status, said: stdout + stderr };
  }

  it('is a zone that it takes, with all records in it', async (t) => {
    const { status, said } = await checked(t, SERVED);
    assert.equal(status, 0, said);
    assert.doesNotMatch(said, /ignoring|not at top|error/i);
    const zone = said.replace(/[ \t]+/g, ' ');
    for (const line of [
      '_xmpp-client._tcp.office.test. 3600 IN SRV 10 5 5222 chat.office.test.',
      '_xmpp-server._tcp.conference.office.test. 3600 IN SRV 10 5 5269 chat.office.test.',
      'chat.office.test. 3600 IN AAAA fd00::5',
    ])
      assert.ok(zone.split('\n').includes(line), zone);
    assert.equal(zone.match(/ IN SRV /g)!.length, 6);
  });

  it('whatever is only said is a remark: another zone, an address that is not known, a router', async (t) => {
    const unknown = await checked(t, { ...SERVED, hostname: 'chat.elsewhere.test', addresses: [] });
    assert.equal(unknown.status, 0, unknown.said);
    const text = dnsText(
      'bind',
      'office.example.org',
      recordsFor({ ...SERVED, domain: 'office.example.org', hostname: 'a.example.net' }),
    );
    assert.match(text, /^; The address of a\.example\.net belongs to the names of example\.net/m);
    assert.match(text, /^; This is right within your network/m);
    const open = recordsFor({ ...SERVED, domain: 'office.example.org', addresses: ['93.184.215.14'] });
    assert.doesNotMatch(dnsText('bind', 'office.example.org', open), /within your network/);
  });
});

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

/** What the text says is what is answered. */
async function answersAll(servers: { host: string; port: number }[]): Promise<void> {
  const names = openNames(servers);
  for (const one of recordsFor(SERVED)) {
    if (one.kind === 'srv') {
      const { records } = await names.srv(one.name, live);
      const { target, port, priority, weight } = one;
      assert.deepEqual(records, [{ target, port, priority, weight }]);
    } else if (one.kind === 'address') {
      const found = await names.addresses(one.name, live);
      assert.deepEqual([...found].sort(), [...one.addresses].sort());
    }
  }
}

describe('text for Unbound', { skip: without('unbound') }, () => {
  it('is taken, and answered', { timeout: 60_000 }, async (t) => {
    const port = await freePort();
    const place = await folder(t);
    const file = join(place, 'unbound.conf');
    const base = [
      'server:',
      `  interface: 127.0.0.1@${port}`,
      '  do-daemonize: no',
      '  use-syslog: no',
      '  username: ""',
      '  chroot: ""',
      `  directory: "${place}"`,
      '  pidfile: ""',
      '  module-config: "iterator"',
      '  num-threads: 1',
    ];
    await writeFile(file, `${base.join('\n')}\n${dnsText('unbound', SERVED.domain, recordsFor(SERVED))}`);
    const check = spawnSync('/usr/sbin/unbound-checkconf', [file], { encoding: 'utf8', timeout: 30_000 });
    assert.equal(check.status, 0, check.stderr);
    const child = spawn('/usr/sbin/unbound', ['-d', '-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    t.after(async () => {
      if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit');
    });
    let said = '';
    const up = new Promise<void>((resolve, reject) => {
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('start of service')) resolve();
      });
      child.once('exit', () => reject(new Error(said)));
    });
    await up;
    await answersAll([{ host: '127.0.0.1', port }]);
  });
});

describe('text for dnsmasq', { skip: noDnsmasq }, () => {
  it('is taken, and answered', async (t) => {
    const text = dnsText('dnsmasq', SERVED.domain, recordsFor(SERVED));
    const file = join(await folder(t), 'dnsmasq.conf');
    await writeFile(file, text);
    const check = spawnSync('/usr/sbin/dnsmasq', ['--test', `--conf-file=${file}`], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    assert.equal(check.status, 0, check.stderr);
    const dns = await Dns.start({ more: text.split('\n') });
    t.after(() => dns[Symbol.asyncDispose]());
    await answersAll([{ host: dns.address, port: dns.port }]);
  });
});

describe('text for Windows', () => {
  it('is one command a line, with names as seen from the zone', () => {
    const text = dnsText('windows', SERVED.domain, recordsFor({ ...SERVED, hostname: 'office.test' }));
    const commands = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const zone = "Add-DnsServerResourceRecord -ZoneName 'office.test'";
    assert.ok(commands.includes(`${zone} -A -Name '@' -IPv4Address '192.168.7.5'`), text);
    assert.ok(commands.includes(`${zone} -AAAA -Name '@' -IPv6Address 'fd00::5'`));
    const srv =
      "-Srv -Name '_xmpp-server._tcp.conference' -DomainName 'office.test.' -Priority 10 -Weight 5 -Port 5269";
    assert.ok(commands.includes(`${zone} ${srv}`));
    for (const command of commands) {
      assert.match(
        command,
        /^Add-DnsServerResourceRecord -ZoneName '[a-z.]+' -(A|AAAA|Srv)( -[A-Za-z0-9]+ ('[^']+'|\d+))+$/,
      );
    }
  });
});

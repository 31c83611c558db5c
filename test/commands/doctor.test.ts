import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { Renewal } from '../../server/certificates/renewal.ts';
import { SecureContexts } from '../../server/certificates/secure-context.ts';
import type { BackupsView, BackupView } from '../../server/commands/backups.ts';
import type { CertificateFinding } from '../../server/commands/certificate-views.ts';
import { doorCheck } from '../../server/commands/doctor/doors.ts';
import type { Check, Finding } from '../../server/commands/doctor/finding.ts';
import {
  backupCheck,
  certificateCheck,
  dnsCheck,
  federationCheck,
  releaseCheck,
  storeCheck,
} from '../../server/commands/doctor/house.ts';
import { clockCheck, diskCheck, loadCheck } from '../../server/commands/doctor/machine.ts';
import type { Senses } from '../../server/commands/doctor/senses.ts';
import { Doctor } from '../../server/commands/doctor.ts';
import type { DomainRow } from '../../server/commands/federation-domains.ts';
import { log as certificateLog, emptyStore } from '../certificates/support.ts';
import { openHouse } from '../http/support.ts';
import { CALM } from '../support/no-backups.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const DAY = 86_400_000;
const now = (): number => NOW;
const look = async (check: Check): Promise<string[]> =>
  (await check.run(AbortSignal.timeout(5_000))).map(
    ({ code, severity, sentence }) => `${code} ${severity}: ${sentence}`,
  );
const feel = (senses: Partial<Senses>): Senses => ({ ...CALM, ...senses });

describe('the doctor finds', () => {
  it('a disk that is full, nearly full, or slow', async () => {
    const at = (free: number, ms: number) =>
      look(diskCheck(feel({ disk: async () => ({ free, total: 100e9 }), flush: async () => ms })));
    assert.deepEqual(await at(50e9, 2), [
      'disk-space good: 50.0 GB of 100.0 GB are free.',
      'disk-speed good: What is written is safe on the disk after 2.0 milliseconds.',
    ]);
    assert.match((await at(9e9, 60)).join(), /^disk-space warn: 9\.0 GB.*disk-speed warn: .*60 milliseconds/);
    assert.match((await at(400e6, 300)).join(), /^disk-space bad: 400 MB .*no message is taken.*disk-speed bad/);
  });

  it('that the release which is installed is not the one that runs', async () => {
    assert.deepEqual(await look(releaseCheck(CALM, '0.1.0')), [
      'release good: Release 0.1.0 runs, the one that is installed.',
    ]);
    assert.deepEqual(await look(releaseCheck(feel({ wentBackFrom: '0.2.0' }), '0.1.0')), [
      'release warn: Release 0.2.0 is installed, but 0.1.0, the one before it, runs: the house went back to it.',
    ]);
  });

  it('too little memory, and a server that cannot keep up', async () => {
    const at = (free: number, ms: number) =>
      look(loadCheck(feel({ memory: async () => ({ free, total: 8e9 }) }), () => ms));
    assert.deepEqual(
      (await at(4e9, 3)).map((one) => one.split(':')[0]),
      ['memory good', 'event-loop good'],
    );
    assert.deepEqual(
      (await at(0.5e9, 150)).map((one) => one.split(':')[0]),
      ['memory warn', 'event-loop warn'],
    );
    assert.deepEqual(
      (await at(0.1e9, 800)).map((one) => one.split(':')[0]),
      ['memory bad', 'event-loop bad'],
    );
  });

  it('a clock that was set, that nobody sets, or that is behind what was written down', async () => {
    let wall = NOW;
    const senses = (synchronised?: boolean) =>
      feel({ now: () => wall, monotonic: () => 1_000, synchronised: async () => synchronised });
    const clock = clockCheck(senses(true), async () => NOW - DAY);
    assert.deepEqual(await look(clock), ['clock good: It runs evenly. A time server sets it.']);
    wall += 42_000;
    assert.deepEqual(await look(clock), [
      'clock warn: It was set forward by 42 seconds since the doctor was here last.',
    ]);
    assert.match((await look(clock)).join(), /^clock good/, 'told once');
    assert.match((await look(clockCheck(senses(), async () => 0))).join(), /good: .*cannot be told from here/);
    assert.match((await look(clockCheck(senses(false), async () => 0))).join(), /warn: No time server sets it/);
    const behind = clockCheck(senses(true), async () => wall + 600_000);
    assert.deepEqual(await look(behind), ['clock bad: It is behind: what was done last was done 10 minutes from now.']);
  });

  it('certificates that have ended, end soon, or are not there, each with what to do about it', async () => {
    const at = (...findings: CertificateFinding[]) => certificateCheck({ findings: async () => findings });
    const ok = { domain: 'a.test', state: 'ok', sentence: 'It is fine.', remedy: '' } as const;
    assert.deepEqual(await look(at(ok)), ['certificate good: All are good for weeks.']);
    const soon = { ...ok, domain: 'b.test', state: 'warning', sentence: 'It ends.', remedy: 'Renew it.' } as const;
    const ended = { ...soon, state: 'error', sentence: 'It has ended.' } as const;
    assert.deepEqual(await look(at(ok, soon, ended)), ['certificate warn: It ends.', 'certificate bad: It has ended.']);
    const [finding] = await at(soon).run(AbortSignal.timeout(5_000));
    assert.deepEqual([finding?.remedy, finding?.link], ['Renew it.', '/certificates']);
  });

  it('a domain whose records lead nowhere, or elsewhere', async () => {
    const record = {
      name: '_xmpp-client._tcp.a.test',
      type: 'SRV',
      needed: true,
      wanted: [],
      found: [],
      sentence: 'It is missing.',
    } as const;
    const at = (state: 'right' | 'missing' | 'unanswered', needed = true) =>
      look(
        dnsCheck(
          {
            examine: async (domain) => ({
              domain,
              ascii: domain,
              records: [{ ...record, needed, state, wanted: [], found: [] }],
              known: 'inside' as const,
              remarks: [],
              details: [],
              texts: {} as never,
            }),
          },
          { domains: () => ['a.test'] },
        ),
      );
    assert.deepEqual(await at('right'), ['dns good: a.test: all that is needed is there.']);
    assert.deepEqual(await at('missing'), [
      'dns warn: A record of a.test is not right: _xmpp-client._tcp.a.test (SRV). It is missing.',
    ]);
    assert.match((await at('missing', false)).join(), /good/);
    assert.match((await at('unanswered')).join(), /warn: a\.test: the DNS did not answer/);
  });

  it('other servers for whom messages wait', async () => {
    const row = { domain: 'b.test', state: 'waiting', problem: 'Nobody answers there.' } as unknown as DomainRow;
    const at = (...domains: DomainRow[]) =>
      look(federationCheck({ list: async () => ({ domains, total: 1, next: null }) }));
    assert.match((await at()).join(), /^federation good/);
    assert.match((await at({ ...row, problem: null })).join(), /good/, 'the first try is still under way');
    assert.deepEqual(await at(row, row), [
      'federation warn: Messages wait for b.test. Nobody answers there. So it is with 1 more.',
    ]);
  });

  const backup = (madeAt: number, state: BackupView['state'] = 'good'): BackupView => ({
    name: 'x',
    madeAt,
    bytes: 1,
    state,
    problem: state === 'bad' ? 'It is damaged.' : '',
    checkedAt: madeAt,
    how: 'timer',
    people: 1,
    files: 1,
  });
  const state = (more: Partial<BackupsView>) => ({
    state: async (): Promise<BackupsView> => ({
      rows: [],
      running: null,
      failure: null,
      folder: '/x',
      sameDisk: false,
      schedule: 'daily',
      next: null,
      ...more,
    }),
  });

  it('that there is no backup, an old one, a bad one, one on the same disk, or that the last try failed', async () => {
    const at = (more: Partial<BackupsView>) => look(backupCheck(state(more), now));
    assert.deepEqual(await at({ rows: [backup(NOW - DAY)] }), [
      'backup good: The newest good one was made one day ago.',
    ]);
    assert.deepEqual(await at({}), ['backup warn: There is no backup.']);
    assert.match((await at({ rows: [backup(NOW, 'unchecked')] })).join(), /warn: No backup was restored as a test yet/);
    assert.match((await at({ rows: [backup(NOW - 5 * DAY)] })).join(), /warn: .*5 days ago/);
    assert.match((await at({ rows: [backup(NOW - 5 * DAY)], schedule: 'weekly' })).join(), /good/);
    assert.match((await at({ rows: [backup(NOW)], sameDisk: true })).join(), /warn: .*when that breaks, both are gone/);
    assert.match(
      (await at({ rows: [backup(NOW, 'bad'), backup(NOW - DAY)] })).join(),
      /bad: The newest backup is no good\. It is damaged/,
    );
    assert.match(
      (await at({ rows: [backup(NOW)], failure: { time: NOW, text: 'The disk is full.' } })).join(),
      /bad: .*The disk is full/,
    );
  });

  it('a damaged database, and says when it was too large to be read', async () => {
    const at = (damage: string | undefined, more: Partial<BackupsView> = {}) =>
      look(storeCheck({ schema: async () => 21, damage: async () => damage } as never, state(more)));
    assert.deepEqual(await at(''), [
      'store good: It was read through and is whole. Its schema is number 21, the newest of this release.',
    ]);
    assert.deepEqual(await at('page 3 is wrong'), ['store bad: It is damaged: page 3 is wrong']);
    assert.match((await at(undefined)).join(), /good: It is too large .* No test restore/);
    assert.match(
      (await at(undefined, { rows: [backup(NOW)] })).join(),
      /A test restore has read all of it \(2026-01-31\)/,
    );
  });

  it('a door that nobody reaches, and one at which another program answers', async () => {
    const stranger = createServer((socket) =>
      socket
        .resume()
        .on('error', () => undefined)
        .end('220 mail.example.test\r\n'),
    );
    stranger.listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const { port } = stranger.address() as AddressInfo;
    const at = (name: string, address = `127.0.0.1:${port}`) =>
      look(
        doorCheck({
          listeners: () => [{ name, address }],
          addresses: () => [],
          domain: () => 'a.test',
          hostname: 'chat.a.test',
          fingerprint: () => 'AA',
        }),
      );
    try {
      assert.match(
        (await at('c2s')).join(),
        /^port bad: Chat apps: port \d+ at 127\.0\.0\.1 is answered by another program/,
      );
      assert.match((await at('https')).join(), /^port bad: Panel, files and web chat: .* another program/);
      assert.match((await at('component')).join(), /^port good/);
    } finally {
      stranger.close();
      await once(stranger, 'close');
    }
    assert.match((await at('c2s')).join(), /^port bad: .*cannot be reached \(ECONNREFUSED\)/);
  });
});

describe('the ports of a house whose machine is called as one of its domains', () => {
  it('are asked by that name, and are ours', async (t) => {
    const store = await emptyStore();
    const domains = ['bücher.test', 'chat.office.test'];
    const contexts = new SecureContexts({ store, domains: async () => domains, log: certificateLog });
    const renewal = new Renewal({
      store,
      domains: async () => domains,
      hostname: 'chat.office.test',
      log: certificateLog,
      renewed: () => contexts.reload(),
    });
    await renewal.check();
    const asked: string[] = [];
    const door = createTlsServer({
      ...contexts.serverOptions(),
      ALPNProtocols: ['http/1.1', 'xmpp-client'],
      SNICallback: (name, answer) => {
        asked.push(name);
        contexts.sni(name, answer);
      },
    });
    door.on('secureConnection', (socket) => socket.on('error', () => undefined).resume());
    door.on('tlsClientError', () => undefined);
    door.listen(0, '127.0.0.1');
    await once(door, 'listening');
    t.after(() => door.close());
    const address = `127.0.0.1:${(door.address() as AddressInfo).port}`;
    const found = await look(
      doorCheck({
        listeners: () => [
          { name: 'https', address },
          { name: 'c2s_tls', address },
        ],
        addresses: () => [],
        domain: () => 'bücher.test',
        hostname: 'chat.office.test',
        fingerprint: () => new X509Certificate(contexts.certificateFor('chat.office.test')).fingerprint256,
      }),
    );
    assert.match(found.join(), /^port good/);
    assert.deepEqual(asked.sort(), ['chat.office.test', 'xn--bcher-kva.test']);
  });
});

describe('the store', () => {
  it('is read through when it is small, and left alone when it is large', async (t) => {
    const { stores, close } = await openHouse();
    t.after(close);
    assert.equal(await stores.health.damage(), '');
    assert.equal(await stores.health.damage(1_000), undefined);
    assert.ok((await stores.health.schema()) >= 21);
  });
});

describe('the doctor', () => {
  const finding = (code: string, severity: Finding['severity']): Finding => ({
    code,
    severity,
    title: code,
    sentence: '',
    remedy: '',
    link: '',
  });
  const check = (code: string, run: Check['run']): Check => ({ code, title: code, run });

  it('puts the worst first, and says what could not be found out, or not in time', async () => {
    let ended = false;
    const doctor = new Doctor(
      [
        check('fine', async () => [finding('fine', 'good')]),
        check('broken', async () => {
          throw new Error('no such file');
        }),
        check('slow', (signal) => {
          signal.addEventListener('abort', () => {
            ended = true;
          });
          return new Promise(() => undefined);
        }),
        check('awful', async () => [finding('awful', 'bad')]),
      ],
      now,
      20,
    );
    const { findings } = await doctor.examine();
    assert.deepEqual(
      findings.map(({ code, severity }) => `${code} ${severity}`),
      ['awful bad', 'broken warn', 'slow warn', 'fine good'],
    );
    assert.match(findings[1]!.sentence, /no such file/);
    assert.match(findings[2]!.sentence, /in time/);
    assert.ok(ended, 'it is told to end');
  });

  it('looks once for all who ask at the same time, and again when what it knows is old', async () => {
    let looked = 0;
    let time = NOW;
    const doctor = new Doctor([check('one', async () => [finding(`${++looked}`, 'good')])], () => time);
    await Promise.all([doctor.latest(), doctor.examine(), doctor.latest()]);
    assert.equal(looked, 1);
    time += 4 * 60_000;
    await doctor.latest();
    assert.equal(looked, 1);
    time += 2 * 60_000;
    await doctor.latest();
    await doctor.examine();
    assert.equal(looked, 3);
  });
});

import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { PLAN_KEYS, readPlan } from '../../provisioning/plan/read.ts';
import { Appliance } from '../support/appliance.ts';
import { authority } from '../support/authority.ts';

const PASSWORD = 'wherefore art thou here';
const SECRET = 'a secret of the relay and of ours';

/** The example of the README, word for word. */
const EXAMPLE = /## Set up by a file[\s\S]*?```toml\n([\s\S]*?)```/.exec(
  readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8'),
)![1]!;

describe('the example of a provisioning file in the README', () => {
  it('is one, and shows every key that there is', () => {
    readPlan('README.md', EXAMPLE);
    for (const [section, keys] of Object.entries(PLAN_KEYS)) {
      const own = EXAMPLE.split(/^(?:# )?(?=\[)/m).filter((part) => part.replaceAll(/[[\]]/g, '').startsWith(section));
      for (const key of keys) {
        assert.ok(
          own.some((part) => new RegExp(`^(# )?${key} = `, 'm').test(part)),
          `${key} of ${section}`,
        );
      }
    }
  });
});

describe('a server whose boot file names a provisioning file', { timeout: 120_000 }, () => {
  let appliance: Appliance;
  const put = (name: string, text: string) => writeFile(join(appliance.folder, name), text);
  const params = { domain: 'example.com' };

  before(async () => {
    appliance = await Appliance.prepare();
    const boot = await readFile(appliance.config, 'utf8');
    await writeFile(appliance.config, `provision = "office.toml"\n${boot}`);
    const one = authority('Root of the office').issue({ dns: ['example.com', '*.example.com'] });
    const locked = createPrivateKey(one.keyPem).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: PASSWORD,
    });
    await Promise.all([
      put('olga.txt', `${PASSWORD}\n`),
      put('juliet.txt', `${PASSWORD}\n`),
      put('key-pass.txt', `${PASSWORD}\n`),
      put('turn-secret.txt', `${SECRET}\n`),
      put('example.com.pem', one.chainPem),
      put('example.com.key', locked.toString()),
    ]);
  });
  after(() => appliance?.[Symbol.asyncDispose]());

  it('does not start with a mistake in it, names file, line and key, and has nothing of it done', async () => {
    for (const [text, says] of [
      [EXAMPLE.replace('title = "The garden"', 'titl = "The garden"'), /titl: unknown key; did you mean title\?/],
      [EXAMPLE.replace('"calls.host"', '"calls.hots"'), /calls\.hots/],
      [`${EXAMPLE}\n[acme]\ndomains = ["example.org"]\nterms_accepted = true\n`, /example\.org is not served/],
      [EXAMPLE.replace('"example.com.key"', '"other.key"'), /other\.key cannot be read \(ENOENT\)/],
    ] as const) {
      await put('office.toml', text);
      const { code } = await appliance.fails();
      assert.equal(code, 1, appliance.log);
      assert.match(appliance.log, says);
      assert.match(appliance.log, /office\.toml:\d+: /);
      assert.doesNotMatch(appliance.log, /^\s+at /m, `a stack was printed:\n${appliance.log}`);
    }
  });

  it('is set up by it once it is right, with nothing left of before, and needs no claim', async () => {
    const hook = 'dns-hook';
    await mkdir(join(appliance.folder, 'hooks'));
    await writeFile(join(appliance.folder, 'hooks', hook), '#!/bin/sh\n', { mode: 0o700 });
    const acme = `[acme]
domains = ["example.org"]
terms_accepted = true
directory = "https://127.0.0.1:1/directory"
challenge = "dns"
hook = "${hook}"
`;
    await put('office.toml', EXAMPLE.replace('["example.com"]', '["example.com", "example.org"]') + acme);
    await appliance.start();
    assert.doesNotMatch(appliance.log, /Claim code/);
    assert.ok(!appliance.log.includes(PASSWORD) && !appliance.log.includes(SECRET));
    const { local } = appliance;
    assert.deepEqual(
      (await local.call('GET /api/domains', {})).domains.map(({ name, people }) => [name, people]),
      [
        ['example.com', 2],
        ['example.org', 0],
      ],
    );
    const { departments, relations } = await local.call('GET /api/domains/:domain/departments', { params });
    assert.deepEqual(
      departments.map(({ name, people, rooms }) => [name, people, rooms]),
      [
        ['Sales', 1, ['garden']],
        ['Workshop', 1, []],
      ],
    );
    assert.ok(relations.some(({ one, other, relation, usual }) => one !== other && relation === 'mutual' && !usual));
    const room = { params: { ...params, room: 'garden' }, query: {} };
    const { members } = await local.call('GET /api/domains/:domain/rooms/:room/members', room);
    assert.deepEqual(
      members.map(({ jid, affiliation }) => [jid, affiliation]),
      [
        ['juliet@example.com', 'owner'],
        ['romeo@example.com', 'member'],
      ],
    );
    const policy = await local.call('GET /api/federation/policy', {});
    assert.deepEqual(
      [policy.default, policy.outside, policy.chosenDepartments.map(({ name }) => name), policy.rules.length],
      ['ask', 'chosen', ['Sales'], 2],
    );
    const { certificate } = await local.call('GET /api/certificates/:domain', { params });
    assert.deepEqual([certificate.source, certificate.names.includes('example.com')], ['uploaded', true]);
    const asked = async () =>
      (await local.call('GET /api/certificates/:domain', { params: { domain: 'example.org' } })).certificate;
    while ((await asked()).acme?.failure === '') await pause(20);
    assert.match((await asked()).acme!.failure, /nobody answers/, 'it was asked for when all doors were open');
    const { motds } = await local.call('GET /api/motd', { query: {} });
    assert.deepEqual(
      motds.map(({ text }) => text),
      ['Welcome to the new chat.', ''],
    );
    const { steps } = await local.call('GET /api/setup', {});
    assert.deepEqual(
      steps.filter(({ done }) => done).map(({ name }) => name),
      ['domain', 'certificate', 'people'],
    );
    assert.match((await appliance.ctl(['claim-code'])).stderr, /claimed already/);
    const roles = (await appliance.ctl(['admin', 'list'])).stdout;
    assert.match(roles, /hal .*help-desk/i);
    assert.match(roles, /olga .*owner/i);
  });

  it('says by hallwayctl what was done already, what another file would do, and where that is wrong', async () => {
    const file = join(appliance.folder, 'office.toml');
    const again = await appliance.ctl(['provision', file]);
    assert.deepEqual([again.code, /was applied on/.test(again.stdout)], [0, true], again.stderr);

    const more = `${EXAMPLE}\n[[people]]\naddress = "benvolio@example.com"\ndepartments = ["sales"]\n`.replace(
      'departments = ["Workshop"]',
      'departments = ["Sales", "Workshop"]',
    );
    await put('more.toml', more);
    const path = join(appliance.folder, 'more.toml');
    const dry = await appliance.ctl(['--json', 'provision', path, '--dry-run']);
    const reply = JSON.parse(dry.stdout);
    assert.deepEqual([reply.applied, reply.done.people, reply.done.domains], [false, ['benvolio@example.com'], []]);
    assert.match((await appliance.ctl(['provision', path, '--dry-run'])).stdout, /nothing was changed/);
    assert.equal((await appliance.local.call('GET /api/domains', {})).domains[0]?.people, 2);

    const made = await appliance.ctl(['provision', path]);
    assert.match(made.stdout, /New people:\s+benvolio@example\.com\n/);
    assert.match(made.stdout, /New rooms:\s+none\n/);
    const { departments } = await appliance.local.call('GET /api/domains/:domain/departments', { params });
    assert.deepEqual(
      departments.map(({ people }) => people),
      [3, 1],
    );

    await put('wrong.toml', `${more}\n[[peopel]]\naddress = "x@example.com"\n`);
    const wrong = await appliance.ctl(['provision', join(appliance.folder, 'wrong.toml')]);
    assert.notEqual(wrong.code, 0);
    assert.match(wrong.stderr, /wrong\.toml:\d+: peopel: unknown key; did you mean people\?/);
    assert.match((await appliance.ctl(['provision', 'nowhere.toml'])).stderr, /nowhere\.toml cannot be read/);
    const said = await appliance.ctl(['setup', 'done', 'reach']);
    assert.match(said.stdout, /reach:\s+done\n[\s\S]*All is done\./);
    assert.equal(JSON.parse((await appliance.ctl(['--json', 'setup'])).stdout).left, 0);
    assert.match((await appliance.ctl(['setup', 'done', 'nothing'])).stderr, /no step nothing/);
  });

  it('does not read it at a later start, whatever became of it', async () => {
    await put('office.toml', 'this is = = no TOML');
    await appliance.restart();
    assert.equal((await appliance.local.call('GET /api/domains', {})).domains[0]?.people, 3);
  });
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run, VERBS } from '../../server/cli/run.ts';
import { openHouse, type TestHouse } from '../http/support.ts';
import { type Ctl, type Outcome, openCtl, Text } from '../support/ctl.ts';

const launcher = fileURLToPath(new URL('../../server/cli/hallwayctl.js', import.meta.url));

let tool: Ctl;
let house: TestHouse;

before(async () => {
  house = await openHouse();
  tool = await openCtl(house);
});
after(async () => {
  await tool.close();
  await house.close();
});

const ctl: Ctl['call'] = (words, options) => tool.call(words, options);

function json(outcome: Outcome): Record<string, never> {
  return JSON.parse(outcome.out);
}

describe('people', () => {
  test('user add: the password from standard input, made, or typed twice without being shown', async () => {
    const one = await ctl('user add anna@example.test --name Anna --password-stdin', { input: 'secret word\n' });
    assert.deepEqual(one, { exit: 0, out: 'Made anna@example.test.\n', err: '' });
    const two = await ctl('user add bert@example.test --generate --json');
    const reply = json(two) as { account?: { jid: string }; password?: string };
    assert.equal(reply.account?.jid, 'bert@example.test');
    assert.match(reply.password ?? '', /^(?:\w{4}-){3}\w{4}$/);
    const three = await ctl('user add cyd@example.test', { typed: ['typed by hand', 'typed by hand'] });
    assert.equal(three.exit, 0, three.err);
    assert.ok(!`${three.out}${three.err}`.includes('typed'));
    const four = await ctl('user add dan@example.test', { typed: ['typed by hand', 'otherwise'] });
    assert.equal(four.exit, 2);
    assert.match(four.err, /differ/);
    assert.equal(await house.stores.accounts.find('example.test', 'dan'), undefined);
    const row = (await house.stores.audit.page({ limit: 1 }))[0];
    assert.deepEqual(
      [row?.actor, row?.door, row?.action, row?.subject],
      ['tester', 'cli', 'account.create', 'cyd@example.test'],
    );
  });

  test('user add refuses what cannot be, and says why', async () => {
    const cases: [string, number, RegExp][] = [
      ['user add anna@example.test --generate', 1, /already somebody/],
      ['user add eve@elsewhere.test --generate', 1, /not served here/],
      ['user add @example.test --generate', 2, /not an address/],
      ['user add eve@example.test --generate --password-stdin', 2, /one of/],
      ['user add eve@example.test', 2, /--password-stdin or --generate/],
      ['user add eve@example.test --password-stdin', 2, /empty/],
      ['user add', 2, /hallwayctl user add JID/],
      ['user add a@example.test b@example.test', 2, /hallwayctl user add JID/],
      ['user add eve@example.test --search x', 2, /does not take --search/],
    ];
    for (const [line, exit, message] of cases) {
      const outcome = await ctl(line);
      assert.equal(outcome.exit, exit, line);
      assert.match(outcome.err, message);
      assert.equal(outcome.out, '');
    }
    const refused = await ctl('user add anna@example.test --generate --json');
    assert.equal(refused.exit, 1);
    assert.equal((json(refused) as { error?: { code: string } }).error?.code, 'account-exists');
  });

  test('user list, passwd, disable, enable', async () => {
    const session = house.house.connect('anna@example.test/desk');
    const list = await ctl('user list --search ann');
    assert.match(list.out, /anna@example\.test +Anna +online/);
    assert.match(list.out, /1 in all/);
    const one = json(await ctl('user list example.test --limit 1 --json')) as { total?: number; hasAfter?: boolean };
    assert.deepEqual([one.total, one.hasAfter], [3, true]);
    const more = /More: --after (\S+)/.exec((await ctl('user list --limit 1')).out)?.[1];
    const rest = await ctl(`user list --after ${more}`);
    assert.ok(!rest.out.includes('anna@') && rest.out.includes('cyd@'));
    assert.equal((await ctl('user list --status asleep')).exit, 2);
    assert.equal((await ctl('user passwd anna@example.test --password-stdin', { input: 'another word' })).exit, 0);
    assert.equal(session.ended?.condition, 'not-authorized');
    const again = house.house.connect('anna@example.test/desk');
    assert.equal((await ctl('user disable anna@example.test --reason gone')).exit, 0);
    assert.equal(again.ended?.text, 'Your account was disabled. The reason: gone');
    assert.equal((await house.stores.accounts.find('example.test', 'anna'))?.reason, 'gone');
    assert.equal((await ctl('user enable ANNA@example.test')).exit, 0);
    assert.equal((await house.stores.accounts.find('example.test', 'anna'))?.status, 'active');
  });

  test('user grant and user revoke: who may administer from chat', async () => {
    const { chatAdmins } = house.commands;
    assert.equal((await ctl('user grant anna@example.test')).out, 'anna@example.test may administer from chat.\n');
    assert.equal(await chatAdmins.has('anna@example.test'), true);
    const revoked = json(await ctl('user revoke anna@example.test --json')) as { account?: { chatAdmin: boolean } };
    assert.equal(revoked.account?.chatAdmin, false);
    assert.equal(await chatAdmins.has('anna@example.test'), false);
    assert.equal((await ctl('user grant nobody@example.test')).exit, 1);
    assert.equal((await ctl('user grant')).exit, 2);
  });

  test('user delete asks, and takes --yes for an answer', async () => {
    assert.equal((await ctl('user delete cyd@example.test')).exit, 2, 'nobody to ask');
    assert.equal((await ctl('user delete cyd@example.test', { typed: ['no'] })).exit, 2);
    assert.notEqual(await house.stores.accounts.find('example.test', 'cyd'), undefined);
    const deleted = await ctl('user delete cyd@example.test', { typed: ['cyd@example.test'] });
    assert.match(deleted.out, /^Deleted cyd@example\.test\. Until \d{4}-.* “user restore” brings it back\.\n$/);
    assert.match((await ctl('user list --status leaving')).out, /cyd@example\.test +deleted on/);
    assert.equal((await ctl('user restore cyd@example.test')).out, 'cyd@example.test is back.\n');
    assert.equal((await ctl('user restore cyd@example.test')).exit, 1);
    assert.equal((await ctl('user delete cyd@example.test --yes --now')).exit, 0);
    assert.equal(await house.stores.accounts.find('example.test', 'cyd'), undefined);
    assert.deepEqual(await ctl('user delete bert@example.test --yes --now --json'), {
      exit: 0,
      out: '{"done":true,"removeAt":null}\n',
      err: '',
    });
    assert.deepEqual(house.house.get('example.test')?.removed, ['cyd', 'bert']);
    assert.equal((await ctl('user delete bert@example.test --yes')).exit, 1);
  });
});

describe('the rest of the house', () => {
  test('session list and session end, resources with slashes and control characters in them', async () => {
    const session = house.house.connect('anna@example.test/a/b c');
    const colour = house.house.connect('bert@example.test/plain');
    colour.presence = { show: '\u001b[31mdnd', status: '', priority: 0 };
    const list = await ctl('session list');
    assert.match(list.out, /anna@example\.test\/a\/b c +192\.0\.2\.7 +TLSv1\.3 SCRAM-SHA-256-PLUS/);
    assert.ok(!list.out.includes('\u001b'), 'nothing drives the terminal');
    assert.match((await ctl('session list anna@example.test')).out, /1 in all/);
    assert.equal((await ctl('session list anna@')).exit, 2, 'a slip is not the answer that she is not there');
    assert.equal((await ctl(['session', 'end', 'anna@example.test/a/b c'])).exit, 0);
    assert.equal(session.ended?.condition, 'policy-violation');
    assert.equal((await ctl('session end anna@example.test/gone')).exit, 1);
    assert.equal((await ctl('session end anna@example.test')).exit, 2);
    colour.end('policy-violation', 'test');
  });

  test('domain add, list, remove', async () => {
    const added = (await ctl('domain add Second.Test')).out;
    assert.match(added, /^second\.test is served\./);
    assert.match(added, /certificate authority/, 'what else there is to do');
    assert.equal((await ctl('domain add second.test')).exit, 1);
    assert.match((await ctl('domain list')).out, /example\.test +1 +0\nsecond\.test +0 +0\n/);
    assert.match(
      (await ctl('domain remove example.test')).err,
      /With example\.test would go 1 person, 0 rooms and 0 invitations, for good: say --yes/,
    );
    assert.equal((await ctl('domain remove second.test')).exit, 0);
    assert.match((await ctl('domain remove example.test --yes')).err, /only domain/);
    assert.equal((await ctl('domain add not_a_domain')).exit, 1);
    assert.match((await ctl('domain add office')).out, /A name without a dot works in your own network at best/);
    assert.equal((await ctl('domain remove office')).exit, 0);
    const loopback = await ctl('domain add office.localhost');
    assert.deepEqual([loopback.exit, /takes localhost for itself/.test(loopback.err)], [1, true]);
  });

  test('a short name is of the only domain, for every verb that takes a person; with several it says which there are', async () => {
    assert.equal((await ctl('user add shorty --generate')).out.split('\n', 1)[0], 'Made shorty@example.test.');
    for (const line of [
      'user disable shorty',
      'user enable shorty',
      'user grant shorty',
      'user revoke shorty',
      'user quota shorty',
      'user passwd shorty --generate',
      'user reset-link shorty',
      'device list shorty',
      'session list shorty',
      'invite create nobody-yet',
      'invite create --contact shorty',
      'user delete shorty --now --yes',
    ]) {
      const { exit, err } = await ctl(line);
      assert.deepEqual([exit, err], [0, ''], line);
    }
    assert.equal(await house.stores.accounts.find('example.test', 'shorty'), undefined);
    assert.match((await ctl('session end shorty/desk')).err, /shorty@example\.test|not connected|no session/i);
    assert.match((await ctl('invite list')).out, /nobody-yet /);
    await ctl('domain add second.test');
    const several = await ctl('user add shorty --generate');
    assert.equal(several.exit, 2);
    assert.match(
      several.err,
      /“shorty” may be of several domains here: say one of shorty@example\.test, shorty@second\.test\./,
    );
    // With several a whole domain is still one where both may stand.
    assert.equal((await ctl('invite create second.test')).exit, 0);
    assert.equal((await ctl('domain remove second.test --yes')).exit, 0);
  });

  test('setting: lists, shows, sets what was typed, and goes back', async () => {
    const list = await ctl('setting list');
    assert.match(list.out, /canteen\.seats +20 +default/);
    assert.equal((await ctl('setting set canteen.seats 7')).out, 'canteen.seats: 7\n');
    assert.equal((await ctl('setting set canteen.open off --domain example.test')).out, 'canteen.open: off\n');
    assert.equal((await ctl('setting set canteen.cooks ann bob')).out, 'canteen.cooks: ann bob\n');
    assert.match((await ctl('setting show canteen.seats')).out, /value: +7\n.*1 to 99 seats/s);
    assert.doesNotMatch((await ctl('setting show canteen.seats')).out, /^:/m, 'every line has its name');
    assert.match((await ctl('setting set canteen.key x --domain example.test')).err, /same for all domains/);
    assert.match((await ctl('setting set canteen.key')).err, /nothing was changed/);
    assert.equal((await ctl('setting set canteen.cooks')).out, 'canteen.cooks: (none)\n');
    assert.equal((await ctl('setting reset canteen.seats')).out, 'canteen.seats: 20\n');
    for (const wrong of ['seats', 'seats many', 'seats 1 2', 'open maybe', 'roof on']) {
      assert.equal((await ctl(`setting set canteen.${wrong}`)).exit, 2, wrong);
    }
    const refused = await ctl('setting set canteen.menu feast');
    assert.deepEqual([refused.exit, refused.err.includes('soup')], [1, true]);
    const secret = await ctl('setting set canteen.key', { input: 'canary-4711\n' });
    assert.equal(secret.out, 'canteen.key: (set; it is not shown)\n');
    assert.doesNotMatch((await ctl('setting list --json')).out, /canary/);
  });

  test('domain contacts: shows, sets what is named and keeps the rest, takes away', async () => {
    assert.equal((await ctl('domain contacts example.test')).out, 'Nobody is named for example.test.\n');
    const two = '--admin mailto:olga@example.test --admin xmpp:olga@example.test --status-page https://example.test/up';
    assert.equal((await ctl(`domain contacts example.test ${two}`)).exit, 0);
    const three = await ctl('domain contacts example.test --abuse mailto:abuse@example.test');
    assert.deepEqual(three.out.split(/\s+/), [
      ...['admin:', 'mailto:olga@example.test', 'admin:', 'xmpp:olga@example.test'],
      ...['abuse:', 'mailto:abuse@example.test', 'status-page:', 'https://example.test/up', ''],
    ]);
    assert.equal((await ctl('domain contacts example.test')).out, three.out);
    const none = await ctl('domain contacts example.test --admin= --json');
    const { contacts } = json(none) as { contacts?: Record<string, string[]> };
    assert.deepEqual([contacts?.['admin-addresses'], contacts?.['abuse-addresses']?.length], [[], 1]);
    const anew = await ctl('domain contacts example.test --clear --support xmpp:help@example.test');
    assert.equal(anew.out.trim(), 'support: xmpp:help@example.test');
    const refused = await ctl('domain contacts example.test --admin olga@example.test');
    assert.equal(refused.exit, 1);
    assert.match(refused.err, /mailto:help@example\.com/);
    assert.equal((await ctl('domain contacts elsewhere.test --clear')).exit, 1);
    assert.equal((await ctl('domain contacts')).exit, 2);
    assert.equal((await ctl('domain contacts example.test --clear')).out, 'Nobody is named for example.test.\n');
  });

  test('report list and remove: what people told when they blocked somebody; it drives no terminal', async () => {
    assert.equal((await ctl('report list')).out, 'Nobody has reported anything.\n');
    const told = {
      time: 1_700_000_000_000,
      reason: 'urn:xmpp:reporting:spam',
      reporter: 'juliet@example.test',
      account: 1,
    };
    const messages = [{ time: 1_700_000_000_000, text: 'buy\u001b[2J pearls' }];
    for (const subject of ['paris@example.test', 'troll@elsewhere.test']) {
      await house.stores.reports.add({ ...told, subject, text: 'three\ntimes', messages });
    }
    const { out } = await ctl('report list --limit 1');
    for (const part of [
      'report 2:',
      'troll@elsewhere.test',
      'juliet@example.test',
      'spam',
      'buy\ufffd[2J pearls',
      '--before 2',
    ])
      assert.ok(out.includes(part), `${part} in ${out}`);
    assert.match((await ctl('report list --before 2')).out, /report 1: .*\n.*paris@example\.test/);
    assert.equal((await ctl('report remove 2')).out, 'Report 2 is removed.\n');
    assert.equal((await ctl('report remove 2')).exit, 1);
    for (const wrong of ['x', '0', '-1', '1.5']) assert.equal((await ctl(`report remove ${wrong}`)).exit, 2, wrong);
    const reply = json(await ctl('--json report list')) as { total?: number };
    assert.equal(reply.total, 1);
    const row = (await house.stores.audit.page({ limit: 1 }))[0];
    assert.deepEqual([row?.action, row?.subject], ['report.remove', 'troll@elsewhere.test']);
  });

  test('status prints figures, or the reply as it is', async () => {
    const { out } = await ctl('status');
    for (const part of ['Version:', '0.0.1', 'example.test', 'c2s [::]:5222']) assert.ok(out.includes(part), part);
    const reply = json(await ctl('--json status')) as { people?: { total: number } };
    assert.equal(reply.people?.total, 1);
  });

  test('certificate authority: the PEM alone, or the reason why there is none', async () => {
    assert.equal((await ctl('certificate authority')).exit, 1);
    const pem = '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n';
    await house.stores.certificates.setAuthority({
      name: 'internal',
      keyPem: 'the key',
      certificatePem: pem,
      createdAt: 1,
    });
    assert.deepEqual(await ctl('certificate authority'), { exit: 0, out: pem, err: '' });
  });

  test('claim-code until claimed, admin reset from then on; audit list tells of both', async () => {
    assert.equal((await ctl('admin reset')).exit, 1);
    const { out } = await ctl('claim-code');
    const code = /Claim code: +(\S+)/.exec(out)?.[1] ?? '';
    assert.match(out, /Panel: +https:\/\/panel\.example\.test:5281\//);
    assert.match(out, /AA:BB/);
    await house.commands.claim.claim({ code, name: 'olga', password: 'a long enough passphrase' });
    const late = await ctl('claim-code');
    assert.equal(late.exit, 1);
    assert.match(late.err, /claimed already/);
    const reset = await ctl('admin reset');
    assert.match(reset.out, /https:\/\/panel\.example\.test:5281\/reset#[0-9A-Z-]{14}/);
    assert.match(reset.out, /When it is used, their codes .* passkeys are gone and their sessions end/);
    assert.equal((await ctl('admin reset nobody')).exit, 1);
    const audit = await ctl('audit list --limit 3');
    assert.match(audit.out, /tester \(cli\) +admin\.reset-code +olga/);
    assert.match(audit.out, /olga \(panel\) +house\.claim/);
    assert.match(audit.out, /More: --before \d+/);
    assert.ok(!audit.out.includes(code));
  });
});

describe('being called', () => {
  test('every verb explains itself', async () => {
    for (const verb of VERBS) {
      const outcome = await ctl(`${verb.words} --help`);
      assert.equal(outcome.exit, 0);
      assert.ok(outcome.out.startsWith(`hallwayctl ${verb.words}`), outcome.out);
    }
    const { out } = await ctl('--help');
    for (const verb of VERBS) assert.ok(out.includes(verb.words));
    assert.equal((await ctl('')).exit, 2);
    const family = await ctl('invite --help');
    assert.deepEqual(
      [family.exit, family.out.includes('invite revoke'), family.out.includes('user add')],
      [0, true, false],
    );
  });

  test('what is wrong with a value is said with its name', async () => {
    assert.match((await ctl('invite create --days 0')).err, /days: This must be at least 1/);
  });

  test('what is misspelt is guessed', async () => {
    assert.match((await ctl('user lst')).err, /Did you mean “user list”/);
    assert.match((await ctl('staus')).err, /Did you mean “status”/);
    assert.match((await ctl('user add a@b --genrate')).err, /Did you mean --generate/);
    assert.match((await ctl('xyzzyx')).err, /--help/);
    for (const line of ['user lst', 'xyzzyx', 'user', 'status --bogus']) assert.equal((await ctl(line)).exit, 2, line);
  });

  test('without a server it names the socket, and how to start one', async () => {
    const { exit, err } = await ctl('status', { data: join(tool.folder, 'nowhere') });
    assert.equal(exit, 3);
    assert.ok(err.includes(join(tool.folder, 'nowhere', 'hallwayctl.sock')));
    assert.match(err, /npm start/);
  });

  test('the data folder is found as the server finds it', async () => {
    const at = join(tool.folder, 'checkout');
    await mkdir(join(at, 'store'), { recursive: true });
    await symlink(join(tool.folder, 'hallwayctl.sock'), join(at, 'store', 'hallwayctl.sock'));
    await writeFile(join(at, 'hallway.toml'), 'data = "store"\n');
    await writeFile(join(at, 'broken.toml'), 'data = \n');
    const from = async (cwd: string, ...argv: string[]) => {
      const stderr = new Text();
      const exit = await run([...argv, 'domain', 'list'], {
        stdin: new PassThrough(),
        stdout: new Text(),
        stderr,
        cwd,
        caller: 'x',
      });
      return { exit, err: stderr.text };
    };
    assert.equal((await from(at)).exit, 0, 'hallway.toml of the folder');
    assert.equal((await from('/', '--config', join(at, 'hallway.toml'))).exit, 0);
    assert.equal((await from(tool.folder, '--config', 'checkout/hallway.toml')).exit, 0);
    assert.match((await from(at, '--config', 'missing.toml')).err, /There is no file/);
    assert.match((await from(at, '--config', 'broken.toml')).err, /is not TOML/);
  });

  test('the launcher works through a link, as a program, and hands on the exit code', async () => {
    const link = join(tool.folder, 'hallwayctl');
    await symlink(launcher, link);
    const call = (...args: string[]) =>
      new Promise<Outcome>((resolve) => {
        execFile(link, args, (error, out, err) => resolve({ exit: Number(error?.code ?? 0), out, err }));
      });
    const list = await call('--data', tool.folder, 'domain', 'list', '--json');
    assert.equal(list.exit, 0, list.err);
    assert.equal(JSON.parse(list.out).domains[0].name, 'example.test');
    assert.equal((await call('--data', tool.folder, 'user', 'enable', 'nobody@example.test')).exit, 1);
    assert.equal((await call('--data', join(tool.folder, 'nowhere'), 'status')).exit, 3);
  });
});

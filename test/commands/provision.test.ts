import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { CommandError } from '../../server/commands/command-error.ts';
import { openHouse, type TestHouse } from '../http/support.ts';

const BY = { name: 'root', door: 'cli' } as const;
const PASSWORD = 'wherefore art thou here';

describe('setting a house up by a file', () => {
  let house: TestHouse;
  let folder: string;

  before(async () => {
    house = await openHouse();
    folder = await mkdtemp(join(tmpdir(), 'hallway-provision-'));
    await writeFile(join(folder, 'secret.txt'), `${PASSWORD}\nanother line\n`);
    await writeFile(join(folder, 'short.txt'), 'abc\n');
    await writeFile(join(folder, 'empty.txt'), '\n');
    execFileSync('mkfifo', [join(folder, 'pipe')]);
  });
  after(async () => {
    await house.close();
    await rm(folder, { recursive: true });
  });

  const apply = (source: string, dryRun = false) =>
    house.commands.provision.apply(BY, { name: 'office.toml', source, folder, dryRun });
  /** All that there is, to see that nothing was changed. */
  const all = async () => ({
    admins: (await house.stores.admins.list()).map(({ name }) => name),
    domains: (await house.stores.domains.list()).map(({ name }) => name),
    people: (await house.commands.accounts.list('example.test', {})).accounts.map(({ jid }) => jid),
    settings: [...(await house.stores.settings.all()).keys()],
    policy: house.commands.federation.policy.get(),
    audit: (await house.stores.audit.page({ limit: 100 })).length,
  });

  const GOOD = `
domains = ["verona.test", "example.test"]
[[administrators]]
name = "Olga"
password_file = "secret.txt"
[[people]]
address = "juliet@example.test"
name = "Juliet"
password_file = "secret.txt"
[[people]]
address = "romeo@verona.test"
[[settings]]
key = "canteen.seats"
value = 7
domain = "example.test"
[federation]
default = "ask"
deny = ["spam.test"]
`;

  for (const [what, addition, says] of [
    [
      'an unknown key',
      '\n[[people]]\naddress = "a@example.test"\ndepartement = "x"\n',
      /^office\.toml:18: .*unknown key/,
    ],
    [
      'a person of a domain that is not served',
      '\n[[people]]\naddress = "a@mantua.test"\n',
      /^office\.toml:17: .*not served/,
    ],
    ['a name that no address can have', '\n[[people]]\naddress = "a b@example.test"\n', /^office\.toml:17: .*spaces/],
    [
      'a file that is not there',
      '\n[[people]]\naddress = "a@example.test"\npassword_file = "no.txt"\n',
      /no\.txt cannot be read \(ENOENT\)/,
    ],
    [
      'a file without a password',
      '\n[[people]]\naddress = "a@example.test"\npassword_file = "empty.txt"\n',
      /empty\.txt has no password/,
    ],
    ['a folder for a file', '\n[[people]]\naddress = "a@example.test"\npassword_file = "."\n', /is no file|EISDIR/],
    [
      'a pipe that nobody writes into',
      '\n[[people]]\naddress = "a@example.test"\npassword_file = "pipe"\n',
      /pipe is no file/,
    ],
    ['a password that is too short', '\n[[administrators]]\nname = "b"\npassword_file = "short.txt"\n', /at least/],
    [
      'a room whose owner there is not',
      '\n[[rooms]]\ndomain = "example.test"\nname = "x"\nowner = "tybalt"\n',
      /^office\.toml:18: .*nobody with the address tybalt/,
    ],
    [
      'a room whose owner is of elsewhere',
      '\n[[rooms]]\ndomain = "example.test"\nname = "x"\nowner = "romeo@verona.test"\n',
      /owner of a room of example\.test/,
    ],
    [
      'a setting that there is none',
      '\n[[settings]]\nkey = "canteen.chairs"\nvalue = 1\n',
      /no setting called canteen\.chairs/,
    ],
    [
      'a value that does not fit',
      '\n[[settings]]\nkey = "canteen.seats"\nvalue = 700\ndomain = "verona.test"\n',
      /^office\.toml:18: .*1 to 99/,
    ],
    [
      'a secret that stands in it',
      '\n[[settings]]\nkey = "canteen.key"\nvalue = "open sesame"\n',
      /^office\.toml:18: .*is a secret.*value_file/,
    ],
    [
      'a department that there will not be',
      '\n[[people]]\naddress = "a@verona.test"\ndepartments = ["Kitchen"]\n',
      /^office\.toml:17: .*no department “Kitchen” in verona\.test/,
    ],
    [
      'a department in a room that no room can be',
      '\n[[departments]]\ndomain = "verona.test"\nname = "Kitchen"\nrooms = ["a b"]\n',
      /^office\.toml:18: .*cannot be the name of a room/,
    ],
    [
      'people of one department who see each other one way',
      '\n[[departments]]\ndomain = "verona.test"\nname = "Kitchen"\n[[sights]]\ndomain = "verona.test"\ndepartment = "Kitchen"\nother = "kitchen"\nrelation = "sees"\n',
      /^office\.toml:23: .*mutual.*hidden/,
    ],
    [
      'a certificate that is none',
      '\n[[certificates]]\ndomain = "verona.test"\nchain_file = "secret.txt"\nkey_file = "secret.txt"\n',
      /^office\.toml:18: \[\[certificates\]\] chain_file/,
    ],
    [
      'a member of a room whom there is not',
      '\n[[rooms]]\ndomain = "example.test"\nname = "x"\nowner = "juliet"\nmembers = ["tybalt"]\n',
      /^office\.toml:18: .*nobody with the address tybalt/,
    ],
    [
      'a message for a domain that is not served',
      '\n[[messages_of_the_day]]\ndomain = "mantua.test"\ntext = "Hello"\n',
      /^office\.toml:18: .*not served/,
    ],
    [
      'a setting that says not for which domain',
      '\n[[settings]]\nkey = "canteen.open"\nvalue = true\n',
      /say which one/,
    ],
  ] as const) {
    it(`is refused for ${what}, by line, and changes nothing`, async () => {
      const was = await all();
      const text = GOOD.replace('\n[federation]', `${addition}\n[federation]`);
      await assert.rejects(apply(text), (error: CommandError) => {
        assert.equal(error.code, 'invalid');
        assert.match(error.message, says);
        assert.ok(!error.message.includes(PASSWORD));
        return true;
      });
      assert.deepEqual(await all(), was);
    });
  }

  it('is refused when nobody of its administrators would be an owner, or a domain goes that it needs', async () => {
    const was = await all();
    await assert.rejects(
      apply(GOOD.replace('name = "Olga"', 'name = "Olga"\nrole = "admin"')),
      /nobody would be an owner/,
    );
    // A new house serves what the file says, and nothing else.
    await assert.rejects(
      apply(GOOD.replace('"verona.test", "example.test"', '"localhost", "example.test"')),
      /office\.toml:\d+: .*takes localhost for itself/,
    );
    const without = GOOD.replace('"verona.test", "example.test"', '"verona.test"');
    await assert.rejects(apply(without), /office\.toml:7: .*example\.test is not served/);
    assert.deepEqual(await all(), was);
  });

  it('is only looked at when that is wished', async () => {
    const was = await all();
    const { applied, done } = await apply(GOOD, true);
    assert.deepEqual([applied, done.domains, done.administrators], [false, ['verona.test'], ['olga']]);
    assert.deepEqual(done.people, ['juliet@example.test', 'romeo@verona.test']);
    assert.deepEqual(await all(), was);
  });

  it('is applied, audited, and claims the house', async () => {
    assert.equal(house.commands.claim.claimed, false);
    const { applied, done } = await apply(GOOD);
    assert.equal(applied, true);
    assert.deepEqual(done, {
      domains: ['verona.test'],
      administrators: ['olga'],
      departments: [],
      people: ['juliet@example.test', 'romeo@verona.test'],
      rooms: [],
      settings: ['canteen.seats of example.test'],
      certificates: [],
      acme: [],
      messages: [],
      federation: true,
      advice: [
        'verona.test: A name like this one is known in your own network only; servers elsewhere cannot reach it.',
      ],
    });
    assert.equal(house.commands.claim.claimed, true);
    assert.equal((await house.commands.admins.known('olga', PASSWORD)).name, 'olga');
    const policy = house.commands.federation.policy.get();
    assert.deepEqual(
      [policy.default, policy.rules.map(({ pattern, verdict }) => [pattern, verdict])],
      ['ask', [['spam.test', 'deny']]],
    );
    const rows = await house.stores.audit.page({ limit: 100 });
    assert.ok(rows.some(({ action, subject }) => action === 'house.provision' && subject === 'office.toml'));
    assert.ok(!JSON.stringify(rows).includes(PASSWORD));
  });

  it('is nothing the second time, and another file leaves alone what is there', async () => {
    const was = await all();
    const again = await apply(GOOD);
    assert.deepEqual([again.applied, again.before !== null, again.done.people], [false, true, []]);
    assert.deepEqual((await all()).people, was.people);
    const more = await apply(`${GOOD}\n[[people]]\naddress = "benvolio@example.test"\n`);
    assert.deepEqual([more.applied, more.done.people, more.done.administrators], [true, ['benvolio@example.test'], []]);
  });

  it('of two at once the second finds what the first has done', async () => {
    const source = '[[people]]\naddress = "mercutio@example.test"\n';
    const [one, other] = await Promise.all([apply(source), apply(source)]);
    assert.deepEqual([one.applied, other.applied], [true, false]);
  });

  it('takes the hash that it makes', async () => {
    const hash = await house.commands.provision.hash('a long enough passphrase');
    await apply(`[[administrators]]\nname = "pia"\npassword_hash = "${hash}"\n`);
    await house.commands.admins.known('pia', 'a long enough passphrase');
    await assert.rejects(house.commands.provision.hash('short'), /at least/);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPlan } from '../../provisioning/plan/read.ts';

const HASH = `scrypt$N=32768,r=8,p=3$${'A'.repeat(22)}$${'B'.repeat(43)}`;
const WHOLE = `
domains = ["example.test", "verona.test"]

[[administrators]]
name = "Olga"
password_hash = "${HASH}"

[[people]]
address = "juliet@example.test"
name = "Juliet"

[[people]] # the second
address = "romeo@verona.test"
password_file = "romeo.txt"

[[rooms]]
domain = "example.test"
name = "garden"
owner = "juliet"
members_only = true

[[settings]]
key = "rooms.on"
value = true

[federation]
default = "ask"
allow = ["partner.test"]
`;

describe('a provisioning file', () => {
  it('is read as a whole', () => {
    const plan = readPlan('office.toml', WHOLE);
    assert.deepEqual(
      plan.domains.map(({ name }) => name),
      ['example.test', 'verona.test'],
    );
    assert.deepEqual(
      plan.administrators.map(({ name, role, passwordHash }) => [name, role, passwordHash]),
      [['olga', 'owner', HASH]],
    );
    assert.deepEqual(
      plan.people.map(({ address, name, passwordFile }) => [address, name, passwordFile]),
      [
        ['juliet@example.test', 'Juliet', undefined],
        ['romeo@verona.test', '', 'romeo.txt'],
      ],
    );
    assert.deepEqual([plan.rooms[0]?.membersOnly, plan.rooms[0]?.public], [true, true]);
    assert.deepEqual([plan.settings[0]?.key, plan.settings[0]?.value], ['rooms.on', true]);
    assert.deepEqual([plan.federation?.default, plan.federation?.allow], ['ask', ['partner.test']]);
    assert.equal(plan.hash.length, 64);
    assert.equal(readPlan('other.toml', WHOLE).hash, plan.hash);
  });

  for (const [what, source, says] of [
    ['a word that is none', 'domain = ["a.test"]', /^f\.toml:1: domain: unknown key; did you mean domains\?$/],
    ['an unknown section', 'x = 1\n[[peopel]]\n', /^f\.toml:1: x: unknown key$/],
    [
      'an unknown key of the second person',
      '[[people]]\naddress = "a@b.test"\n\n[[people]]\naddress = "c@b.test"\nnam = "C"\n',
      /^f\.toml:6: \[\[people\]\] nam: unknown key; did you mean name\?$/,
    ],
    ['a password in it', '[[people]]\naddress = "a@b.test"\npassword = "geheim"\n', /^f\.toml:3: .*password_file/],
    [
      'an administrator without a password',
      '[[administrators]]\nname = "a"\n',
      /^f\.toml:1: .*password_file or password_hash/,
    ],
    ['no hash', '[[administrators]]\nname = "a"\npassword_hash = "secret"\n', /^f\.toml:3: .*no hash/],
    [
      'a hash that costs nothing, or all there is',
      `[[administrators]]\nname = "a"\npassword_hash = "${HASH.replace('32768', '1073741824')}"\n`,
      /^f\.toml:3: .*no hash/,
    ],
    [
      'a role that there is none',
      `[[administrators]]\nname = "a"\nrole = "boss"\npassword_hash = "${HASH}"\n`,
      /^f\.toml:3: \[\[administrators\]\] role: must be one of owner, admin, help-desk, auditor/,
    ],
    [
      'space that is no size',
      '[[people]]\naddress = "a@b.test"\nname = "A"\nfiles = "much"\n',
      /^f\.toml:4: .*such as "500 MB"/,
    ],
    ['space that is a number', '[[people]]\naddress = "a@b.test"\nfiles = 500\n', /^f\.toml:3: .*such as "500 MB"/],
    [
      'one department that is there twice',
      '[[departments]]\ndomain = "b.test"\nname = "Sales"\n[[departments]]\ndomain = "b.test"\nname = "sales"\n',
      /^f\.toml:6: .*sales of b\.test is there twice/,
    ],
    [
      'a relation that there is none',
      '[[sights]]\ndomain = "b.test"\ndepartment = "A"\nother = "B"\nrelation = "both"\n',
      /^f\.toml:5: \[\[sights\]\] relation: must be one of mutual, sees, seen, hidden/,
    ],
    [
      'a pair that is decided twice, the other way round',
      '[[sights]]\ndomain = "b.test"\ndepartment = "A"\nother = "B"\nrelation = "sees"\n[[sights]]\ndomain = "b.test"\ndepartment = "B"\nother = "A"\nrelation = "sees"\n',
      /^f\.toml:10: .*a and b of b\.test is there twice/,
    ],
    [
      'a setting without a value',
      '[[settings]]\nkey = "rooms.on"\n',
      /^f\.toml:1: \[\[settings\]\]: needs either value or value_file/,
    ],
    [
      'a certificate of two kinds',
      '[[certificates]]\ndomain = "b.test"\nkey_file = "k"\npkcs12_file = "p"\n',
      /^f\.toml:1: .*needs either chain_file/,
    ],
    [
      'a message that says nothing',
      '[[messages_of_the_day]]\ntext = " "\n',
      /^f\.toml:2: \[\[messages_of_the_day\]\] text: must be text/,
    ],
    ['no address', '[[people]]\naddress = "juliet"\n', /^f\.toml:2: .*anna@example\.com/],
    [
      'the same person twice',
      '[[people]]\naddress = "a@b.test"\n[[people]]\naddress = "A@b.test"\n',
      /^f\.toml:4: .*twice/,
    ],
    [
      'a room without an owner',
      '[[rooms]]\ndomain = "b.test"\nname = "x"\n',
      /^f\.toml:1: \[\[rooms\]\]: owner is missing$/,
    ],
    [
      'a word for yes',
      '[[rooms]]\ndomain = "b.test"\nname = "x"\nowner = "a"\npublic = "yes"\n',
      /^f\.toml:5: .*true or false/,
    ],
    ['a policy that there is none', '[federation]\ndefault = "all"\n', /^f\.toml:2: .*closed, ask, open/],
    ['one that is allowed and denied', '[federation]\nallow = ["x.test"]\ndeny = ["x.test"]\n', /^f\.toml:3: .*both/],
    [
      'a section where entries should be',
      '[people]\naddress = "a@b.test"\n',
      /^f\.toml:1: people: must be written as \[\[people\]\]/,
    ],
    ['no TOML', 'domains = [\n', /^f\.toml:\d+: is not TOML/],
    ['a name of the language', '__proto__ = 1\n', /is not TOML/],
    ['a domain that is none', 'domains = ["10.0.0.1"]\n', /^f\.toml:1: domains: .*domain name/],
    ['far too much', `#${'x'.repeat(1_048_576)}`, /larger than 1 MB/],
  ] as const) {
    it(`is refused for ${what}, by line and key`, () => {
      assert.throws(() => readPlan('f.toml', source), { name: 'ConfigError', message: says });
    });
  }

  it('never tells a password that stands in it by mistake', () => {
    assert.throws(
      () => readPlan('f.toml', '[[people]]\naddress = "a@b.test"\npassword = "geheim"\n'),
      (error: Error) => !error.message.includes('geheim'),
    );
  });
});

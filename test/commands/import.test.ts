import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { CommandError } from '../../server/commands/command-error.ts';
import type { ImportSettings } from '../../server/commands/import/settings.ts';
import { openHouse, type TestHouse } from '../http/support.ts';
import { IMPORTER as by, importPeople, peopleOf, SETTINGS } from '../support/importing.ts';

const DOMAIN = 'example.test';

let house: TestHouse;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(async () => {
  await house.commands.peopleImports.settled();
  await house.close();
});

const bytes = (text: string): Uint8Array => Buffer.from(text);
const refused =
  (code: string, field?: string, message = /./) =>
  (error: CommandError) => {
    assert.deepEqual([error.code, error.field], [code, field], error.message);
    assert.match(error.message, message);
    return true;
  };
const check = (text: string | Uint8Array, more: Partial<ImportSettings> = {}) =>
  house.commands.peopleImports.check(typeof text === 'string' ? bytes(text) : text, { ...SETTINGS, ...more });

const imports = (text: string, more: Partial<ImportSettings> = {}): Promise<number> => importPeople(house, text, more);

const people = (): Promise<string[]> => peopleOf(house);

describe('a file is understood as other programs write it', () => {
  const GERMAN = 'Benutzername;Vorname;Nachname;Abteilung\r\nanna;Änne;Müller;\r\n';

  test('UTF-8, with and without its mark, Windows-1252 and UTF-16 as Excel writes it', async () => {
    const latin = Buffer.from(GERMAN, 'latin1');
    const wide = Buffer.from(`\ufeff${GERMAN.replaceAll(';', '\t')}`, 'utf16le');
    for (const [file, encoding, separator] of [
      [bytes(GERMAN), 'utf-8', ';'],
      [bytes(`\ufeff${GERMAN}`), 'utf-8', ';'],
      [latin, 'windows-1252', ';'],
      [wide, 'utf-16le', '\t'],
      [wide.subarray(2), 'utf-16le', '\t'],
      [Buffer.from(wide).swap16(), 'utf-16be', '\t'],
    ] as const) {
      const found = await check(file);
      assert.deepEqual([found.encoding, found.separator], [encoding, separator]);
      assert.deepEqual(
        found.rows.map(({ jid, name, what }) => [jid, name, what]),
        [['anna@example.test', 'Änne Müller', 'create']],
        encoding,
      );
    }
    assert.equal((await check(bytes(GERMAN), { encoding: 'windows-1252' })).rows[0]?.name, 'Ã„nne MÃ¼ller');
    await assert.rejects(check(latin, { encoding: 'utf-8' }), refused('invalid', 'encoding'));
  });

  test('the separator is the one that stands evenly, or that Excel was told', async () => {
    for (const [text, separator] of [
      ['user,name\nanna,"Miller; Anna"\nbert,"B; C; D"\n', ','],
      ['user;name\nanna;Miller, Anna, Dr.\n', ';'],
      ['sep=;\nuser;name\nanna;Anna\n', ';'],
      ['user\tname\nanna\tMiller, A\n', '\t'],
    ] as const) {
      const found = await check(text);
      assert.equal(found.separator, separator, text);
      assert.equal(found.counts.create, found.total);
    }
  });

  test('columns are guessed in English and German, and as somebody says', async () => {
    const fields = async (headings: string) =>
      (await check(`${headings}\nanna,b,c\n`)).columns.map(({ field }) => field);
    assert.deepEqual(await fields('E-Mail-Adresse,Name,Vorname'), ['email', 'family', 'given']);
    assert.deepEqual(await fields('Login,Full name,Department'), ['address', 'name', 'department']);
    assert.deepEqual(await fields('Kennung,Anzeigename,__proto__'), ['address', 'name', 'ignore']);
    const abroad = await check('E-Mail;Name\ncarla@elsewhere.test;Carla\ndora@example.test;Dora\n');
    assert.deepEqual(
      abroad.rows.map(({ jid, elsewhere }) => [jid, elsewhere]),
      [
        ['carla@example.test', 'carla@elsewhere.test'],
        ['dora@example.test', ''],
      ],
      'what becomes of an address that is not ours is told',
    );
    const own = await check('x,y,z\nb,anna,c\n', { columns: ['name', 'address', 'ignore'], headings: true });
    assert.deepEqual([own.rows[0]?.jid, own.rows[0]?.name], ['anna@example.test', 'b']);
    const bare = await check('anna@example.test,Anna\nbert@example.test,Bert\n');
    assert.deepEqual([bare.headings, bare.total], [false, 2]);
    await assert.rejects(check('a,b\n1,2\n', { columns: ['name', 'name'] }), refused('invalid', 'columns'));
    const lost = await check('name\nAnna\n');
    assert.equal(lost.rows[0]?.problems[0]?.text, 'Say which column has the addresses.');
  });

  test('a password is no sample', async () => {
    const found = await check('user,password\nanna,by yonder moon\n', { way: 'file' });
    assert.ok(!JSON.stringify(found).includes('yonder'));
  });
});

test('the dry run says of each row what is wrong and where, those first, and changes nothing', async () => {
  await house.commands.accounts.create(by, DOMAIN, { local: 'there', password: 'a secret' });
  await house.commands.invitations.create(by, DOMAIN, { local: 'kept' });
  const text = [
    'jid,name,password,department',
    'fine,Fine,the nightingale,',
    'has space,A,the nightingale,',
    "o'neil,A,the nightingale,",
    'fine@example.test,A,the nightingale,',
    'there,A,the nightingale,',
    'kept,A,the nightingale,',
    'anna@elsewhere.test,A,the nightingale,',
    'bert,A,123456,',
    'cyd,A,,',
    'dora,A,the nightingale,Nowhere',
    ',A,the nightingale,',
    `eve,${'long'.repeat(60)},the nightingale,`,
  ].join('\n');
  const found = await check(text, { way: 'file' });
  assert.deepEqual([found.counts.wrong, found.counts.create], [11, 1]);
  assert.deepEqual(
    found.rows.slice(0, 11).map(({ line, problems }) => `${line} ${problems[0]?.field}`),
    [
      '3 address',
      '4 address',
      '5 address',
      '6 address',
      '7 address',
      '8 address',
      '9 password',
      '10 password',
      '11 department',
      '12 address',
      '13 name',
    ],
  );
  assert.match(found.rows[2]?.problems[0]?.text ?? '', /line 2/);
  assert.deepEqual(found.unknownDepartments, ['Nowhere']);
  assert.deepEqual(await people(), ['there:']);
  const start = house.commands.peopleImports.start(
    by,
    bytes(text),
    { ...SETTINGS, way: 'file' },
    'p.csv',
    found.digest,
  );
  await assert.rejects(start, refused('invalid', 'leaveOut', /11 rows/));
  assert.deepEqual(await people(), ['there:'], 'errors in rows: nothing is done');
  await imports(text, { way: 'file', leaveOut: true });
  assert.deepEqual(await people(), ['fine:Fine', 'there:']);
});

describe('an import is one job', () => {
  test('passwords are made and handed over once, under what is logged and audited', async () => {
    const id = await imports('user,name\nanna,=Anna\nbert,Bert\n');
    const { peopleImports } = house.commands;
    const { import: done, handOver } = await peopleImports.get(id);
    assert.deepEqual([done.state, done.made, done.failed, handOver], ['done', 2, 0, true]);
    const { csv } = await peopleImports.handOver(by, id);
    assert.match(csv, /^\ufeffaddress,name,password\r\nanna@example\.test,"'=Anna",(?:\w{4}-){3}\w{4}\r\n/);
    const password = /bert@example\.test,Bert,(\S+)/.exec(csv)?.[1];
    const { rows } = await house.commands.audit.page(undefined, 100);
    const deeds = rows.map(({ action, subject }) => `${action} ${subject}`).reverse();
    assert.deepEqual(deeds, [
      'people.import people.csv',
      'account.create anna@example.test',
      'account.create bert@example.test',
      'people.hand-over people.csv',
    ]);
    assert.ok(!JSON.stringify([rows, house.logged]).includes(password!), 'no password is written down (SECURITY 67)');
    house.later(61 * 60_000);
    await assert.rejects(peopleImports.handOver(by, id), refused('not-allowed'));
  });

  test('by links: nobody has an account until they have made it', async () => {
    const id = await imports('user,name\nanna,Anna\n', { way: 'invite' });
    assert.deepEqual(await people(), []);
    const { csv } = await house.commands.peopleImports.handOver(by, id);
    assert.match(csv, /anna@example\.test,Anna,https:\/\/\S+\/invite\/\S+/);
    await house.commands.peopleImports.undo(by, id);
    await house.commands.peopleImports.settled();
    const { invitations } = await house.commands.invitations.list(DOMAIN);
    assert.deepEqual(
      invitations.map(({ state }) => state),
      ['revoked'],
    );
  });

  test('two at once: the second one is told to wait', async () => {
    const { peopleImports } = house.commands;
    const one = bytes('user\nanna\n');
    const { digest } = await peopleImports.check(one, SETTINGS);
    const both = await Promise.allSettled([
      peopleImports.start(by, one, SETTINGS, 'a.csv', digest),
      peopleImports.start(by, one, SETTINGS, 'b.csv', digest),
    ]);
    const lost = both.filter((result) => result.status === 'rejected');
    assert.equal(lost.length, 1);
    refused('import-running')(lost[0]?.reason);
    await peopleImports.settled();
    assert.equal((await peopleImports.list()).imports.length, 1);
    const start = peopleImports.start(by, one, SETTINGS, 'b.csv', digest);
    await assert.rejects(start, refused('import-changed'), 'the house is not as it was when this was looked at');
  });

  test('the loop has its turns while many people are made', async () => {
    const many = `user,password\n${Array.from({ length: 40 }, (_, n) => `p${n},the nightingale ${n}`).join('\n')}\n`;
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await imports(many, { way: 'file' });
    clearInterval(timer);
    assert.equal((await people()).length, 40);
    assert.ok(turns >= 40, `${turns} turns`);
  });
});

describe('attacks by files', () => {
  test('huge fields, quotes that are never closed, bytes of zero, long lines and many rows or columns are refused in words', async () => {
    const files: [string, RegExp][] = [
      [`user\n"${'x'.repeat(40_000)}"\n`, /too long/],
      ['user,name\nanna,"never closed\nbert,b\n', /never closed|do not fit/],
      [`user,name\nanna,"${'a\n'.repeat(30_000)}`, /too long|never closed/],
      ['user\nan\0na\n', /not a text file/],
      [`user,${'x'.repeat(4_900_000)}\nanna,b\n`, /too long/],
      [`user\n${'a\n'.repeat(10_002)}`, /10000 rows/],
      [`user${','.repeat(60)}\nanna\n`, /50 columns/],
      [`user,name\nanna,${'x'.repeat(4_000)}\n`, /field is too long/],
      ['user,name\nan"na,b\n', /do not fit/],
      ['', /nothing in this file/],
      ['user\n', /no people/],
      ['x'.repeat(5_000_001), /too large/],
    ];
    for (const [file, message] of files) {
      await assert.rejects(check(file), refused('invalid', 'file', message), file.slice(0, 40));
    }
  });

  test('words that mean something to programs are words', async () => {
    const found = await check('user,name\n__proto__,constructor\ntoString,{{x}}\n');
    assert.deepEqual(
      found.rows.map(({ jid, name }) => [jid, name]),
      [
        ['__proto__@example.test', 'constructor'],
        ['tostring@example.test', '{{x}}'],
      ],
    );
  });

  test('a domain that is not ours, and numbers of imports that there are not', async () => {
    await assert.rejects(check('user\nanna\n', { domain: 'elsewhere.test' }), refused('domain-not-found', 'domain'));
    await assert.rejects(house.commands.peopleImports.get(99), refused('import-not-found'));
    await assert.rejects(house.commands.peopleImports.undo(by, 99), refused('import-not-found'));
    await assert.rejects(house.commands.peopleImports.handOver(by, 99), refused('import-not-found'));
  });
});

describe('departments', () => {
  const of = async (local: string): Promise<string> => {
    const account = await house.stores.accounts.find(DOMAIN, local);
    return house.stores.departments
      .of(account!)
      .map(({ name }) => name)
      .join(', ');
  };

  test('those that there are not are made when that is wished, and go with the undo unless somebody else is in them', async () => {
    await house.stores.departments.create(DOMAIN, 'Sales', '');
    const text = 'user,department\nanna,sales\nbert,Sales|Garden\ncyd,Kitchen\n';
    const id = await imports(text, { makeDepartments: true });
    assert.deepEqual([await of('anna'), await of('bert'), await of('cyd')], ['Sales', 'Sales, Garden', 'Kitchen']);
    await house.commands.accounts.create(by, DOMAIN, { local: 'dora', password: 'a secret' });
    const kitchen = house.stores.departments.list(DOMAIN).find(({ name }) => name === 'Kitchen');
    await house.commands.bulk.department(by, ['dora@example.test'], kitchen!.id, true);
    await house.commands.peopleImports.undo(by, id);
    await house.commands.peopleImports.settled();
    assert.deepEqual(await people(), ['dora:']);
    const left = house.stores.departments.list(DOMAIN).map(({ name }) => name);
    assert.deepEqual(left, ['Sales', 'Kitchen']);
  });

  test('several stand in one cell with a comma; one that there is keeps the comma of its name', async () => {
    for (const name of ['Sales', 'Stock', 'Research, Law']) await house.stores.departments.create(DOMAIN, name, '');
    const text = 'user;department\n;\nanna;Sales, Stock\nbert;Research, Law\n;;;\n';
    const found = await check(text);
    assert.deepEqual([found.counts.wrong, found.total], [0, 2], 'a row of separators is none');
    const id = await imports(text);
    assert.deepEqual([await of('anna'), await of('bert')], ['Sales, Stock', 'Research, Law']);
    const { csv } = await house.commands.peopleImports.handOver(by, id);
    assert.match(csv, /^\ufeffaddress;name;password\r\nanna@/, 'as the file that was imported');
  });

  test('who is here already is put into them, and out again by the undo; others of theirs stay', async () => {
    await house.stores.departments.create(DOMAIN, 'Sales', '');
    const garden = await house.stores.departments.create(DOMAIN, 'Garden', '');
    await house.commands.accounts.create(by, DOMAIN, { local: 'anna', password: 'a secret' });
    await house.commands.bulk.department(by, ['anna@example.test'], garden.id, true);
    const id = await imports('user,department\nanna,Sales|Garden\n', { existing: 'update' });
    assert.equal(await of('anna'), 'Sales, Garden');
    const { people: members } = await house.commands.people.list({ department: garden.id });
    assert.deepEqual(members[0]?.departments, ['Sales', 'Garden']);
    await house.commands.peopleImports.undo(by, id);
    await house.commands.peopleImports.settled();
    assert.equal(await of('anna'), 'Garden');
    const results = await house.commands.bulk.department(
      by,
      ['anna@example.test', 'nobody@example.test'],
      garden.id,
      false,
    );
    assert.deepEqual(
      results.map(({ done }) => done),
      [true, false],
    );
    assert.equal(await of('anna'), '');
  });
});

import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openHouse, type TestHouse } from '../http/support.ts';
import { type Ctl, openCtl } from '../support/ctl.ts';

describe('hallwayctl: many people', () => {
  let tool: Ctl;
  let house: TestHouse;

  before(async () => {
    house = await openHouse();
    tool = await openCtl(house);
    await writeFile(join(tool.folder, 'good.csv'), 'Benutzername;Name;Abteilung\nanna;=Anna;Sales\nbert;Bert;\n');
    await writeFile(join(tool.folder, 'bad.csv'), 'user,name\ncyd,Cyd\nno good,X\n');
  });
  after(async () => {
    await tool.close();
    await house.close();
  });

  const ctl = (line: string) => tool.call(line.replaceAll('DIR', tool.folder));

  test('user import says first what it would do, does it, and user undo takes it back', async () => {
    const dry = await ctl('user import DIR/good.csv --dry-run');
    assert.match(dry.out, /2 +anna@example\.test +=Anna +WRONG +department: There is no department “Sales”\./);
    assert.match(dry.out, /2 rows: 1 make, 1 WRONG\nDepartments that there are not: --make-departments/);
    assert.equal((await ctl('user import DIR/good.csv')).exit, 2, 'nowhere to put the passwords');
    assert.equal((await ctl('user import DIR/good.csv --out DIR/list.csv')).exit, 1);
    assert.equal((await ctl('user imports --json')).out, '{"imports":[]}\n');

    const done = await ctl('user import DIR/good.csv --out DIR/list.csv --make-departments');
    assert.equal(done.err, '');
    assert.match(done.out, /made: +2/);
    const list = await readFile(join(tool.folder, 'list.csv'), 'utf8');
    assert.match(list, /anna@example\.test;"'=Anna";(?:\w{4}-){3}\w{4}/);
    assert.equal((await stat(join(tool.folder, 'list.csv'))).mode & 0o777, 0o600);
    assert.match((await ctl('user import DIR/good.csv --out DIR/list.csv')).err, /is there already/);
    assert.match((await ctl('user imports')).out, /1 .* tester +good\.csv +done +2/);
    assert.match((await ctl('user undo 1')).out, /taken back: +2/);
    assert.equal(await house.stores.accounts.find('example.test', 'anna'), undefined);
    assert.equal((await ctl('user undo 1')).exit, 1);
    assert.equal((await ctl('user undo x')).exit, 2);
  });

  test('rows with errors are left out when that is said, and words for how are checked', async () => {
    assert.match((await ctl('user import DIR/bad.csv --out DIR/b.csv')).err, /One row has an error/);
    assert.match((await ctl('user import DIR/bad.csv --out DIR/b.csv --leave-out')).out, /made: +1/);
    for (const wrong of ['--passwords none', '--existing maybe']) {
      assert.equal((await ctl(`user import DIR/bad.csv --dry-run ${wrong}`)).exit, 2, wrong);
    }
    assert.equal((await ctl('user import DIR/nothing.csv --dry-run')).exit, 2);
  });

  test('invite many makes a link for each line of a file, or so many', async () => {
    await writeFile(join(tool.folder, 'new.txt'), '\ufeffDora Dorn, dora@example.test\r\n\r\nEve\r\n');
    const done = await ctl('invite many DIR/new.txt --days 3');
    assert.match(done.out, /^dora@example\.test +Dora Dorn +https:\/\/\S+\/invite\/\S+\n +Eve +https:/m);
    const { invitations } = JSON.parse((await ctl('invite many 3 --json')).out) as { invitations: object[] };
    assert.equal(invitations.length, 3);
    assert.match((await ctl('invite many DIR/new.txt')).err, /“Dora Dorn, dora@example\.test” cannot be invited\./);
    assert.match((await ctl('invite many 201')).err, /At most 200/);
    assert.equal((await ctl('invite many DIR/nowhere.txt')).exit, 2);
  });

  test('user quota, user department and the lists', async () => {
    assert.match((await ctl('user quota cyd@example.test 500MB')).out, /500 MB\.\n$/);
    assert.match((await ctl('user quota cyd@example.test 1,5GB')).out, /1\.5 GB\.\n$/);
    assert.match((await ctl('user quota cyd@example.test usual')).out, /, as everybody\.\n$/);
    assert.match((await ctl('user quota cyd@example.test none')).out, /no limit\.\n$/);
    assert.equal((await ctl('user quota cyd@example.test much')).exit, 2);
    assert.equal((await ctl('user quota nobody@example.test 1GB')).exit, 1);
    await house.stores.departments.create('example.test', 'Garden', '');
    assert.match(
      (await ctl('user department garden cyd@example.test nobody@example.test')).out,
      /cyd@example\.test +done\n/,
    );
    assert.equal((await ctl('user department nowhere cyd@example.test')).exit, 2);
    assert.match((await ctl('user list --status never --sort name --reverse')).out, /cyd@example\.test[\s\S]*1 in all/);
    assert.equal((await ctl('user list --sort size')).exit, 2);
  });
});

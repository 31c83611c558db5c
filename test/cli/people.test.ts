import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { run } from '../../server/cli/run.ts';
import { createSocketDoor, type Door } from '../../server/http/door.ts';
import { openHouse, type TestHouse } from '../http/support.ts';

class Text extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

describe('hallwayctl: many people', () => {
  let folder: string;
  let house: TestHouse;
  let door: Door;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hallway-people-'));
    house = await openHouse();
    door = await createSocketDoor({ commands: house.commands, log: house.log });
    await door.listenLocal(join(folder, 'hallwayctl.sock'));
    await writeFile(join(folder, 'good.csv'), 'Benutzername;Name;Abteilung\nanna;=Anna;Sales\nbert;Bert;\n');
    await writeFile(join(folder, 'bad.csv'), 'user,name\ncyd,Cyd\nno good,X\n');
  });
  after(async () => {
    await door.close();
    await house.close();
    await rm(folder, { recursive: true });
  });

  async function ctl(line: string) {
    const [stdin, stdout, stderr] = [Object.assign(new PassThrough(), { isTTY: false }), new Text(), new Text()];
    stdin.end();
    const words = line.replaceAll('DIR', folder).split(' ');
    const exit = await run(['--data', folder, ...words], { stdin, stdout, stderr, cwd: folder, caller: 'tester' });
    return { exit, out: stdout.text, err: stderr.text };
  }

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
    const list = await readFile(join(folder, 'list.csv'), 'utf8');
    assert.match(list, /anna@example\.test,"'=Anna",(?:\w{4}-){3}\w{4}/);
    assert.equal((await stat(join(folder, 'list.csv'))).mode & 0o777, 0o600);
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
    await writeFile(join(folder, 'new.txt'), '\ufeffDora Dorn, dora@example.test\r\n\r\nEve\r\n');
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

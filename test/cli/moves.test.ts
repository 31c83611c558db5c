import assert from 'node:assert/strict';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openHouse, type TestHouse } from '../http/support.ts';
import { type Ctl, openCtl } from '../support/ctl.ts';
import { archiveOf, portable } from '../support/moving.ts';

const PIE = "xmlns='urn:xmpp:pie:0' xmlns:xi='http://www.w3.org/2001/XInclude'";

describe('hallwayctl: people of another server', () => {
  let tool: Ctl;
  let house: TestHouse;

  before(async () => {
    house = await openHouse();
    tool = await openCtl(house);
    const folder = join(tool.folder, 'export');
    await mkdir(join(folder, 'old.test'), { recursive: true });
    const archive = archiveOf('anna@old.test', 'b@x.test', ['one', 'two'], Date.UTC(2024, 1, 1));
    await writeFile(join(tool.folder, 'secret.xml'), `<user ${PIE} name='spy' password='not to be read'/>`);
    await symlink(join(tool.folder, 'secret.xml'), join(folder, 'spy.xml'));
    await writeFile(join(folder, 'readme.txt'), 'no XML');
    await writeFile(
      join(folder, 'old.test', 'anna.xml'),
      `<user ${PIE} name='anna' password='an old password'>${archive}<dream xmlns='urn:d'/></user>`,
    );
    await writeFile(join(folder, 'main.xml'), `<server-data ${PIE}><xi:include href='old.test.xml'/></server-data>`);
    await writeFile(
      join(folder, 'old.test.xml'),
      `<host ${PIE} jid='old.test'><xi:include href='old.test/anna.xml'/><user name='ben'/></host>`,
    );
    await writeFile(
      join(tool.folder, 'out.xml'),
      `<server-data ${PIE}><xi:include href='../secret.xml'/></server-data>`,
    );
    await writeFile(join(tool.folder, 'links.xml'), portable("<user name='cyd'/>"));
  });
  after(async () => {
    await tool.close();
    await house.close();
  });

  const ctl = (line: string) => tool.call(line.replaceAll('DIR', tool.folder));
  const from = 'user import-from DIR/export --rename=old.test=example.test';

  test('user import-from says what is in a folder, moves in who is in it, and says of each what was not taken', async () => {
    const strange = await ctl('user import-from DIR/export --dry-run');
    assert.match(strange.out, /old\.test +NOT SERVED HERE: add the domain, or say --rename +2/);
    const dry = await ctl(`${from} --dry-run`);
    assert.equal(dry.err, '');
    assert.match(dry.out, /anna@example\.test +move in +1 × <dream xmlns="urn:d">/);
    assert.match(dry.out, /ben@example\.test +move in by a link +The files have no password\./);
    assert.match(dry.out, /messages of archives: +2/);
    assert.match(dry.out, /2 people: 1 move in, 1 move in by a link\n/);
    assert.match(dry.out, /nothing was changed/);

    const nowhere = await ctl(from);
    assert.equal(nowhere.exit, 2);
    assert.match(nowhere.err, /say with --out/);
    assert.equal(await house.stores.accounts.find('example.test', 'anna'), undefined);

    const done = await ctl(`${from} --out DIR/list.csv`);
    assert.equal(done.err, '');
    assert.match(done.out, /made: +2/);
    assert.match(done.out, /anna@example\.test +moved in +1 × <dream/);
    assert.match(await readFile(join(tool.folder, 'list.csv'), 'utf8'), /ben@example\.test,,https:.*\/reset\//);
    assert.equal((await stat(join(tool.folder, 'list.csv'))).mode & 0o777, 0o600);
    assert.match((await ctl('user moved 1')).out, /messages of archives: +2/);
    assert.match((await ctl('user imports')).out, /1 .* tester +export +done +2/);
    assert.equal((await ctl('user undo 1')).exit, 0);
    assert.equal(await house.stores.accounts.find('example.test', 'anna'), undefined);
  });

  test('links of the file system are not followed, and no file leads out of what was given', async () => {
    const { people } = JSON.parse((await ctl(`${from} --dry-run --json`)).out);
    assert.deepEqual(people.map(({ jid }: { jid: string }) => jid).sort(), ['anna@example.test', 'ben@example.test']);
    const out = await ctl('user import-from DIR/out.xml DIR/secret.xml --dry-run');
    assert.equal(out.exit, 1);
    assert.match(out.err, /out\.xml: It includes “\.\.\/secret\.xml”, which is not in the folder/);
  });

  test('what cannot be read, or asked for in this way, is told', async () => {
    for (const [line, why] of [
      ['user import-from DIR/nothing --dry-run', /cannot be read/],
      ['user import-from DIR/export --dry-run --rename=old.test', /OLD=NEW/],
      ['user import-from DIR/export --dry-run --rename=old.test=strange.test', /strange\.test is not served here/],
      ['user import-from DIR/export --out DIR/links.xml', /is there already/],
      ['user import-from', /PATH/],
      ['user moved 99', /no such import/],
    ] as const) {
      const { exit, err } = await ctl(line);
      assert.ok(exit > 0, line);
      assert.match(err, why, line);
    }
  });
});

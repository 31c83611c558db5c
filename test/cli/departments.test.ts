import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
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

describe('hallwayctl department', () => {
  let folder: string;
  let house: TestHouse;
  let door: Door;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hallway-cli-departments-'));
    house = await openHouse();
    for (const local of ['juliet', 'romeo', 'paris'])
      await house.stores.accounts.create({ domain: 'example.test', local, name: `Dear ${local}`, credentials: [] });
    house.house.connect('juliet@example.test/phone');
    door = await createSocketDoor({ commands: house.commands, log: house.log });
    await door.listenLocal(join(folder, 'hallwayctl.sock'));
  });
  after(async () => {
    await door.close();
    await house.close();
    await rm(folder, { recursive: true });
  });

  async function ctl(words: readonly string[], typed?: string) {
    const [stdin, stdout, stderr] = [
      Object.assign(new PassThrough(), { isTTY: typed !== undefined }),
      new Text(),
      new Text(),
    ];
    if (typed === undefined) stdin.end();
    else stdin.write(`${typed}\r`);
    const exit = await run(['--data', folder, ...words], { stdin, stdout, stderr, cwd: folder, caller: 'tester' });
    return { exit, out: stdout.text, err: stderr.text };
  }

  async function does(line: string, ...more: string[]): Promise<string> {
    const { exit, out, err } = await ctl([...line.split(' '), ...more]);
    assert.equal(exit, 0, err);
    return out;
  }

  async function refused(line: string, exit: number, why: RegExp): Promise<void> {
    const done = await ctl(line.split(' '));
    assert.equal(done.exit, exit, `${line}: ${done.out}${done.err}`);
    assert.match(done.err, why);
  }

  test('list, add, change, rooms, order, show', async () => {
    assert.equal(await does('department list'), 'There is no department in example.test.\n');
    assert.equal(await does('department add Sales --description', 'Who sells'), 'Sales is made in example.test.\n');
    assert.equal(await does('department add', 'Back office'), 'Back office is made in example.test.\n');
    await refused('department add sales', 1, /There is a department “sales” already/);
    assert.equal(await does('department change sales --name Selling'), 'Selling is changed.\n');
    await refused('department change selling', 2, /--name or --description/);
    await refused(
      'department change nowhere --name x',
      1,
      /no department “nowhere” in example\.test\. There are: Selling, Back office\./,
    );
    assert.equal(await does('department rooms selling sales lobby'), 'Rooms of Selling: lobby, sales.\n');
    assert.equal(await does('department rooms selling shop'), 'Rooms of Selling: lobby, sales, shop.\n');
    assert.equal(await does('department rooms selling sales --clear'), 'Rooms of Selling: sales.\n');
    await refused('department rooms selling Big', 1, /cannot be the name of a room/);
    assert.equal(await does('department order', 'Back office', 'Selling'), 'So it is.\n');
    const list = await does('department list example.test');
    assert.match(
      list,
      /^DEPARTMENT +PEOPLE +ONLINE +ROOMS +WHAT IT IS\nBack office +0 +0 *\nSelling +0 +0 +sales +Who sells\n$/,
    );
    const show = await does('department show selling');
    assert.match(show, /^What it is: +Who sells$/m);
    assert.match(show, /^People: +0, 0 online$/m);
    assert.match(show, /^Rooms: +sales$/m);
    assert.match(show, /^Selling and Back office have not each other in the contact list \(as usual\)$/m);
    assert.match(show, /^Selling: people have each other in the contact list \(as usual\)$/m);
    assert.equal(JSON.parse(await does('department show selling --json')).department.name, 'Selling');
    await refused('department list elsewhere.test', 1, /elsewhere\.test is not served here/);
  });

  test('join, people, leave, and the departments of a person', async () => {
    const who = ['juliet', 'romeo', 'paris'].map((one) => `${one}@example.test`);
    assert.equal(await does('department join selling', ...who), 'Selling has 3 people now.\n');
    const people = await does('department people selling');
    assert.match(people, /^juliet@example\.test +Dear juliet +online$/m);
    assert.match(people, /^3 people in all$/m);
    assert.match(await does('department people selling --limit 2'), /^More: --after paris$/m);
    assert.doesNotMatch(await does('department people selling --after paris'), /juliet/);
    assert.match(await does('department people selling --search romeo'), /^1 person in all$/m);
    assert.equal(await does('department leave selling paris@example.test'), 'Selling has 2 people now.\n');
    await refused('department join selling nobody@example.test', 1, /nobody with the address nobody@example\.test/);
    await refused('department join selling', 2, /./);

    const own = 'user departments romeo@example.test';
    assert.equal(await does(own), 'romeo@example.test: Selling\n');
    assert.equal(await does(own, 'back office', 'selling'), 'romeo@example.test: Back office, Selling\n');
    assert.equal(await does(`${own} --clear`), 'romeo@example.test: in no department\n');
    await refused(`${own} nowhere`, 1, /no department “nowhere”/);
    assert.equal(JSON.parse(await does(`${own} selling --json`)).departments[0].name, 'Selling');
    assert.match(await does('user department selling paris@example.test'), /paris@example\.test +done/);
    assert.match(await does('user department selling --leave paris@example.test'), /paris@example\.test +done/);
    assert.match(await does('department list'), /^Selling +2 +1 /m);
  });

  test('sight: a sentence for each', async () => {
    const sight = (relation: string) => does('department sight selling', 'back office', relation);
    assert.match(await sight('mutual'), /^Selling and Back office have each other in the contact list\.\n$/);
    assert.match(await sight('sees'), /^Selling has Back office in the contact list, Back office not Selling\.\n$/);
    assert.match(await sight('seen'), /^Back office has Selling in the contact list, Selling not Back office\.\n$/);
    assert.match(await sight('hidden'), /^Selling and Back office have not each other in the contact list\.\n$/);
    assert.match(await sight('usual'), /\(as usual\)\.\n$/);
    assert.match(await does('department sight selling selling hidden'), /^Selling: people have not each other/);
    await refused('department sight selling selling sees', 1, /People of one department/);
    await refused('department sight selling selling friends', 2, /mutual, sees, seen, hidden, usual/);
  });

  test('remove asks first, with how many are in it', async () => {
    await refused('department remove selling', 2, /--yes/);
    const asked = await ctl(['department', 'remove', 'selling'], 'no');
    assert.deepEqual([asked.exit, /Nothing was done/.test(asked.err)], [2, true]);
    assert.match(asked.out + asked.err, /Selling has 2 people, who stay/);
    assert.equal((await ctl(['department', 'remove', 'selling'], 'yes')).exit, 0);
    assert.equal(await does('department remove --yes', 'Back office'), 'Back office is removed.\n');
    assert.equal(await does('user departments romeo@example.test'), 'romeo@example.test: in no department\n');
    const [row] = await house.stores.audit.page({ limit: 1 });
    assert.deepEqual([row?.actor, row?.door, row?.action], ['tester', 'cli', 'department.remove']);
  });
});

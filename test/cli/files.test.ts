import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bytes } from '../../server/cli/text.ts';
import { type Ctl, openCtl } from '../support/ctl.ts';
import { FakeTransfers, putFile } from '../support/files.ts';
import { openLastingScene } from '../support/lasting-scene.ts';
import type { Scene } from '../support/scene.ts';

const transfers = new FakeTransfers();
const JULIET = 'juliet@example.test';
let tool: Ctl;
let scene: Scene;
let close: () => Promise<void>;

before(async () => {
  ({ scene, close } = await openLastingScene({ transfers }));
  await scene.account(JULIET);
  tool = await openCtl({ commands: scene.commands, log: scene.house.log });
});
after(async () => {
  await tool.close();
  await close();
});

const ctl = (line: string, typed?: string) => tool.call(line, { ...(typed !== undefined && { typed: [typed] }) });

async function does(line: string): Promise<string> {
  const { exit, out, err } = await ctl(line);
  assert.equal(exit, 0, err);
  return out;
}

const put = (name: string, more = {}) => putFile(scene.stores, JULIET, name, more);

describe('hallwayctl file', () => {
  test('usage, list, people, rooms, find: names cannot drive the terminal', async () => {
    const link = await put('a\u202egpj.exe\u001b[31m', { bytes: 2_500_000, room: 'garden@conference.example.test' });
    await put('x'.repeat(255), { createdAt: 1 });
    const usage = await does('file usage');
    assert.match(usage, /^Files: +2 files, 2\.5 MB$/m);
    assert.match(usage, /^example\.test +on +250 MB +2\.0 GB +10 GB +kept$/m);
    const list = await does('file list --order largest');
    assert.match(
      list,
      /^\d+ +2\.5 MB .* juliet@example\.test +garden@conference\.example\.test +image\/png +a\ufffdgpj\.exe\ufffd\[31m$/m,
    );
    assert.match(list, /^2 files, 2\.5 MB in all$/m);
    const [, next] = /More: --after (\S+)/.exec(await does('file list --limit 1 --person juliet@example.test'))!;
    assert.match(await does(`file list --limit 1 --after ${next}`), /x{255}/);
    assert.doesNotMatch(await does('file list --room garden@conference.example.test'), /xxx/);
    assert.match(await does('file people --domain example.test'), /^juliet@example\.test +2 +2\.5 MB$/m);
    assert.match(await does('file rooms'), /^garden@conference\.example\.test +1 +2\.5 MB$/m);
    assert.match(await does(`file find ${link}`), /^Whose: +juliet@example\.test$/m);
    const { file } = JSON.parse(await does(`file find ${link} --json`));
    assert.deepEqual([file.bytes, file.jid], [2_500_000, JULIET]);
    assert.match(await does(`file remove ${file.id}`), /^Deleted: 1 file, 2\.5 MB\.$/m);
    assert.equal((await ctl(`file find ${link}`)).exit, 1);
    const [row] = await scene.stores.audit.page({ limit: 1 });
    assert.deepEqual([row?.actor, row?.door, row?.action, row?.subject], ['tester', 'cli', 'file.remove', JULIET]);
  });

  test('clear asks first', async () => {
    await put('old', { createdAt: 5 });
    const unsure = await ctl('file clear --older-than 2020-01-01', 'yes');
    assert.equal(unsure.exit, 2);
    assert.match(unsure.err, /This deletes 2 files, 200 bytes, for good/);
    assert.equal((await ctl(`file clear --person ${JULIET}`)).exit, 2, 'nobody to ask');
    const sure = await ctl('file clear --older-than 2020-01-01', '2020-01-01');
    assert.equal(sure.out, 'Deleted: 2 files, 200 bytes.\n', sure.err);
    await put('new', { room: 'garden@conference.example.test' });
    assert.equal(await does('file clear --room garden@conference.example.test --yes'), 'Deleted: 1 file, 100 bytes.\n');
    assert.equal(await does(`file clear --person ${JULIET} --yes --json`), '{"files":0,"bytes":0}\n');
  });

  test('what is wrong is said in plain words', async () => {
    const wrong: [string, number, RegExp][] = [
      ['file list --order first', 2, /newest, oldest, largest/],
      ['file list --person nobody@example.test', 1, /nobody with the address/],
      ['file list --after x', 1, /No page begins there/],
      ['file find hello', 1, /not the link of a file/],
      ['file find', 2, /It is used so: hallwayctl file find LINK/],
      ['file remove', 2, /“file list” shows the IDs/],
      ['file remove x', 2, /not the ID of a file/],
      ['file remove 4711', 1, /gone already/],
      ['file clear', 2, /Say which files/],
      [`file clear --person ${JULIET} --older-than 2020-01-01`, 2, /one of them/],
      ['file clear --older-than yesterday', 2, /like 2026-01-31/],
      ['file clear --older-than 9999-01-01 --yes', 1, /still to come/],
      ['transfer end x', 1, /over already/],
    ];
    for (const [line, exit, message] of wrong) {
      const outcome = await ctl(line);
      assert.equal(outcome.exit, exit, line);
      assert.match(outcome.err, message);
      assert.equal(outcome.out, '');
    }
  });

  test('sizes are written as file managers write them', () => {
    assert.deepEqual([0, 1, 999, 1_000, 25_000, 1_500_000, 3e9, 2e12].map(bytes), [
      '0 bytes',
      '1 byte',
      '999 bytes',
      '1.0 kB',
      '25 kB',
      '1.5 MB',
      '3.0 GB',
      '2.0 TB',
    ]);
  });
});

describe('hallwayctl transfer', () => {
  test('list and end', async () => {
    assert.equal(await does('transfer list'), 'Nothing is under way.\n');
    transfers.add('t1');
    transfers.add('t2', {
      state: 'waiting',
      requester: undefined,
      target: undefined,
      sent: 0,
      addresses: ['192.0.2.9'],
    });
    const list = await does('transfer list');
    assert.match(
      list,
      /^t1 +under way .* 5\.0 MB +juliet@example\.test\/balcony +romeo@example\.test\/orchard +192\.0\.2\.7/m,
    );
    assert.match(list, /^t2 +waiting .* 0 bytes +192\.0\.2\.9$/m);
    assert.equal(await does('transfer end t1'), 'It is broken off.\n');
    assert.deepEqual(
      transfers.list().map(({ id }) => id),
      ['t2'],
    );
  });
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { firstIdAt } from '../../server/storage/archive-id.ts';
import { archived } from '../support/archive.ts';
import { type Ctl, openCtl } from '../support/ctl.ts';
import { openLastingScene } from '../support/lasting-scene.ts';
import { makes } from '../support/rooms.ts';
import type { Scene } from '../support/scene.ts';

const [J, R, N] = ['juliet@example.test', 'romeo@example.test', 'nurse@example.test'] as const;
const DAY = 86_400_000;

let scene: Scene;
let close: () => Promise<void>;
let ctl: Ctl;
let exportFolder: string;

before(async () => {
  exportFolder = await mkdtemp(join(tmpdir(), 'hallway-exports-'));
  ({ scene, close } = await openLastingScene({ exportFolder }));
  await scene.stores.domains.add('example.test');
  await archived(scene, J, R, [{ body: 'the invoice\u009b[31m is late' }, { body: 'and red' }]);
  await archived(scene, J, N, [{ id: firstIdAt(Date.now() - 40 * DAY), body: 'lunch at noon' }]);
  await makes(await scene.comes(`${J}/a`), 'Juliet');
  ctl = await openCtl({ commands: scene.commands, log: scene.house.log });
});
after(async () => {
  await ctl.close();
  await close();
  await rm(exportFolder, { recursive: true });
});

async function does(args: readonly string[], typed?: string): Promise<string> {
  const { exit, out, err } = await ctl.call(args, typed === undefined ? {} : { typed: [typed] });
  assert.equal(exit, 0, err);
  return out;
}

const newest = async (): Promise<string> => {
  const [row] = (await scene.commands.audit.page(undefined, 1)).rows;
  return `${row?.actor} ${row?.action} ${row?.subject} ${JSON.stringify(row?.detail)}`;
};

describe('hallwayctl archive', () => {
  test('search: not without a reason; what others said cannot drive the terminal; it is written down', async () => {
    const refused = await ctl.call(['archive', 'search', 'invoice']);
    assert.deepEqual([refused.exit, /--reason/.test(refused.err)], [2, true]);
    const out = await does(['archive', 'search', 'invoice', '--reason', 'complaint 12']);
    assert.match(out, /juliet@example\.test -> romeo@example\.test\n {4}the invoice/);
    assert.ok(!out.includes('\u009b'));
    assert.match(await newest(), /^tester archive\.search example\.test .*"reason":"complaint 12","words":"invoice"/);
  });

  test('search: two people, the other one by name or by address; and further back', async () => {
    const why = ['--reason', 'complaint 12'];
    for (const other of ['nurse', N]) {
      const out = await does(['archive', 'search', '--person', 'juliet', '--with', other, ...why]);
      assert.match(out, /lunch at noon/);
      assert.doesNotMatch(out, /invoice/);
    }
    const page = await does(['archive', 'search', '--person', 'juliet', '--limit', '1', ...why]);
    const [, before = ''] = /There may be more: --before (\d+)/.exec(page)!;
    assert.match(await does(['archive', 'search', '--person', 'juliet', '--before', before, ...why]), /lunch/);
    const none = await ctl.call(['archive', 'search', '--with', N, ...why]);
    assert.deepEqual([none.exit, /Say who exchanged/.test(none.err)], [1, true]);
  });

  test('export, exports, fetch, forget: the file is whole, and nobody else may read it', async () => {
    const made = await does(['archive', 'export', '--person', 'romeo', '--reason', 'complaint 12']);
    const [, id = ''] = /^Export (\d+) is being made/.exec(made)!;
    type Rows = { exports: { id: number; state: string; sha256: string; messages: number }[] };
    let found: Rows['exports'][number] | undefined;
    while (found?.state !== 'done') {
      const { exports } = JSON.parse(await does(['--json', 'archive', 'exports'])) as Rows;
      found = exports.find((one) => String(one.id) === id);
      assert.ok(found !== undefined && ['running', 'done'].includes(found.state), 'it failed');
      await pause(20);
    }
    assert.equal(found.messages, 2);
    await does(['archive', 'fetch', id, 'copy.tar']);
    const file = join(ctl.folder, 'copy.tar');
    assert.equal(
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
      found.sha256,
    );
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.match(await newest(), /archive\.export-fetch romeo@example\.test/);
    const again = await ctl.call(['archive', 'fetch', id, 'copy.tar']);
    assert.match(again.err, /already; nothing was changed/);
    await promisify(execFile)('tar', ['-xf', file, '-C', ctl.folder]);
    const root = join(ctl.folder, `hallway-export-${id}`);
    const { stdout } = await promisify(execFile)('sha256sum', ['-c', 'SHA256SUMS'], { cwd: root });
    for (const line of stdout.trim().split('\n')) assert.match(line, /: OK$/);
    assert.match(await does(['archive', 'forget', id]), /is gone/);
    assert.match((await ctl.call(['archive', 'fetch', id, 'other.tar'])).err, /not there, or not any more/);
    assert.equal((await ctl.call(['archive', 'fetch', 'x', 'other.tar'])).exit, 2);
  });

  test('keep: asks before anything goes, needs --yes without a terminal, and says whose rule holds', async () => {
    assert.match(await does(['archive', 'applies', '--person', 'juliet']), /for ever, as nobody has decided anything/);
    const refused = await ctl.call(['archive', 'keep', '30']);
    assert.deepEqual([refused.exit, /2 messages would go for good.*--yes/.test(refused.err)], [2, true]);
    const zero = await ctl.call(['archive', 'keep', '0', '--yes']);
    assert.deepEqual([zero.exit, /one day at least\. To keep nothing say: nothing/.test(zero.err)], [2, true]);
    const no = await ctl.call(['archive', 'keep', '30'], { typed: ['no'] });
    assert.deepEqual([no.exit, /Nothing was changed/.test(no.err)], [2, true]);
    assert.match(await does(['archive', 'rules']), /domain +example\.test +for ever/);
    assert.match(await does(['archive', 'keep', '30'], 'yes'), /2 messages are going/);
    assert.match(await does(['archive', 'keep', '7', '--room', 'garden']), /It holds/);
    assert.match(await does(['archive', 'applies', '--room', 'garden']), /7 days, by its own rule/);
    assert.match(await does(['archive', 'keep', 'nothing']), /It holds/);
    assert.match(
      await does(['archive', 'rules']),
      /nothing from now on; what was before: 30 days/,
      'what was there goes when it would have gone',
    );
    assert.match(await does(['archive', 'applies', '--person', 'juliet']), /as nothing is kept in the domain/);
    await does(['archive', 'keep', 'default', '--room', 'garden']);
    await does(['archive', 'keep', 'forever']);
    assert.match(await does(['archive', 'applies', '--room', 'garden']), /for ever, as for all of example\.test/);
    await scene.settle();
    const left = await does(['archive', 'search', '--person', 'juliet', '--reason', 'complaint 12']);
    assert.doesNotMatch(left, /lunch/);
  });
});

describe('hallwayctl announce and motd', () => {
  test('says how many are told; at a terminal it asks first, and no is no', async () => {
    assert.match(
      await does(['announce', 'Fire drill at noon.']),
      /Everybody in example\.test is being told: 3 people\./,
    );
    const no = await ctl.call(['announce', 'Never mind.'], { typed: ['no'] });
    assert.deepEqual([no.exit, /This tells 3 people, and cannot be taken back/.test(no.err)], [2, true]);
    assert.match(
      await does(['announce', '--online', 'Now!'], 'yes'),
      /online in example\.test is being told: 1 person\./,
    );
    await does(['announce', '--yes', 'No question.'], 'no');
    const list = await does(['announcement', 'list']);
    assert.doesNotMatch(list, /Never mind/);
    assert.match(list, /No question/);
  });

  test('motd: the end is shown, and stays when only the words are mended', async () => {
    await does(['motd', 'set', '--until', '2999-01-31', 'Be quite.']);
    assert.match(await does(['motd', 'show']), /until 2999-01-31/);
    await does(['motd', 'set', '--edit', 'Be quiet.']);
    assert.match(await does(['motd', 'show']), /until 2999-01-31.*\nBe quiet\./);
    await does(['motd', 'set', 'Something else.']);
    assert.doesNotMatch(await does(['motd', 'show']), /until/);
    await does(['motd', 'clear']);
    assert.match(await does(['motd', 'show']), /none/);
  });
});

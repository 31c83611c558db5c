import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from '../../server/storage/database.ts';
import { openHouse, type TestHouse } from '../http/support.ts';
import { type Ctl, openCtl } from '../support/ctl.ts';

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

const ctl = (...words: string[]) => tool.call(words);

async function does(line: string): Promise<string> {
  const { exit, out, err } = await ctl(...line.split(' '));
  assert.equal(exit, 0, err);
  return out;
}

describe('hallwayctl setting', () => {
  test('history and undo', async () => {
    await does('setting set canteen.seats 7');
    await does('setting set canteen.seats 9');
    const { exit } = await ctl('setting', 'set', 'canteen.key', 'canary');
    assert.equal(exit, 0);
    const list = await does('setting history');
    assert.match(list, /^3 .* tester \(cli\) +canteen\.key +\(none\) -> \(a secret\)$/m, list);
    assert.match(list, /^2 .* tester \(cli\) +canteen\.seats example\.test +7 -> 9$/m);
    assert.doesNotMatch(list, /canary/);
    assert.match(await does('setting history canteen.seats --limit 1'), /More: --before 2/);
    assert.equal(await does('setting undo 2'), 'canteen.seats: 7\n');
    assert.equal(await does('setting undo 1').catch(String), 'canteen.seats: 20 (the default)\n', 'it holds again');
    const again = await ctl('setting', 'undo', '2');
    assert.deepEqual([again.exit, /changed again since/.test(again.err)], [1, true]);
    assert.equal((await ctl('setting', 'undo', 'x')).exit, 2);
    const { rows } = JSON.parse(await does('setting history canteen.seats --json'));
    assert.deepEqual([rows[0].old, rows[0].new, rows[0].actor], [7, null, 'tester']);
  });
});

describe('hallwayctl audit', () => {
  test('list finds by who, what, whom and day', async () => {
    await house.stores.audit.append({
      time: new Date(2024, 1, 29, 23, 59).getTime(),
      actor: 'ada',
      door: 'panel',
      action: 'account.create',
      subject: 'juliet\u001b[31m@example.test',
      detail: {},
    });
    const found = await does(
      'audit list --by ada --action account.create --subject JULIET --from 2024-02-29 --to 2024-02-29',
    );
    assert.match(found, /ada \(panel\) +account\.create +juliet\ufffd\[31m@example\.test/);
    assert.doesNotMatch(found, /setting/);
    assert.doesNotMatch(await does('audit list --to 2024-02-28'), /ada/);
    assert.doesNotMatch(await does('audit list --from 2024-03-01'), /ada/);
    for (const day of ['2024-02-30', 'today', '2024-2-1'])
      assert.equal((await ctl('audit', 'list', '--from', day)).exit, 2);
  });

  test('export writes a table', async () => {
    const text = await does('audit export --by ada');
    assert.match(text, /^\ufeffnumber,time,who,door,what,whom,detail,hash\r\n\d+,2024-/);
    assert.doesNotMatch(text, /setting\.change/);
  });

  test('verify and seal; what does not hold is an error that names the entry', async () => {
    const seal = (await does('audit seal')).trim();
    assert.match(
      await does('audit verify'),
      /^The log holds\.\nEntries: +\d+ are as they were written\nSeal: +\d+:[0-9a-f]{64}\nNote the seal/,
    );
    assert.match(await does(`audit verify --seal ${seal}`), /^The log holds/);
    const wrong = await ctl('audit', 'verify', '--seal', 'x');
    assert.deepEqual([wrong.exit, /A seal is a number/.test(wrong.err)], [1, true]);
    await house.db.run(sql`UPDATE audit SET actor = 'eve' WHERE id = 2`);
    const broken = await ctl('audit', 'verify');
    assert.equal(broken.exit, 1);
    assert.match(broken.err, /does not hold at entry 2: this entry, or what was before it, is not what was written/);
    assert.doesNotMatch(broken.out, /holds/);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KEPT } from '../../../server/storage/stores/announcements.ts';
import { house } from './support.ts';

const one = (text: string) => ({ domain: 'office.test', text, audience: 'all', actor: 'olga', createdAt: 1 }) as const;

describe('announcements', () => {
  it('are told in order, marked on the way, and finished', async (t) => {
    const { db, announcements } = await house(t);
    let told = 0;
    announcements.watch('office.test', () => told++);
    await announcements.add(one('a'));
    await announcements.add(one('b'));
    assert.equal(told, 2);
    assert.equal(await announcements.underWay('office.test'), 2);
    const first = (await announcements.next('office.test'))!;
    await db.batch([announcements.reached(first.id, 'juliet', 1), announcements.reached(first.id, 'romeo', 0)]);
    const { text, reached, given, finished } = (await announcements.next('office.test'))!;
    assert.deepEqual([text, reached, given, finished], ['a', 'romeo', 1, false]);
    await announcements.finish(first.id);
    assert.equal((await announcements.next('office.test'))?.text, 'b');
    assert.deepEqual(
      (await announcements.list('office.test', 9)).map((row) => row.text),
      ['b', 'a'],
    );
  });

  it('that are finished are not kept for ever; those under way are', async (t) => {
    const { db, announcements } = await house(t);
    for (let n = 0; n < KEPT + 30; n++) await announcements.add(one(`${n}`));
    assert.equal(await announcements.underWay('office.test'), KEPT + 30);
    await db.run({ text: 'UPDATE announcement SET finished = 1', values: [] });
    await announcements.add(one('last'));
    assert.equal((await announcements.list('office.test', 1_000)).length, KEPT + 1);
  });

  it('are found by an index, and so are the people they are for', async (t) => {
    const { db } = await house(t);
    for (const text of [
      "SELECT id, local FROM account WHERE domain = 'd' AND local > 'x' AND status = 'active' ORDER BY local LIMIT 50",
      "SELECT * FROM announcement WHERE domain = 'd' AND finished = 0 ORDER BY id LIMIT 1",
    ]) {
      const plan = await db.all<{ detail: string }>({ text: `EXPLAIN QUERY PLAN ${text}`, values: [] });
      const said = plan.map((row) => row.detail).join();
      assert.match(said, /SEARCH \w+ USING INDEX/);
      assert.doesNotMatch(said, /TEMP B-TREE|SCAN/);
    }
  });
});

describe('the message of the day', () => {
  it('counts its versions up for ever, but for a correction', async (t) => {
    const { announcements } = await house(t);
    const version = async () => (await announcements.motd('office.test'))?.version;
    await announcements.setMotd('office.test', 'a', true, 1);
    await announcements.setMotd('office.test', 'b', false, 2);
    assert.equal(await version(), 1);
    await announcements.setMotd('office.test', '', false, 3);
    await announcements.setMotd('office.test', 'c', true, 4);
    assert.equal(await version(), 2);
    assert.ok(!(announcements.motd('office.test') instanceof Promise), 'at hand');
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sql } from '../../../server/storage/database.ts';
import { house } from './support.ts';

const HAT = { uri: 'urn:hat:cook', title: 'Cook', hue: '120' };

describe('hats of rooms', () => {
  it('are kept, changed, and gone with the hat, the account or the room', async (t) => {
    const { db, roomHats, rooms, accounts, person } = await house(t);
    for (const id of [1, 2]) {
      await db.run(sql`INSERT INTO room (id, service, name, created_at, created_by, temporary, secret, config_json, listed,
        title_search, description_search) VALUES (${id}, 'conference.office.test', ${`r${id}`}, 0, '', 0, ${new Uint8Array(1)},
        '{}', 0, '', '')`);
      await roomHats.put(id, HAT);
    }
    const anna = await person('anna');
    await roomHats.put(1, { ...HAT, title: 'Chef' });
    for (const jid of ['anna@office.test', 'bert@office.test', 'bert@office.test']) {
      await roomHats.assign(1, { jid, uri: HAT.uri });
      await roomHats.assign(2, { jid, uri: HAT.uri });
    }
    await assert.rejects(roomHats.assign(1, { jid: 'anna@office.test', uri: 'urn:hat:none' }), { code: 'constraint' });
    await accounts.remove(anna);
    const bert = { jid: 'bert@office.test', uri: HAT.uri };
    assert.deepEqual(await roomHats.of(1), { hats: [{ ...HAT, title: 'Chef' }], worn: [bert] });
    await roomHats.unassign(1, bert);
    assert.deepEqual((await roomHats.of(1)).worn, []);
    assert.deepEqual((await roomHats.of(2)).worn, [bert]);
    await roomHats.remove(2, HAT.uri);
    assert.deepEqual(await roomHats.of(2), { hats: [], worn: [] });
    const stored = await rooms.get('conference.office.test', 'r1');
    await rooms.remove(stored!);
    assert.deepEqual(await roomHats.of(1), { hats: [], worn: [] });
  });

  it('and names of removed accounts are found by an index', async (t) => {
    const { db, accounts, person } = await house(t);
    const first = await person('anna');
    await accounts.remove(first);
    const second = await person('anna');
    await accounts.remove(second);
    assert.deepEqual(await accounts.removedNames('office.test'), [{ local: 'anna', account: second.id }]);
    assert.deepEqual(await accounts.removedNames('other.test'), []);
    for (const statement of [
      sql`SELECT uri FROM room_hat WHERE room = ${1} ORDER BY uri`,
      sql`SELECT jid FROM room_hat_wearer WHERE room = ${1} ORDER BY jid, uri`,
      sql`SELECT room FROM room_hat_wearer WHERE jid = ${'a@b'}`,
      sql`SELECT local, max(account) FROM removed_account WHERE domain = ${'b'} GROUP BY local`,
    ]) {
      const plan = await db.all<{ detail: string }>({ ...statement, text: `EXPLAIN QUERY PLAN ${statement.text}` });
      assert.ok(!plan.some(({ detail }) => /^SCAN|TEMP B-TREE/.test(detail)), `${statement.text}: ${plan[0]?.detail}`);
    }
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sql } from '../../../server/storage/database.ts';
import { house } from './support.ts';

const DAY = 24 * 60 * 60 * 1_000;
const ROOM = 1;
const anna = 'anna@office.test';
const bert = 'bert@office.test';
const carl = 'carl@office.test';
const of = (inviter: string, invitee = carl, knownAs = inviter) => ({ room: ROOM, invitee, inviter, knownAs });
const NOBODY = ['', ''] as const;

describe('invitations through rooms', () => {
  it('are answered once, to who is named, or to the only one there is; the newest of two of one name', async (t) => {
    const { roomInvitations } = await house(t);
    await roomInvitations.add(of(anna));
    await roomInvitations.add(of(anna));
    assert.equal(await roomInvitations.take(2, carl, [anna, anna]), undefined, 'another room');
    assert.equal(await roomInvitations.take(ROOM, bert, [anna, anna]), undefined, 'who was not invited');
    const both = await Promise.all([1, 2].map(() => roomInvitations.take(ROOM, carl, NOBODY)));
    assert.deepEqual(
      both.filter((one) => one !== undefined),
      [anna],
    );
    await roomInvitations.add(of(anna, carl, 'r@s/A'), 1_000);
    await roomInvitations.add(of(bert, carl, 'r@s/B'), 2_000);
    assert.equal(await roomInvitations.take(ROOM, carl, NOBODY, 3_000), undefined, 'either of two');
    assert.equal(await roomInvitations.take(ROOM, carl, ['r@s/A', 'r@s'], 3_000), anna);
    await roomInvitations.add(of(anna, carl, 'r@s/B'), 1_000);
    assert.equal(await roomInvitations.take(ROOM, carl, ['r@s/B', 'r@s'], 3_000), bert);
  });

  it('end after two weeks, with the account of either, and with the room', async (t) => {
    const { db, roomInvitations, accounts, person, rooms } = await house(t);
    const left = async () =>
      (await db.all<{ inviter: string; invitee: string }>(sql`SELECT inviter, invitee FROM room_invitation`)).length;
    await roomInvitations.add(of(anna), 0);
    assert.equal(await roomInvitations.take(ROOM, carl, NOBODY, 14 * DAY + 1), undefined);
    await roomInvitations.add(of(bert), 15 * DAY);
    assert.equal(await left(), 1);
    await roomInvitations.add(of(anna), 15 * DAY);
    await roomInvitations.add(of(carl, anna), 15 * DAY);
    await accounts.remove(await person('anna'));
    assert.equal(await left(), 1);
    await db.run(sql`INSERT INTO room (id, service, name, created_at, created_by, temporary, secret, config_json, listed,
      title_search, description_search) VALUES (${ROOM}, 'conference.office.test', 'r', 0, '', 0, ${new Uint8Array(1)},
      '{}', 0, '', '')`);
    await rooms.remove((await rooms.get('conference.office.test', 'r'))!);
    assert.equal(await left(), 0);
  });

  it('attack: who invites without end is remembered with a thousand', async (t) => {
    const { db, roomInvitations } = await house(t);
    for (let i = 0; i < 1_010; i++) await roomInvitations.add(of(anna, `p${i}@office.test`), i);
    await roomInvitations.add(of(bert), 0);
    const row = await db.get<{ n: number; first: number }>(
      sql`SELECT count(*) AS n, min(invited_at) AS first FROM room_invitation WHERE inviter = ${anna}`,
    );
    assert.deepEqual(row, { n: 1_000, first: 10 });
    assert.equal(await roomInvitations.take(ROOM, carl, NOBODY, 1), bert);
  });

  it('are found by an index', async (t) => {
    const { db } = await house(t);
    for (const { text, values } of [
      sql`SELECT inviter FROM room_invitation WHERE room = ${1} AND invitee = ${'a'} AND invited_at >= ${1}`,
      sql`SELECT 1 FROM room_invitation WHERE inviter = ${'a'}`,
      sql`SELECT 1 FROM room_invitation WHERE invitee = ${'a'}`,
      sql`SELECT 1 FROM room_invitation WHERE room = ${1}`,
      sql`SELECT 1 FROM room_invitation WHERE invited_at < ${1}`,
      sql`SELECT invited_at FROM room_invitation WHERE inviter = ${'a'} ORDER BY invited_at DESC LIMIT 1 OFFSET 9`,
    ]) {
      const plan = await db.all<{ detail: string }>({ text: `EXPLAIN QUERY PLAN ${text}`, values });
      for (const { detail } of plan) assert.match(detail, /^SEARCH .* USING/, text);
    }
  });
});

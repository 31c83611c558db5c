import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Actor } from '../../server/commands/actor.ts';
import { AuditKeeper, auditMonths } from '../../server/commands/audit-keeper.ts';
import { CommandError } from '../../server/commands/command-error.ts';
import { OptionValues } from '../../server/host/option-values.ts';
import { openHouse, type TestHouse } from '../http/support.ts';

const by: Actor = { name: 'olga', door: 'panel' };
const DAY = 86_400_000;

let house: TestHouse;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

const add = (subject: string, more = {}) =>
  house.stores.audit.append({
    time: 1_700_000_000_000,
    actor: 'olga',
    door: 'panel',
    action: 'account.create',
    subject,
    detail: {},
    ...more,
  });
const refused = (code: string) => (error: unknown) => error instanceof CommandError && error.code === code;

async function csv(filter = {}): Promise<string> {
  let text = '';
  for await (const part of house.commands.audit.csv(by, filter)) text += part;
  return text;
}

describe('the audit log', () => {
  test('is checked against a seal that was noted', async () => {
    const { audit } = house.commands;
    await add('a');
    const { seal, last } = await audit.seal();
    assert.match(seal, /^1:[0-9a-f]{64}$/);
    assert.equal(last, 1);
    await add('b');
    const verdict = await audit.verify(` ${seal.toUpperCase()} `);
    assert.deepEqual([verdict.ok, verdict.rows, verdict.seal], [true, 2, (await audit.seal()).seal]);
    const other = await audit.verify(`1:${'0'.repeat(64)}`);
    assert.deepEqual([other.ok, other.fault, other.brokenAt], [false, 'seal', 1]);
    assert.deepEqual([(await audit.verify(`9:${'0'.repeat(64)}`)).fault], ['seal']);
    for (const wrong of ['', '1', '1:abc', `x:${'0'.repeat(64)}`, `1:${'0'.repeat(64)}0`]) {
      await assert.rejects(audit.verify(wrong), refused('invalid'), wrong);
    }
  });

  test('finds who did it by a part of the name in any case; a name that there is means that one alone', async () => {
    await add('a', { actor: 'petra' });
    await add('b', { actor: 'petra2' });
    const found = async (actor: string) => (await house.commands.audit.find({ actor })).rows.map((row) => row.actor);
    assert.deepEqual(await found('PET'), ['petra2', 'petra']);
    assert.deepEqual(await found('petra'), ['petra']);
    assert.deepEqual(await found('%'), []);
  });

  test('is checked once for all who ask at the same time, and not for too many seals at once', async () => {
    await add('a');
    const { audit } = house.commands;
    const same = await Promise.all(Array.from({ length: 20 }, () => audit.verify()));
    assert.ok(same.every(({ ok }) => ok));
    const many = await Promise.allSettled([1, 2, 3, 4, 5].map((n) => audit.verify(`${n}:${'0'.repeat(64)}`)));
    const last = many[4];
    assert.ok(last?.status === 'rejected' && refused('too-many')(last.reason));
  });

  test('SECURITY 76: is exported so that no cell is a formula, ends its cell or its line', async () => {
    for (const subject of ['=1+1', '+1', '-1', '@a', '\t=1', ' =1', 'a"b', 'a,b', 'a\r\nb', '＝1', '\u200b=1', '|x'])
      await add(subject);
    await add('x', { actor: '=cmd', action: '-x', detail: { note: '=2', text: 'a\u2028b' } });
    const text = await csv();
    const [head, ...lines] = text.split('\r\n');
    assert.equal(head, '\ufeffnumber,time,who,door,what,whom,detail,hash');
    const cells = lines
      .slice(2, -1)
      .map((one) => /^\d+,[^,]+,olga,panel,account\.create,(.*),"?\{\}"?,[0-9a-f]{64}$/.exec(one)?.[1]);
    assert.deepEqual(cells, [
      `"'|x"`,
      `"'\u200b=1"`,
      `"'＝1"`,
      '"a  b"',
      '"a,b"',
      '"a""b"',
      `"' =1"`,
      `"' =1"`,
      `"'@a"`,
      `"'-1"`,
      `"'+1"`,
      `"'=1+1"`,
    ]);
    assert.match(lines[1]!, /,"'=cmd",panel,"'-x",x,"\{""note"":""=2"",""text"":""a b""\}",/);
    assert.match(lines[0]!, /,olga,panel,audit\.export,,/, 'who took it along is in it');
    assert.doesNotMatch(await csv({ subject: 'a,b' }), /cmd/, 'only what fits');
  });

  test('is exported a few hundred rows at a time', async () => {
    await Promise.all(Array.from({ length: 1_200 }, (_, n) => add(`p${n}`)));
    const parts: string[] = [];
    for await (const part of house.commands.audit.csv(by, { action: 'account.create' })) parts.push(part);
    assert.deepEqual(
      parts.map((part) => part.split('\r\n').length - 1),
      [1, 500, 500, 200],
    );
  });
});

describe('once a day', () => {
  test('the seal is logged, and what is too old goes if that is set', async () => {
    const logged: [object, string][] = [];
    const log = {
      info: (values: object, text: string) => void logged.push([values, text]),
      error: () => assert.fail(),
    };
    const options = new OptionValues(house.stores.settings, [auditMonths]);
    let now = Date.UTC(2026, 5, 30);
    const keeper = new AuditKeeper(house.stores.audit, options, log, () => now);
    for (const months of [14, 13, 12, 2, 1]) await add(`m${months}`, { time: now - months * 31 * DAY });
    await keeper.tend();
    await keeper.tend();
    const { seal } = await house.commands.audit.seal();
    assert.deepEqual(
      logged.map(([values]) => values),
      [{ seal }],
      'once a day',
    );
    await options.set(auditMonths, '', 12);
    now += DAY;
    await keeper.tend();
    assert.equal(logged.length, 2);
    const rows = (await house.commands.audit.page(undefined)).rows.map(({ action, subject }) => subject || action);
    assert.deepEqual(rows, ['audit.expire', 'm1', 'm2']);
    const verdict = await house.commands.audit.verify();
    assert.deepEqual([verdict.ok, verdict.deletedUpTo], [true, 3]);
    await assert.rejects(
      house.commands.audit.verify(`2:${'0'.repeat(64)}`),
      refused('invalid'),
      'a seal that is too old',
    );
  });
});

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Actor } from '../../server/commands/actor.ts';
import { CommandError } from '../../server/commands/command-error.ts';
import { OptionCommands } from '../../server/commands/options.ts';
import { OptionValues } from '../../server/host/option-values.ts';
import { numberOption, type Option, textOption } from '../../server/host/options.ts';
import { openHouse, type TestHouse } from '../http/support.ts';
import { SEATS } from '../support/settings.ts';

const olga: Actor = { name: 'olga', door: 'panel' };
const root: Actor = { name: 'root', door: 'cli' };

/** In another release this list is a text. */
const COOKS_BEFORE = {
  key: 'canteen.cooks',
  scope: 'domain',
  group: 'Canteen',
  title: 'Cooks',
  help: 'Who cooks.',
  default: '',
} as const;

let house: TestHouse;
let options: OptionCommands;
beforeEach(async () => {
  house = await openHouse();
  ({ options } = house.commands);
});
afterEach(() => house.close());

const refused = (code: string, words?: RegExp) => (error: unknown) =>
  error instanceof CommandError && error.code === code && (words?.test(error.message) ?? true);
const seats = () => options.list().options.find((one) => one.key === 'canteen.seats')!;
const history = async (key?: string) => (await options.history(key === undefined ? {} : { key })).rows;

/** The same house with other options, as another release has them. */
const release = async (list: readonly Option[]) => {
  const values = new OptionValues(house.stores.settings, list);
  await values.load();
  return new OptionCommands(values, house.stores, house.house);
};

describe('the history of settings', () => {
  test('has who, when, through which door, what it was and what it became', async () => {
    await options.set(olga, 'canteen.seats', 7);
    await options.set(root, 'canteen.seats', 9);
    await options.set(root, 'canteen.seats', 9);
    await options.set(olga, 'canteen.seats', undefined);
    const rows = await history('canteen.seats');
    assert.deepEqual(
      rows.map(({ actor, door, old, new: is, undoable }) => [actor, door, old, is, undoable]),
      [
        ['olga', 'panel', 9, null, true],
        ['root', 'cli', 7, 9, false],
        ['olga', 'panel', null, 7, false],
      ],
      'setting what holds already is no change',
    );
    assert.deepEqual([rows[0]?.title, rows[0]?.domain], ['A title', 'example.test']);
    await options.set(olga, 'canteen.open', false);
    assert.deepEqual((await history()).map(({ key }) => key)[0], 'canteen.open');
    const page = await options.history({ limit: 2 });
    assert.deepEqual([page.rows.length, page.hasMore], [2, true]);
    assert.equal((await options.history({ limit: 2, before: page.rows[1]!.id })).rows.length, 2);
    await assert.rejects(options.history({ key: 'canteen.roof' }), refused('setting-not-found'));
  });

  test('a change is undone, and that can be undone as well', async () => {
    await options.set(olga, 'canteen.seats', 7);
    await options.set(olga, 'canteen.seats', 9);
    const [second, first] = await history('canteen.seats');
    assert.equal((await options.undo(root, second!.id)).value, 7);
    const [undoing] = await history('canteen.seats');
    assert.deepEqual([undoing?.actor, undoing?.old, undoing?.new], ['root', 9, 7]);
    assert.equal((await options.undo(root, first!.id)).decided, false, 'to what the server comes with');
    assert.equal(seats().value, 20);
    const [row] = (await house.commands.audit.page(undefined)).rows;
    assert.deepEqual([row?.actor, row?.action, row?.detail.undone], ['root', 'setting.change', first!.id]);
  });

  test('is not undone when somebody has changed it since, or it could not be any more', async () => {
    await options.set(olga, 'canteen.seats', 70);
    await options.set(olga, 'canteen.seats', 9);
    const [newest, oldest] = await history('canteen.seats');
    await assert.rejects(options.undo(olga, oldest!.id), refused('setting-changed', /changed again since/));
    assert.equal(seats().value, 9);
    await assert.rejects(options.undo(olga, 4711), refused('change-not-found'));
    const smaller = numberOption({ ...SEATS, most: 50, least: 1 });
    const later = await release([smaller]);
    await assert.rejects(later.undo(olga, newest!.id), refused('invalid', /What it was cannot be any more.*1 to 50/));
    assert.equal(later.list().options[0]?.value, 9);
    const without = await release([]);
    await assert.rejects(without.undo(olga, newest!.id), refused('setting-not-found'));
    assert.deepEqual((await without.history({})).rows[0]?.old, null, 'what it was is told of no option that is gone');
  });

  test('SECURITY 67: has no secret, neither in the store nor in an answer', async () => {
    await options.set(olga, 'canteen.key', 'canary-1');
    await options.set(olga, 'canteen.key', 'canary-2');
    await options.set(olga, 'canteen.key', undefined);
    const rows = await history('canteen.key');
    assert.deepEqual(
      rows.map(({ kept, old, new: is, undoable }) => [kept, old, is, undoable]),
      [
        ['secret', true, null, false],
        ['secret', true, true, false],
        ['secret', null, true, false],
      ],
    );
    assert.doesNotMatch(JSON.stringify(await house.stores.settingChanges.page({ limit: 9 })), /canary/);
    for (const { id } of rows) await assert.rejects(options.undo(olga, id), refused('invalid', /secret/));
    await options.set(olga, 'canteen.cooks', ['canary']);
    const hidden = textOption({ ...COOKS_BEFORE, longest: 10, secret: true });
    const later = (await (await release([hidden])).history({ key: 'canteen.cooks' })).rows[0];
    assert.deepEqual([later?.kept, later?.new, later?.undoable], ['secret', null, false], 'it became a secret later');
  });

  test('is bounded: fifty of each setting, and nothing that is very long', async () => {
    for (let n = 0; n < 60; n++) await options.set(olga, 'canteen.seats', (n % 2) + 1);
    const rows = (await options.history({ key: 'canteen.seats', limit: 200 })).rows;
    assert.equal(rows.length, 50);
    const long = await release([textOption({ ...COOKS_BEFORE, longest: 90_000 })]);
    await long.set(olga, 'canteen.cooks', 'x'.repeat(60_000));
    const [row] = (await long.history({ key: 'canteen.cooks' })).rows;
    assert.deepEqual([row?.kept, row?.new, row?.undoable], ['long', null, false]);
    await assert.rejects(long.undo(olga, row!.id), refused('invalid', /too long/));
  });

  test('goes with its domain, and one of the same name inherits nothing', async () => {
    const { domains } = house.commands;
    await domains.add(olga, 'second.test');
    await options.set(olga, 'canteen.seats', 7, 'second.test');
    await options.set(olga, 'canteen.seats', 8, 'example.test');
    const [, gone] = await history('canteen.seats');
    const of = async (domain: string) => (await options.history({ key: 'canteen.seats', domain })).rows.length;
    assert.deepEqual([await of('second.test'), await of('example.test')], [1, 1]);
    await domains.remove(olga, 'second.test');
    await assert.rejects(options.undo(olga, gone!.id), refused('change-not-found'));
    await domains.add(olga, 'second.test');
    assert.deepEqual([await of('second.test'), await of('example.test')], [0, 1]);
  });
});

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Actor } from '../../server/commands/actor.ts';
import { CommandError } from '../../server/commands/command-error.ts';
import { OptionValues } from '../../server/host/option-values.ts';
import { numberOption } from '../../server/host/options.ts';
import { openHouse, type TestHouse } from '../http/support.ts';
import { COOKS, KEY, MENU, OPEN, SEATS, SETTINGS } from '../support/settings.ts';

const by: Actor = { name: 'olga', door: 'panel' };

let house: TestHouse;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

const refused = (code: string, field?: string) => (error: unknown) =>
  error instanceof CommandError && error.code === code && error.field === field;

/** What a server that starts now would obey. */
async function restarted(options = SETTINGS): Promise<OptionValues> {
  const values = new OptionValues(house.stores.settings, options);
  await values.load();
  return values;
}

describe('settings', () => {
  test('hold from the moment they are set, and after a restart', async () => {
    const { options } = house.commands;
    assert.equal((await options.set(by, 'canteen.seats', 7)).value, 7);
    await options.set(by, 'canteen.open', false, 'example.test');
    await options.set(by, 'canteen.cooks', ['ann', 'bob']);
    const values = await restarted();
    assert.equal(values.get(SEATS, 'example.test'), 7);
    assert.equal(values.get(OPEN, 'example.test'), false);
    assert.deepEqual(values.get(COOKS, 'example.test'), ['ann', 'bob']);
    assert.equal(values.get(MENU, 'example.test'), 'soup', 'what nobody decided is as it comes');
    assert.equal((await options.set(by, 'canteen.seats', undefined)).value, 20, 'and can be again');
    assert.equal((await restarted()).get(SEATS, 'example.test'), 20);
  });

  test('are refused when they are of the wrong kind or out of bounds, and nothing changes', async () => {
    const { options } = house.commands;
    const wrong: [string, unknown][] = [
      ['canteen.open', 'on'],
      ['canteen.seats', 0],
      ['canteen.seats', 100],
      ['canteen.seats', 1.5],
      ['canteen.seats', '7'],
      ['canteen.menu', 'feast'],
      ['canteen.menu', 'constructor'],
      ['canteen.key', 'x'.repeat(21)],
      ['canteen.key', 'a\nb'],
      ['canteen.key', '\ud800'],
      ['canteen.key', 'soup\u202e1 rof'],
      ['canteen.cooks', 'ann'],
      ['canteen.cooks', ['ann', 'bob', 'cyd', 'dan']],
      ['canteen.cooks', ['']],
      ['canteen.cooks', ['nobody']],
    ];
    for (const [key, value] of wrong) {
      await assert.rejects(options.set(by, key, value as string), refused('invalid', 'value'), `${key} ${value}`);
    }
    await assert.rejects(options.set(by, 'canteen.roof', true), refused('setting-not-found'));
    await assert.rejects(options.set(by, 'canteen.open', true, 'other.test'), refused('domain-not-found'));
    await assert.rejects(options.set(by, 'canteen.key', 'x', 'example.test'), refused('invalid', 'domain'));
    assert.ok(options.list().options.every((one) => !one.decided));
    assert.deepEqual((await house.commands.audit.page(undefined)).rows, []);
  });

  test('of a domain must say which, once there are two; and are forgotten with it', async () => {
    const { options, domains } = house.commands;
    await domains.add(by, 'second.test');
    await assert.rejects(options.set(by, 'canteen.seats', 7), refused('invalid', 'domain'));
    await options.set(by, 'canteen.seats', 7, 'second.test');
    assert.equal(options.list('example.test').options.find((one) => one.key === 'canteen.seats')?.value, 20);
    assert.equal(options.list('second.test').options.find((one) => one.key === 'canteen.seats')?.value, 7);
    await domains.remove(by, 'second.test');
    await domains.add(by, 'second.test');
    assert.equal(options.list('second.test').options.find((one) => one.key === 'canteen.seats')?.decided, false);
  });

  test('SECURITY 67: a secret is in no answer and not in the audit log', async () => {
    const { options } = house.commands;
    const view = await options.set(by, 'canteen.key', 'canary-4711');
    assert.equal(view.value, true);
    assert.equal((await restarted()).get(KEY), 'canary-4711');
    const told = JSON.stringify([options.list(), await house.commands.audit.page(undefined), house.logged]);
    assert.match(told, /setting\.change/);
    assert.doesNotMatch(told, /canary/);
  });

  test('that an older server stored in another form are left alone, and the default holds', async () => {
    await house.stores.settings.set('option:canteen.seats:example.test', 'many');
    await house.stores.settings.set('option:canteen.roof:example.test', true);
    assert.equal((await restarted()).get(SEATS, 'example.test'), 20);
  });

  test('of the same name, or with a default that may not be, do not start', async () => {
    await assert.rejects(restarted([...SETTINGS, OPEN]), /two options are called canteen.open/);
    const about = { key: 'x', scope: 'house', group: '', title: '', help: '' } as const;
    await assert.rejects(restarted([numberOption({ ...about, default: 0, least: 1, most: 2 })]), /default of x/);
  });
});

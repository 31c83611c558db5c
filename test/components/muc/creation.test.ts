import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  historyOption,
  isLike,
  makersOption,
  namesOption,
  newMembersOnlyOption,
  newPublicOption,
  occupantsOption,
  perDomainOption,
  perPersonOption,
  reservedOption,
} from '../../../server/components/muc/rules.ts';
import type { Option } from '../../../server/host/options.ts';
import type { Json } from '../../../server/storage/stores/settings.ts';
import { serialize } from '../../../server/xmpp/element.ts';
import type { Actor } from '../../support/actor.ts';
import { configure, enter, enters, leave, makes, ROOM } from '../../support/rooms.ts';
import { openScene, type Scene } from '../../support/scene.ts';
import { conditionOf } from '../../support/xml.ts';

const SERVICE = 'conference.example.test';
const OFFICE = { name: 'office', door: 'panel' } as const;

const decide = <T extends Json>(scene: Scene, option: Option<T>, value: T): Promise<void> =>
  scene.house.options.set(option, 'example.test', value);

/** '' when a room was made, else why not; the maker leaves it again, unfinished. */
async function tries(actor: Actor, name: string): Promise<string> {
  const room = `${name}@${SERVICE}`;
  await actor.all();
  await actor.sends(enter('Me', '', room));
  const [answer] = await actor.all();
  if (answer?.attrs.type === 'error') return conditionOf(answer);
  await actor.sends(leave('Me', room));
  await actor.all();
  return '';
}

describe('XEP-0045 §10.1.1: who may make which rooms', () => {
  test('everybody, administrators only, nobody; not-allowed to all others', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const escalus = await scene.comes('escalus@example.test/palace');
    await scene.commands.chatAdmins.set(OFFICE, 'escalus@example.test', true);
    assert.deepEqual([await tries(juliet, 'a'), await tries(escalus, 'a')], ['', '']);
    await decide(scene, makersOption, 'administrators');
    assert.deepEqual([await tries(juliet, 'a'), await tries(escalus, 'a')], ['not-allowed', '']);
    await decide(scene, makersOption, 'nobody');
    assert.deepEqual([await tries(juliet, 'a'), await tries(escalus, 'a')], ['not-allowed', 'not-allowed']);
    await decide(scene, makersOption, 'everybody');
    await makes(juliet, 'Juliet');
    await decide(scene, makersOption, 'nobody');
    await enters(escalus, 'Escalus');
    await escalus.sends(leave('Escalus'));
  });

  test('people of other domains make none', async (t) => {
    const scene = await openScene(t, { domains: ['example.test', 'other.test'] });
    const stranger = await scene.comes('paris@other.test/road');
    assert.equal(await tries(stranger, 'a'), 'not-allowed');
  });

  test('names are like those that the administrator allows, and not like the reserved ones; administrators choose', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const escalus = await scene.comes('escalus@example.test/palace');
    await scene.commands.chatAdmins.set(OFFICE, 'escalus@example.test', true);
    await decide(scene, namesOption, ['team-*', 'lobby']);
    await decide(scene, reservedOption, ['*ADMIN*']);
    assert.equal(await tries(juliet, 'garden'), 'not-allowed');
    assert.equal(await tries(juliet, 'lobby2'), 'not-allowed');
    assert.equal(await tries(juliet, 'lobby'), '');
    assert.equal(await tries(juliet, 'team-north'), '');
    assert.equal(await tries(juliet, 'TEAM-South'), '');
    assert.equal(await tries(juliet, 'team-admins'), 'not-allowed');
    assert.equal(await tries(escalus, 'admins'), '');
  });

  test('attack: a pattern of many stars costs nothing', () => {
    assert.ok(isLike('team-north', '*north'));
    assert.ok(isLike('abcabc', 'a*b*c'));
    assert.ok(!isLike('ab', 'ab*b'));
    assert.ok(isLike('', '*') && isLike('x', '**') && !isLike('x', ''));
    const before = process.threadCpuUsage();
    assert.ok(!isLike('a'.repeat(1_000), `${'*a'.repeat(49)}*b`));
    const { user, system } = process.threadCpuUsage(before);
    assert.ok(user + system < 50_000, `${user + system} µs`);
  });

  test('§14.6: most rooms of one person, whoever owns them now; what others own does not count', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await decide(scene, perPersonOption, 2);
    const [a, b] = [`a@${SERVICE}`, `b@${SERVICE}`];
    await makes(juliet, 'Juliet', {}, a);
    await makes(juliet, 'Juliet', {}, b);
    assert.equal(await tries(juliet, 'c'), 'resource-constraint');
    // Attack: given away, they count still, and not against the one they were given to.
    for (const room of [a, b]) await juliet.gets(configure({ roomowners: ['romeo@example.test'] }, room));
    assert.equal(await tries(juliet, 'c'), 'resource-constraint');
    assert.equal(await tries(romeo, 'c'), '');
    const destroy = `<iq type='set' to='${a}'><query xmlns='http://jabber.org/protocol/muc#owner'><destroy/></query></iq>`;
    await romeo.gets(destroy);
    await juliet.all();
    assert.equal(await tries(juliet, 'c'), '');
  });

  test('the most rooms of a domain', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await decide(scene, perDomainOption, 2);
    await makes(juliet, 'Juliet', {}, `a@${SERVICE}`);
    await juliet.sends(enter('Juliet', '', `b@${SERVICE}`)); // one that is being made counts
    await juliet.all();
    assert.equal(await tries(romeo, 'c'), 'resource-constraint');
    assert.equal(await tries(romeo, 'a'), '');
  });

  test('attack: creation flood: few unfinished rooms at once, and not many one after the other', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    for (let i = 0; i < 8; i++) await juliet.sends(enter('Juliet', '', `r${i}@${SERVICE}`));
    const errors = (await juliet.all()).filter(({ attrs }) => attrs.type === 'error');
    assert.deepEqual(errors.map(conditionOf), Array(3).fill('resource-constraint'));
    assert.match(serialize(errors[0]!), /You have begun other rooms/);
    const results: string[] = [];
    for (let i = 0; i < 30; i++) results.push(await tries(romeo, `s${i}`));
    assert.equal(results.filter((one) => one === '').length, 20, results.join());
    assert.equal(results.at(-1), 'resource-constraint');
  });

  test('two people make the same room at once: one does, the other waits for it to be made', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await Promise.all([juliet.sends(enter('Juliet')), romeo.sends(enter('Romeo'))]);
    const results = [await juliet.all(), await romeo.all()].map(([first]) => serialize(first!));
    assert.equal(results.filter((one) => /code=['"]201['"]/.test(one)).length, 1, results.join('\n'));
    assert.equal(results.filter((one) => /<item-not-found/.test(one)).length, 1, results.join('\n'));
  });

  test('new rooms are as the administrator has decided', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    await decide(scene, newPublicOption, false);
    await decide(scene, newMembersOnlyOption, true);
    await decide(scene, historyOption, 3);
    await makes(juliet, 'Juliet');
    const { config } = (await scene.stores.rooms.get(SERVICE, 'garden'))!;
    assert.deepEqual([config.public, config.membersOnly, config.historyLength], [false, true, 3]);
  });

  test('§7.2.9: no room holds more people than the administrator allows', async (t) => {
    const scene = await openScene(t);
    await decide(scene, occupantsOption, 2);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    const nurse = await scene.comes('nurse@example.test/phone');
    await makes(juliet, 'Juliet');
    await enters(romeo, 'Romeo');
    await nurse.sends(enter('Nurse'));
    assert.equal(conditionOf((await nurse.all())[0]!), 'service-unavailable');
  });

  test('SECURITY 50: whoever has the address of a maker next has made none of their rooms', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    await makes(juliet, 'Juliet');
    const account = (await scene.stores.accounts.find('example.test', 'juliet'))!;
    await scene.stores.accounts.remove(account);
    assert.equal(await scene.stores.rooms.countOf(SERVICE, 'juliet@example.test'), 0);
    assert.equal((await scene.stores.rooms.get(SERVICE, ROOM.split('@')[0]!))?.createdBy, '');
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Element } from '../../server/xmpp/element.ts';
import { elements, textOf } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { find } from '../support/xml.ts';

const D = 'example.test';
const BY = { name: 'olga', door: 'panel' } as const;
const jid = (local: string): string => `${local}@${D}`;
const GET = "<iq type='get'><query xmlns='jabber:iq:roster'/></iq>";
const SET = (inner: string) => `<iq type='set'><query xmlns='jabber:iq:roster'>${inner}</query></iq>`;
const push = (item: string) => `<iq type='set'><query xmlns='jabber:iq:roster' ver='*'>${item}</query></iq>`;
const item = (local: string, subscription: string, ...groups: string[]) =>
  `<item jid='${jid(local)}' subscription='${subscription}'>${groups.map((one) => `<group>${one}</group>`).join('')}</item>`;

/** Departments with these people, numbers by name. */
async function office(scene: Scene, plan: Record<string, readonly string[]>): Promise<Record<string, number>> {
  const ids: Record<string, number> = {};
  for (const [name, people] of Object.entries(plan)) {
    ids[name] = (await scene.commands.departments.create(BY, D, { name })).id;
    for (const one of people) await scene.account(jid(one));
    await scene.commands.departments.move(BY, ids[name], { add: people.map(jid) });
  }
  await scene.settle();
  return ids;
}

/** What a client has in its list: address, subscription, groups. */
function listed(answer: Element): string[] {
  return elements(find(answer, 'query')!)
    .map(({ attrs, children }) => {
      const groups = children.flatMap((one) => (typeof one === 'string' ? [] : [textOf(one)]));
      return `${attrs.jid.split('@')[0]} ${attrs.subscription}${groups.length === 0 ? '' : ` ${groups.join('+')}`}`;
    })
    .sort();
}

const rosterOf = async (actor: Actor): Promise<string[]> => listed(await actor.gets(GET));

describe('departments in the contact list', () => {
  test('people of one department have each other, in a group of its name; others have nobody', async (t) => {
    const scene = await openScene(t);
    await office(scene, { Sales: ['romeo', 'juliet'], Stock: ['paris'] });
    const romeo = await scene.comes(`${jid('romeo')}/a`);
    await scene.comes(`${jid('nurse')}/a`);
    assert.deepEqual(await rosterOf(romeo), ['juliet both Sales']);
    const juliet = await scene.connect(`${jid('juliet')}/a`);
    await juliet.sends('<presence/>');
    await romeo.receives(`<presence from='${jid('juliet')}/a'/>`);
    await juliet.receivesInAnyOrder(`<presence from='${jid('juliet')}/a'/>`, `<presence from='${jid('romeo')}/a'/>`);
  });

  test('RFC 6121 §2.1.6: who comes, moves, is renamed or goes is pushed, then presence follows', async (t) => {
    const scene = await openScene(t);
    const { Sales, Stock } = await office(scene, { Sales: ['romeo'], Stock: ['paris'] });
    const { departments, accounts } = scene.commands;
    const romeo = await scene.comes(`${jid('romeo')}/a`);
    const paris = await scene.comes(`${jid('paris')}/a`);
    await departments.setFor(BY, D, 'paris', [Sales!]);
    await scene.settle();
    await romeo.receives(push(item('paris', 'both', 'Sales')));
    await romeo.receives(`<presence from='${jid('paris')}/a'/>`);
    await paris.receives(push(item('romeo', 'both', 'Sales')));
    await paris.receives(`<presence from='${jid('romeo')}/a'/>`);

    await departments.change(BY, Sales!, { name: 'Selling' });
    await scene.settle();
    await romeo.receives(push(item('paris', 'both', 'Selling')));
    await accounts.setName(BY, D, 'paris', 'Count Paris');
    await scene.settle();
    await romeo.receives(push(item('paris', 'both', 'Selling').replace(' sub', " name='Count Paris' sub")));
    await romeo.receivesNothing();

    await departments.setFor(BY, D, 'paris', [Stock!]);
    await scene.settle();
    await romeo.receives(push(`<item jid='${jid('paris')}' subscription='remove'/>`));
    await romeo.receives(`<presence from='${jid('paris')}/a' type='unavailable'/>`);
    await romeo.receivesNothing();
  });

  test('one way: who is seen has nobody in the list for it, and is seen all the same', async (t) => {
    const scene = await openScene(t);
    const { Chiefs, Sales } = await office(scene, { Chiefs: ['juliet'], Sales: ['romeo'] });
    const juliet = await scene.comes(`${jid('juliet')}/a`);
    await scene.commands.departments.relate(BY, Chiefs!, Sales!, 'sees');
    await scene.settle();
    await juliet.all();
    assert.deepEqual(await rosterOf(juliet), ['romeo to Sales']);
    const romeo = await scene.comes(`${jid('romeo')}/a`);
    assert.deepEqual(await rosterOf(romeo), []);
    await juliet.receives(`<presence from='${jid('romeo')}/a'/>`);
    await romeo.receivesNothing();
  });

  test('what people arranged themselves stays theirs', async (t) => {
    const scene = await openScene(t);
    const { Sales } = await office(scene, { Sales: ['romeo', 'juliet', 'paris'] });
    await scene.friends(jid('romeo'), jid('paris'));
    const romeo = await scene.comes(`${jid('romeo')}/a`);
    const set = (inner: string) => romeo.gets(SET(inner));
    await set(`<item jid='${jid('juliet')}' name='My lady'><group>Sales</group><group>Balcony</group></item>`);
    await romeo.all();
    assert.deepEqual(await rosterOf(romeo), ['juliet both Sales+Balcony', 'paris both Sales']);
    assert.deepEqual((await scene.item(jid('romeo'), jid('juliet')))?.groups, ['Balcony']);

    await scene.commands.departments.setFor(BY, D, 'romeo', []);
    await scene.settle();
    await romeo.all();
    assert.deepEqual(await rosterOf(romeo), ['paris both'], 'nothing is left of who was there by the department');
    await scene.commands.departments.setFor(BY, D, 'romeo', [Sales!]);
    await scene.settle();
    await romeo.all();
    assert.deepEqual(await rosterOf(romeo), ['juliet both Sales+Balcony', 'paris both Sales']);

    await romeo.isRefused(SET(`<item jid='${jid('nurse')}' subscription='remove'/>`), 'item-not-found');
    await set(`<item jid='${jid('juliet')}' subscription='remove'/>`);
    await romeo.all();
    assert.deepEqual(await rosterOf(romeo), ['juliet both Sales', 'paris both Sales']);
    await romeo.isRefused(SET(`<item jid='${jid('juliet')}' subscription='remove'/>`), 'not-allowed');
  });

  test('RFC 6121 §2.6: who comes back with a version is told what is new only', async (t) => {
    const scene = await openScene(t);
    const { Sales } = await office(scene, { Sales: ['romeo', 'juliet', 'paris'] });
    const romeo = await scene.comes(`${jid('romeo')}/a`);
    const ver = find(await romeo.gets(GET), 'query')!.attrs.ver as string;
    const since = (version: string) => romeo.gets(GET.replace('/>', ` ver='${version}'/>`));
    assert.equal(find(await since(ver), 'query'), undefined, 'the same');
    romeo.session.interested = false; // as if it were not there
    await scene.commands.departments.setFor(BY, D, 'paris', []);
    await scene.account(jid('nurse'));
    await scene.commands.departments.move(BY, Sales!, { add: [jid('nurse')] });
    await scene.settle();
    await romeo.all();
    assert.equal(find(await since(ver), 'query'), undefined);
    await scene.settle();
    const pushes = (await romeo.all()).map((one) => find(one, 'query')!);
    assert.deepEqual(
      pushes.flatMap((one) => elements(one).map(({ attrs }) => [attrs.jid, attrs.subscription])),
      [
        [jid('nurse'), 'both'],
        [jid('paris'), 'remove'],
      ],
    );
    // Who is lost between the two is told both again.
    assert.equal(pushes[0]!.attrs.ver, ver);
    assert.equal(pushes[1]!.attrs.ver, find(await romeo.gets(GET), 'query')!.attrs.ver);
    assert.equal(listed(await since(`${ver.slice(0, -3)}xyz`)).length, 2, 'a version that nobody gave out');
  });
});

describe('attacks: a person of another department, whom the rule hides,', () => {
  async function hidden(t: Parameters<typeof openScene>[0]) {
    const scene = await openScene(t);
    const ids = await office(scene, { Sales: ['romeo'], Chiefs: ['juliet'] });
    const romeo = await scene.comes(`${jid('romeo')}/a`);
    const juliet = await scene.comes(`${jid('juliet')}/a`);
    return { scene, romeo, juliet, ids };
  }

  test('is not seen by asking to see them, until they let it', async (t) => {
    const { romeo, juliet } = await hidden(t);
    await romeo.sends(`<presence to='${jid('juliet')}' type='subscribe'/>`);
    await romeo.receives(push(`<item jid='${jid('juliet')}' subscription='none' ask='subscribe'/>`));
    await juliet.receives(`<presence from='${jid('romeo')}' to='${jid('juliet')}' type='subscribe'/>`);
    await romeo.receivesNothing();
    await romeo.sends(`<presence to='${jid('juliet')}' type='probe'/>`);
    const got = await romeo.all();
    assert.deepEqual(
      got.filter(({ attrs }) => attrs.from?.includes('/')),
      [],
      'no presence of a device',
    );
  });

  test('does not tell by discovery, last activity or a device what only contacts may know', async (t) => {
    const { romeo } = await hidden(t);
    for (const payload of ['http://jabber.org/protocol/disco#info', 'jabber:iq:last']) {
      const ask = `<iq type='get' to='${jid('juliet')}'><query xmlns='${payload}'/></iq>`;
      await romeo.isRefused(ask, 'service-unavailable');
    }
  });

  test('is gone again when the rule is, though they were asked for while it held', async (t) => {
    const { scene, romeo, juliet, ids } = await hidden(t);
    await scene.commands.departments.relate(BY, ids.Sales!, ids.Chiefs!, 'sees');
    await scene.settle();
    await romeo.all();
    await romeo.sends(`<presence to='${jid('juliet')}' type='subscribe'/>`);
    await juliet.receivesNothing();
    await scene.commands.departments.relate(BY, ids.Sales!, ids.Chiefs!, 'usual');
    await scene.settle();
    assert.deepEqual((await romeo.all()).at(-1)?.attrs.type, 'unavailable');
    assert.deepEqual(await rosterOf(romeo), []);
    await juliet.sends('<presence><show>dnd</show></presence>');
    await romeo.receivesNothing();
  });

  test('who blocks a colleague is not shown to them by a change of departments', async (t) => {
    const { scene, romeo, juliet, ids } = await hidden(t);
    await juliet.gets(`<iq type='set'><block xmlns='urn:xmpp:blocking'><item jid='${jid('romeo')}'/></block></iq>`);
    await scene.commands.departments.relate(BY, ids.Sales!, ids.Chiefs!, 'mutual');
    await scene.settle();
    await romeo.receives(push(item('juliet', 'both', 'Chiefs')));
    await romeo.receivesNothing();
  });

  test('a name made again is in no department', async (t) => {
    const { scene, juliet } = await hidden(t);
    await scene.commands.departments.setFor(BY, D, 'romeo', [...scene.stores.departments.numbersOf(jid('juliet'))]);
    await scene.settle();
    await juliet.all();
    await scene.commands.accounts.remove(BY, D, 'romeo', jid('romeo'));
    await scene.settle();
    assert.ok((await juliet.all()).some((one) => find(one, 'query', 'item')?.attrs.subscription === 'remove'));
    await scene.account(jid('romeo'));
    const again = await scene.comes(`${jid('romeo')}/b`);
    assert.deepEqual(await rosterOf(again), []);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openScene } from '../../support/scene.ts';

const D = 'example.test';
const BY = { name: 'olga', door: 'panel' } as const;
const jid = (local: string): string => `${local}@${D}`;

describe('what goes with a department', () => {
  test('its rooms: whoever comes in is a member and finds them, whoever leaves is no member any more', async (t) => {
    const scene = await openScene(t);
    const { departments, rooms } = scene.commands;
    await scene.account(jid('juliet'));
    const { id } = await departments.create(BY, D, { name: 'Sales', rooms: ['sales'] });
    const juliet = await scene.comes(`${jid('juliet')}/a`);
    await departments.move(BY, id, { add: [jid('juliet')] });
    await scene.settle();
    assert.equal((await rooms.get(D, 'sales')).config.membersOnly, true);
    const members = async () => (await rooms.get(D, 'sales')).counts.members;
    assert.equal(await members(), 1);
    const bookmarks = () =>
      juliet.gets(
        "<iq type='get'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:bookmarks:1'/></pubsub></iq>",
      );
    assert.match(String(await bookmarks()), /sales@conference\.example\.test/);

    await departments.setFor(BY, D, 'juliet', []);
    await scene.settle();
    await juliet.all();
    assert.equal(await members(), 0);
    assert.doesNotMatch(String(await bookmarks()), /sales@conference/);
  });

  test('the right to talk outside, as long as one is in it and the department is chosen', async (t) => {
    const scene = await openScene(t);
    const { departments, federation } = scene.commands;
    await scene.account(jid('juliet'));
    const { id } = await departments.create(BY, D, { name: 'Sales' });
    await scene.book.change((policy) => ({ ...policy, outside: 'chosen' }));
    await federation.policy.chooseDepartments(BY, { add: [id] });
    const may = () => scene.book.mayTalkOutside(jid('juliet'));
    assert.equal(may(), false);
    await departments.setFor(BY, D, 'juliet', [id]);
    assert.equal(may(), true);
    await departments.setFor(BY, D, 'juliet', []);
    assert.equal(may(), false);
    await departments.setFor(BY, D, 'juliet', [id]);
    await departments.remove(BY, id);
    assert.equal(may(), false);
    assert.deepEqual(scene.book.policy.departments, []);
  });

  test('announcements: only its people are told', async (t) => {
    const scene = await openScene(t);
    const { departments, announcements } = scene.commands;
    for (const one of ['juliet', 'romeo']) await scene.account(jid(one));
    const { id } = await departments.create(BY, D, { name: 'Sales' });
    await departments.setFor(BY, D, 'juliet', [id]);
    const juliet = await scene.comes(`${jid('juliet')}/a`);
    const romeo = await scene.comes(`${jid('romeo')}/a`);
    await announcements.announce(BY, { text: 'Cake', audience: 'all', department: id });
    await scene.settle();
    assert.ok((await juliet.all()).some(({ name }) => name === 'message'));
    await romeo.receivesNothing();
    assert.deepEqual(
      (await announcements.list(D)).map((one) => [one.department, one.given]),
      [['Sales', 1]],
    );
  });
});

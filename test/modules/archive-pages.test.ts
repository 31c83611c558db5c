import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { firstIdAt } from '../../server/storage/archive-id.ts';
import type { Actor } from '../support/actor.ts';
import { archived, archiveQuery, type Page, readsArchive } from '../support/archive.ts';
import { openScene, type Scene } from '../support/scene.ts';

const JULIET = 'juliet@example.test';
const ROMEO = 'romeo@example.test';
const NURSE = 'nurse@example.test';

/** Five messages, a to e. */
async function letterbox(t: TestContext): Promise<{ scene: Scene; juliet: Actor; ids: string[] }> {
  const scene = await openScene(t);
  const ids = await archived(
    scene,
    ROMEO,
    JULIET,
    [...'abcde'].map((body) => ({ body })),
  );
  return { scene, juliet: await scene.comes(`${JULIET}/balcony`), ids: ids.map(String) };
}

const told = ({ bodies, complete, count }: Page): string => `${bodies.join('')} ${complete} ${count}`;

describe('XEP-0059: pages of an archive', () => {
  test('§2.1, §2.2: forward; the count is of the whole set on every page', async (t) => {
    const { juliet, ids } = await letterbox(t);
    const one = await readsArchive(juliet, {}, '<max>2</max>');
    assert.deepEqual([told(one), one.first, one.last], ['ab false 5', ids[0], ids[1]]);
    const two = await readsArchive(juliet, {}, `<max>2</max><after>${one.last}</after>`);
    assert.deepEqual([told(two), two.first, two.last], ['cd false 5', ids[2], ids[3]]);
    const three = await readsArchive(juliet, {}, `<max>2</max><after>${two.last}</after>`);
    assert.equal(told(three), 'e true 5');
    const four = await readsArchive(juliet, {}, `<max>2</max><after>${three.last}</after>`);
    assert.deepEqual([told(four), four.first, four.last], [' true 5', undefined, undefined]);
  });

  test('§2.3, §2.5: backward from the end, each page in order of time', async (t) => {
    const { juliet, ids } = await letterbox(t);
    const one = await readsArchive(juliet, {}, '<max>2</max><before/>');
    assert.deepEqual([told(one), one.first, one.last], ['de false 5', ids[3], ids[4]]);
    const two = await readsArchive(juliet, {}, `<max>2</max><before>${one.first}</before>`);
    assert.equal(told(two), 'bc false 5');
    const three = await readsArchive(juliet, {}, `<max>2</max><before>${two.first}</before>`);
    assert.equal(told(three), 'a true 5');
    const four = await readsArchive(juliet, {}, `<max>2</max><before>${three.first}</before>`);
    assert.equal(told(four), ' true 5');
  });

  test('XEP-0313 §4.3.2: a page that ends where the set does is complete', async (t) => {
    const { juliet } = await letterbox(t);
    for (const end of ['', '<before/>']) {
      assert.equal((await readsArchive(juliet, {}, `<max>5</max>${end}`)).complete, true);
      assert.equal((await readsArchive(juliet, {}, `<max>4</max>${end}`)).complete, false);
    }
  });

  test('§2.6: max=0 only counts', async (t) => {
    const { juliet } = await letterbox(t);
    const page = await readsArchive(juliet, {}, '<max>0</max>');
    assert.deepEqual([told(page), page.first, page.last], [' false 5', undefined, undefined]);
    assert.equal(told(await readsArchive(juliet, { with: NURSE }, '<max>0</max>')), ' true 0');
  });

  test('between two ids', async (t) => {
    const { juliet, ids } = await letterbox(t);
    const set = `<after>${ids[0]}</after><before>${ids[3]}</before>`;
    assert.deepEqual((await readsArchive(juliet, {}, set)).bodies, ['b', 'c']);
    const last = await readsArchive(juliet, {}, `<max>1</max>${set}`);
    assert.equal(last.bodies.length, 1);
    assert.equal(last.complete, false);
  });

  test('an id outside the filter is a place in the archive, too', async (t) => {
    const { scene, juliet, ids } = await letterbox(t);
    await archived(scene, NURSE, JULIET, [{ body: 'madam' }]);
    const page = await readsArchive(juliet, { with: NURSE }, `<after>${ids[2]}</after>`);
    assert.equal(told(page), 'madam true 1');
  });

  test('50 messages unless more are asked for, 250 at most', async (t) => {
    const scene = await openScene(t);
    const many = Array.from({ length: 260 }, (_, i) => ({ body: String(i) }));
    await archived(scene, ROMEO, JULIET, many);
    const juliet = await scene.comes(`${JULIET}/balcony`);
    const sizes = { '': 50, '<max>1000000</max>': 250, '<max>250</max>': 250, '<max>7</max>': 7 };
    for (const [set, size] of Object.entries(sizes)) {
      const page = await readsArchive(juliet, {}, set);
      assert.deepEqual([page.bodies.length, page.complete, page.count], [size, false, 260]);
    }
    const last = await readsArchive(juliet, {}, '<before/>');
    assert.deepEqual([last.bodies[0], last.bodies.at(-1)], ['210', '259']);
  });

  test('what is no place, no size, no page', async (t) => {
    const { scene, juliet } = await letterbox(t);
    const [foreign] = await archived(scene, ROMEO, NURSE, [{ body: 'to somebody else' }]);
    for (const id of ['1', foreign, '99999999999999999999', '9007199254740993', 'abc', '-1', '1.5', '0x10']) {
      await juliet.isRefused(archiveQuery({}, `<after>${id}</after>`), 'item-not-found');
      await juliet.isRefused(archiveQuery({}, `<before>${id}</before>`), 'item-not-found');
    }
    await juliet.isRefused(archiveQuery({}, '<after/>'), 'item-not-found');
    await juliet.isRefused(archiveQuery({}, '<max>2</max><index>1</index>'), 'feature-not-implemented');
    for (const max of ['-1', 'many', '', '1.5', ' 5', '1e3']) {
      await juliet.isRefused(archiveQuery({}, `<max>${max}</max>`), 'bad-request');
    }
    await juliet.receivesNothing();
  });

  test('of two places, each must be in the archive', async (t) => {
    const { juliet, ids } = await letterbox(t);
    const set = (after: string, before: string) => `<after>${after}</after><before>${before}</before>`;
    await juliet.isRefused(archiveQuery({}, set('1', ids[3]!)), 'item-not-found');
    await juliet.isRefused(archiveQuery({}, set(ids[0]!, '1')), 'item-not-found');
  });
});

describe('XEP-0313 §4.1.3: by time', () => {
  test('both ends count, in whatever zone, and together with the correspondent', async (t) => {
    const scene = await openScene(t);
    const noon = Date.UTC(2026, 2, 1, 12);
    const times = [0, 1_000, 2_000, 3_000].map((ms) => ({ id: firstIdAt(noon + ms) + 7, body: `${ms}` }));
    await archived(scene, JULIET, ROMEO, times);
    const juliet = await scene.comes(`${JULIET}/balcony`);
    const between = async (fields: Record<string, string>) => (await readsArchive(juliet, fields)).bodies.join();
    assert.equal(await between({ start: '2026-03-01T12:00:01Z' }), '1000,2000,3000');
    assert.equal(await between({ start: '2026-03-01T12:00:01.001Z' }), '2000,3000');
    assert.equal(await between({ end: '2026-03-01T12:00:01Z' }), '0,1000');
    assert.equal(await between({ end: '2026-03-01T12:00:00.999Z' }), '0');
    const elsewhere = { start: '2026-03-01T13:30:01+01:30', end: '2026-03-01T07:00:02-05:00' };
    assert.equal(await between(elsewhere), '1000,2000');
    assert.equal(await between({ start: '2026-03-01T12:00:03Z', end: '2026-03-01T12:00:00Z' }), '');
    assert.equal(await between({ with: ROMEO, start: '2026-03-01T12:00:03Z' }), '3000');
    assert.equal(await between({ with: NURSE, start: '2026-03-01T12:00:00Z' }), '');
    assert.equal(await between({ end: '1999-01-01T00:00:00Z' }), '');
    assert.equal(await between({ start: '2999-01-01T00:00:00Z' }), '');
    const { found } = await readsArchive(juliet);
    assert.deepEqual(
      found.map(({ time }) => time - noon),
      [0, 1_000, 2_000, 3_000],
    );
  });

  test('what is no moment is refused', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    for (const date of ['yesterday', '2026-02-28', '2026-13-01T00:00:00Z', '2026-01-01 00:00:00Z', '']) {
      await juliet.isRefused(archiveQuery({ start: date }), 'bad-request');
      await juliet.isRefused(archiveQuery({ end: date }), 'bad-request');
    }
  });
});

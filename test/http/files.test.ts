import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createApp } from '../../server/http/app.ts';
import { FakeTransfers, putFile } from '../support/files.ts';
import { openLastingScene } from '../support/lasting-scene.ts';
import type { Scene } from '../support/scene.ts';

/** What a name may be in the store, though new ones lose their format characters on the way in. */
const NASTY = `<img src=x onerror="alert(1)">\u202egpj.exe`;

describe('files over HTTP', () => {
  const transfers = new FakeTransfers();
  let scene: Scene;
  let close: () => Promise<void>;
  let app: Awaited<ReturnType<typeof createApp>>;
  let link: string;

  before(async () => {
    ({ scene, close } = await openLastingScene({ transfers }));
    await scene.account('juliet@example.test');
    link = await putFile(scene.stores, 'juliet@example.test', NASTY, { room: 'gärten-庭@conference.example.test' });
    await putFile(scene.stores, 'juliet@example.test', 'ü'.repeat(127), { bytes: 7 });
    transfers.add('one');
    app = await createApp({ commands: scene.commands, side: 'socket', log: scene.house.log });
  });
  after(async () => {
    app.streams.close();
    await app.app.close();
    await close();
  });

  async function ask(key: string, body?: object) {
    const [method, url] = key.split(' ') as ['GET', string];
    const answer = await app.app.inject({ method, url, ...(body !== undefined && { payload: body }) });
    return { status: answer.statusCode, json: answer.json(), text: answer.body };
  }

  test('each answer is what the contract says, and has neither secret nor bytes', async () => {
    const token = link.split('/')[4]!;
    const answers = [
      await ask('GET /api/files'),
      await ask('GET /api/files/list?order=largest&person=juliet%40example.test&limit=1'),
      await ask(`GET /api/files/list?room=${encodeURIComponent('gärten-庭@conference.example.test')}`),
      await ask('GET /api/files/people?domain=example.test'),
      await ask('GET /api/files/rooms'),
      await ask('POST /api/files/find', { link }),
      await ask('GET /api/files/count?before=2020-01-01'),
      await ask('GET /api/transfers'),
      await ask('GET /api/domains/example.test/accounts/juliet'),
    ];
    for (const answer of answers) {
      assert.equal(answer.status, 200, answer.text);
      assert.ok(!answer.text.includes(token));
    }
    const [overview, large, shown, people, rooms, found, , under, juliet] = answers.map(({ json }) => json);
    assert.deepEqual([overview.files, overview.domains[0].domain], [2, 'example.test']);
    assert.deepEqual([large.files[0].name, large.total], [NASTY, { files: 2, bytes: 107 }]);
    assert.equal(shown.files.length, 1);
    assert.equal(people.people[0].jid, 'juliet@example.test');
    assert.equal(rooms.rooms[0].room, 'gärten-庭@conference.example.test');
    assert.equal(found.file.name, NASTY);
    assert.equal(under.transfers[0].requester, 'juliet@example.test/balcony');
    assert.deepEqual([juliet.counts.files, juliet.counts.fileBytes], [2, 107]);
    const next = encodeURIComponent(large.next);
    assert.equal((await ask(`GET /api/files/list?order=largest&after=${next}`)).json.files[0].bytes, 7);
  });

  test('refusals: each with its status, its code and the field at fault', async () => {
    const cases: [string, object | undefined, number, string, string | undefined][] = [
      ['GET /api/files/list?order=first', undefined, 400, 'invalid', 'order'],
      ['GET /api/files/list?limit=201', undefined, 400, 'invalid', 'limit'],
      ['GET /api/files/list?offset=5', undefined, 400, 'invalid', 'offset'],
      ['GET /api/files/list?after=x', undefined, 422, 'invalid', 'after'],
      ['GET /api/files/list?person=nobody%40example.test', undefined, 404, 'account-not-found', 'person'],
      ['GET /api/files/people?domain=elsewhere.test', undefined, 404, 'domain-not-found', undefined],
      ['GET /api/files/rooms?after=x', undefined, 422, 'invalid', 'after'],
      ['POST /api/files/find', {}, 400, 'invalid', 'link'],
      ['POST /api/files/find', { link: 'x' }, 422, 'invalid', 'link'],
      ['POST /api/files/find', { link: `/file/${'A'.repeat(24)}` }, 404, 'file-not-found', 'link'],
      ['POST /api/files/find', { link: 'x'.repeat(4_001) }, 400, 'invalid', 'link'],
      ['GET /api/files/count', undefined, 422, 'invalid', undefined],
      ['GET /api/files/count?before=2026-1-1', undefined, 400, 'invalid', 'before'],
      ['POST /api/files/remove', { ids: [] }, 400, 'invalid', 'ids'],
      ['POST /api/files/remove', { ids: ['1'] }, 400, 'invalid', 'ids'],
      ['POST /api/files/remove', { ids: Array(201).fill(1) }, 400, 'invalid', 'ids'],
      ['POST /api/files/remove', { ids: [4711] }, 404, 'file-not-found', undefined],
      ['DELETE /api/files/4711', undefined, 404, 'file-not-found', undefined],
      ['DELETE /api/files/x', undefined, 400, 'invalid', 'id'],
      ['DELETE /api/files?person=juliet%40example.test', undefined, 400, 'invalid', 'confirm'],
      ['DELETE /api/files?confirm=all', undefined, 422, 'invalid', undefined],
      ['DELETE /api/files?person=juliet%40example.test&confirm=x', undefined, 422, 'not-confirmed', 'confirm'],
      ['DELETE /api/files?before=9999-12-31&confirm=9999-12-31', undefined, 422, 'invalid', 'before'],
      ['DELETE /api/transfers/two', undefined, 404, 'transfer-not-found', undefined],
    ];
    for (const [key, body, status, code, field] of cases) {
      const answer = await ask(key, body);
      const got = [answer.status, answer.json.error?.code, answer.json.error?.field?.replace(/[./]\d+$/, '')];
      assert.deepEqual(got, [status, code, field], `${key} ${answer.text}`);
    }
    assert.equal((await ask('GET /api/files')).json.files, 2, 'nothing was deleted');
    assert.deepEqual((await ask('GET /api/audit')).json.rows, []);
  });

  test('one is removed, a lot, and a transfer is broken off', async () => {
    const { file } = (await ask('POST /api/files/find', { link })).json;
    assert.deepEqual((await ask(`DELETE /api/files/${file.id}`)).json, { done: true });
    assert.equal((await ask('POST /api/files/find', { link })).status, 404);
    const lot = 'person=juliet%40example.test';
    const gone = await ask(`DELETE /api/files?${lot}&confirm=juliet%40example.test`);
    assert.deepEqual(gone.json, { files: 1, bytes: 7 });
    assert.deepEqual((await ask('DELETE /api/transfers/one')).json, { done: true });
    assert.deepEqual((await ask('GET /api/transfers')).json, { transfers: [], total: 0 });
    const { rows } = (await ask('GET /api/audit')).json;
    assert.deepEqual(
      rows.map(({ action }: { action: string }) => action),
      ['transfer.end', 'file.remove-all', 'file.remove'],
    );
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createApp } from '../../server/http/app.ts';
import { openLastingScene } from '../support/lasting-scene.ts';
import { enters, say } from '../support/rooms.ts';
import type { Scene } from '../support/scene.ts';

const ROOMS = '/api/domains/example.test/rooms';

describe('rooms over HTTP', () => {
  let scene: Scene;
  let close: () => Promise<void>;
  let app: Awaited<ReturnType<typeof createApp>>;

  before(async () => {
    ({ scene, close } = await openLastingScene());
    await scene.account('juliet@example.test');
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

  test('a name of any script, in the path as it is in the address', async () => {
    const made = await ask(`POST ${ROOMS}`, { name: 'Gärten-庭', owner: 'juliet', title: '<b>&amp;' });
    assert.equal(made.status, 200, made.text);
    assert.deepEqual([made.json.room.name, made.json.room.title], ['gärten-庭', '<b>&amp;']);
    const path = `${ROOMS}/${encodeURIComponent('gärten-庭')}`;
    assert.equal((await ask(`GET ${path}`)).json.room.jid, 'gärten-庭@conference.example.test');
    const member = `${path}/members/${encodeURIComponent("o'neil@example.test")}`;
    const put = await ask(`PUT ${member}`, { affiliation: 'member' });
    assert.equal(put.status, 422, 'what is no address is refused');
    assert.equal((await ask(`PUT ${path}/members/romeo%40example.test`, { affiliation: 'member' })).status, 200);
    assert.deepEqual(
      (await ask(`GET ${path}/members?limit=1`)).json.members.map(({ jid }: { jid: string }) => jid),
      ['juliet@example.test'],
    );
    assert.equal((await ask(`DELETE ${path}?confirm=g%C3%A4rten-%E5%BA%AD`)).status, 200);
    assert.equal(
      (await ask(`DELETE /api/domains/example.test/retired-rooms/${encodeURIComponent('gärten-庭')}`)).status,
      200,
    );
  });

  test('refusals: each with its status, its code and the field at fault', async () => {
    assert.equal((await ask(`POST ${ROOMS}`, { name: 'garden', owner: 'juliet' })).status, 200);
    const cases: [string, object | undefined, number, string, string | undefined][] = [
      [`POST ${ROOMS}`, { name: 'garden', owner: 'juliet' }, 409, 'room-exists', 'name'],
      [`POST ${ROOMS}`, { name: 'hall' }, 400, 'invalid', 'owner'],
      [`POST ${ROOMS}`, { name: 'hall', owner: 'nobody' }, 404, 'account-not-found', 'owner'],
      [`POST ${ROOMS}`, { name: 'hall', owner: 'juliet', secret: 'x' }, 400, 'invalid', 'secret'],
      [`GET ${ROOMS}/hall`, undefined, 404, 'room-not-found', undefined],
      ['GET /api/domains/elsewhere.test/rooms', undefined, 404, 'domain-not-found', undefined],
      [`GET ${ROOMS}?limit=0`, undefined, 400, 'invalid', 'limit'],
      [`GET ${ROOMS}?limit=1000`, undefined, 400, 'invalid', 'limit'],
      [`POST ${ROOMS}/garden/config`, { broadcast: ['king'] }, 400, 'invalid', 'broadcast'],
      [`POST ${ROOMS}/garden/config`, { hasPassword: false }, 400, 'invalid', 'hasPassword'],
      [`POST ${ROOMS}/garden/config`, { contacts: ['nobody'] }, 422, 'invalid', undefined],
      [`PUT ${ROOMS}/garden/members/juliet%40example.test`, { affiliation: 'king' }, 400, 'invalid', 'affiliation'],
      [`PUT ${ROOMS}/garden/members/juliet%40example.test`, { affiliation: 'none' }, 422, 'invalid', 'affiliation'],
      [`POST ${ROOMS}/garden/kick`, { nick: 'Nobody' }, 422, 'invalid', 'nick'],
      [`POST ${ROOMS}/garden/archive`, {}, 400, 'invalid', 'reason'],
      [`POST ${ROOMS}/garden/archive`, { reason: '    .' }, 422, 'invalid', 'reason'],
      [`POST ${ROOMS}/garden/moderate`, {}, 400, 'invalid', 'id'],
      [`POST ${ROOMS}/garden/moderate`, { id: '1' }, 400, 'invalid', 'id'],
      [`POST ${ROOMS}/garden/moderate`, { id: 2 ** 60 }, 422, 'invalid', 'id'],
      [`POST ${ROOMS}/hall/moderate`, { id: 1 }, 404, 'room-not-found', undefined],
      [`DELETE ${ROOMS}/garden?confirm=hall`, undefined, 422, 'not-confirmed', 'confirm'],
      [`DELETE ${ROOMS}/garden?confirm=garden&alternate=a%20b`, undefined, 422, 'invalid', 'alternate'],
      ['DELETE /api/domains/example.test/retired-rooms/garden', undefined, 404, 'room-not-found', undefined],
    ];
    for (const [key, body, status, code, field] of cases) {
      const answer = await ask(key, body);
      assert.deepEqual([answer.status, answer.json.error?.code, answer.json.error?.field], [status, code, field], key);
    }
    const { json } = await ask('GET /api/audit');
    assert.ok(!json.rows.some(({ action }: { action: string }) => action === 'room.archive-read'));
  });

  test('what was said is never in a list, nor in an answer that nobody wrote down', async () => {
    const juliet = await scene.comes('juliet@example.test/balcony');
    await enters(juliet, 'Juliet');
    await juliet.sends(say('canary'));
    await scene.settle();
    for (const url of [ROOMS, `${ROOMS}/garden`, `${ROOMS}/garden/members`]) {
      assert.ok(!(await ask(`GET ${url}`)).text.includes('canary'), url);
    }
    const read = await ask(`POST ${ROOMS}/garden/archive`, { reason: 'a test of reading' });
    assert.equal(read.json.messages[0].text, 'canary');
    const [row] = (await ask('GET /api/audit?limit=1')).json.rows;
    assert.deepEqual(
      [row.action, row.subject, row.door],
      ['room.archive-read', 'garden@conference.example.test', 'cli'],
    );
    assert.ok(!JSON.stringify(row).includes('canary'), 'the audit log says that it was read, not what');
    const { id } = read.json.messages[0];
    const gone = await ask(`POST ${ROOMS}/garden/moderate`, { id, reason: 'A canary' });
    assert.deepEqual([gone.status, gone.json], [200, { ids: [id] }], gone.text);
    const again = await ask(`POST ${ROOMS}/garden/archive`, { reason: 'a test of reading' });
    assert.deepEqual(
      [again.json.messages[0].id, again.json.messages[0].kind, again.json.messages[0].text],
      [id, 'moderated', 'A canary'],
    );
  });
});

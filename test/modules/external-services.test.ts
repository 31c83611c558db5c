import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { type Element, elements } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import { openScene, type Scene, type SceneOptions } from '../support/scene.ts';
import { find } from '../support/xml.ts';

const NS = 'urn:xmpp:extdisco:2';
const J = 'juliet@example.test';
const R = 'romeo@example.test';
const OFFICE = { name: 'office', door: 'panel' } as const;
const SECRET = 'to the north of Verona';

const decide = (scene: Scene, key: string, value: string | number | undefined) =>
  scene.commands.options.set(OFFICE, `calls.${key}`, value);

async function withRelay(t: Parameters<typeof openScene>[0], options: SceneOptions = {}): Promise<Scene> {
  const scene = await openScene(t, options);
  await decide(scene, 'host', 'turn.example.test');
  await decide(scene, 'secret', SECRET);
  return scene;
}

const ask = (type = ''): string =>
  `<iq type='get' to='example.test'><services xmlns='${NS}' ${type === '' ? '' : `type='${type}'`}/></iq>`;
const want = (attributes: string): string =>
  `<iq type='get' to='example.test'><credentials xmlns='${NS}'><service ${attributes}/></credentials></iq>`;

const listed = (answer: Element, name = 'services'): Element[] => elements(find(answer, name)!);
const brief = ({ attrs }: Element): string => `${attrs.type} ${attrs.host}:${attrs.port} ${attrs.transport}`;

async function passOf(actor: Actor): Promise<Record<string, string>> {
  return listed(await actor.gets(ask('turn')))[0]!.attrs;
}

describe('XEP-0215 §3.1, §3.2: what there is', () => {
  test('nothing before somebody says so; without a secret no relay, which would be everybody’s', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/balcony`);
    assert.deepEqual(listed(await juliet.gets(ask())), []);
    await decide(scene, 'host', 'turn.example.test');
    assert.deepEqual(listed(await juliet.gets(ask())).map(brief), [
      'stun turn.example.test:3478 udp',
      'stun turn.example.test:3478 tcp',
    ]);
  });

  test('all, or one type, as it was decided', async (t) => {
    const scene = await withRelay(t);
    await decide(scene, 'port', 3479);
    await decide(scene, 'tls-port', 5349);
    await decide(scene, 'transport', 'udp');
    const juliet = await scene.connect(`${J}/balcony`);
    assert.deepEqual(listed(await juliet.gets(ask())).map(brief), [
      'stun turn.example.test:3479 udp',
      'turn turn.example.test:3479 udp',
      'turns turn.example.test:5349 tcp',
    ]);
    const answer = await juliet.gets(ask('turns'));
    assert.deepEqual(listed(answer).map(brief), ['turns turn.example.test:5349 tcp']);
    assert.equal(find(answer, 'services')?.attrs.type, 'turns');
    assert.deepEqual(listed(await juliet.gets(ask('ftp'))), []);
  });

  test('what is no host name is refused', async (t) => {
    const scene = await openScene(t);
    for (const value of ['a b', 'x'.repeat(254), "a'b", 'https://turn.example.test/']) {
      await assert.rejects(decide(scene, 'host', value), { code: 'invalid' }, value);
    }
  });
});

describe('the pass to the relay', () => {
  test('is what coturn expects: until when and for whom, signed with the secret', async (t) => {
    const scene = await withRelay(t);
    await decide(scene, 'minutes', 60);
    const juliet = await scene.connect(`${J}/balcony`);
    const { username, password, expires, restricted } = await passOf(juliet);
    assert.equal(password, createHmac('sha1', SECRET).update(username!).digest('base64'));
    const until = Number(username!.split(':')[0]);
    assert.ok(Math.abs(until - Date.now() / 1_000 - 3_600) < 5);
    assert.equal(Date.parse(expires!), until * 1_000);
    assert.match(expires!, /Z$/);
    assert.equal(restricted, 'true');
  });

  test('does not name the person on the wire; it is one for all devices, another for everybody else', async (t) => {
    const scene = await withRelay(t);
    const names: string[] = [];
    for (const full of [`${J}/balcony`, `${J}/phone`, `${R}/orchard`]) {
      const { username } = await passOf(await scene.connect(full));
      assert.doesNotMatch(username!, /juliet|romeo|example/);
      names.push(username!.split(':')[1]!);
    }
    assert.equal(names[0], names[1]);
    assert.notEqual(names[0], names[2]);
  });

  test('XEP-0215 §3.3: can be had for a service that is known', async (t) => {
    const scene = await withRelay(t);
    await decide(scene, 'tls-port', 5349);
    const juliet = await scene.connect(`${J}/balcony`);
    const of = async (attributes: string) => listed(await juliet.gets(want(attributes)), 'credentials');
    const both = await of("host='turn.example.test' type='turn'");
    assert.deepEqual(both.map(brief), ['turn turn.example.test:3478 udp', 'turn turn.example.test:3478 tcp']);
    assert.ok(both.every(({ attrs }) => attrs.username !== undefined && attrs.password !== undefined));
    assert.equal((await of("host='turn.example.test' type='turns' port='5349'")).length, 1);
    for (const attributes of [
      "host='turn.example.test' type='turn' port='9'",
      "host='elsewhere.test' type='turn'",
      "host='turn.example.test' type='stun'",
    ]) {
      await juliet.isRefused(want(attributes), 'item-not-found');
    }
    for (const attributes of ["host='turn.example.test'", "type='turn'"]) {
      await juliet.isRefused(want(attributes), 'bad-request');
    }
  });

  test('strangers get none, and do not learn that there is one', async (t) => {
    const scene = await withRelay(t, { domains: ['example.test', 'other.test'] });
    const stranger = await scene.connect('paris@other.test/x');
    await stranger.isRefused(ask(), 'forbidden');
    await stranger.isRefused(want("host='turn.example.test' type='turn'"), 'forbidden');
  });

  test('attack: a secret that whoever has a pass would guess is refused', async (t) => {
    const scene = await openScene(t);
    await assert.rejects(decide(scene, 'secret', 'sesame'), /at least 16 characters/);
    await decide(scene, 'secret', '');
  });

  test('the secret stands in no answer, no list of settings and no audit log', async (t) => {
    const scene = await withRelay(t);
    const juliet = await scene.connect(`${J}/balcony`);
    const seen = [
      String(await juliet.gets(ask())),
      JSON.stringify(scene.commands.options.list()),
      JSON.stringify(await scene.stores.audit.page({ limit: 50 })),
    ];
    for (const text of seen) assert.ok(!text.includes(SECRET));
  });
});

describe('XEP-0215 §3.2: who asked is told of changes', () => {
  test('what came, what went, and that a new pass is needed; who did not ask is not', async (t) => {
    const scene = await withRelay(t);
    const [juliet, romeo, nurse] = [
      await scene.connect(`${J}/balcony`),
      await scene.connect(`${R}/orchard`),
      await scene.connect('nurse@example.test/hall'),
    ];
    await juliet.gets(ask('turn'));
    await nurse.gets(ask('turns'));
    await decide(scene, 'transport', 'udp');
    const gone = await juliet.receives(`<iq type='set' from='example.test' id='*'><services xmlns='${NS}'/></iq>`);
    assert.deepEqual(
      listed(gone).map((one) => `${one.attrs.action} ${brief(one)}`),
      ['delete turn turn.example.test:3478 tcp'],
    );
    assert.equal(listed(gone)[0]!.attrs.password, undefined);
    await decide(scene, 'secret', 'to the south of Verona');
    const renewed = listed(await juliet.receives(`<iq type='set'><services xmlns='${NS}' type='turn'/></iq>`))[0]!;
    assert.equal(renewed.attrs.action, 'modify');
    assert.equal(
      renewed.attrs.password,
      createHmac('sha1', 'to the south of Verona').update(renewed.attrs.username).digest('base64'),
    );
    await decide(scene, 'tls-port', 5349);
    const came = listed(await nurse.receives(`<iq type='set'><services xmlns='${NS}' type='turns'/></iq>`));
    assert.deepEqual(
      came.map(({ attrs }) => attrs.action),
      ['add'],
    );
    await decide(scene, 'minutes', 30);
    for (const one of [juliet, romeo, nurse]) await one.receivesNothing();
    await juliet.sends(`<iq type='result' id='${gone.attrs.id}' to='example.test'/>`);
    await juliet.receivesNothing();
  });
});

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { serialize } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import { readsArchive } from '../support/archive.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { conditionOf } from '../support/xml.ts';

const JULIET = 'juliet@example.test';
const ROMEO = 'romeo@example.test';
const MESSAGE = `<message to='${ROMEO}' type='chat' id='m1'><body>hark</body></message>`;

const waiting = async (scene: Scene): Promise<number> => scene.stores.offline.count((await scene.account(ROMEO)).id);

describe('a recipient who comes while the store is asked about a message for him', () => {
  /** Juliet’s message waits for one answer of the store; meanwhile Romeo comes. */
  async function meanwhile(
    t: TestContext,
    hold: (scene: Scene, his: number, until: Promise<void>) => void,
  ): Promise<void> {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    const romeo = await scene.connect(`${ROMEO}/orchard`);
    await scene.settle();
    const answer = Promise.withResolvers<void>();
    hold(scene, romeo.session.account.id, answer.promise);
    const sent = juliet.sends(MESSAGE);
    await scene.settle();
    t.mock.restoreAll();
    await romeo.sends('<presence/>');
    await scene.settle();
    answer.resolve();
    await sent;
    await romeo.receives(`<presence from='${ROMEO}/orchard'/>`);
    await romeo.receives("<message id='m1'><body>hark</body></message>");
    await romeo.receivesNothing();
    await juliet.receivesNothing();
    assert.equal(await waiting(scene), 0);
    assert.equal((await readsArchive(romeo)).bodies.length, 1);
  }

  test('gets it, if it was his archive’s preferences', async (t) => {
    await meanwhile(t, (scene, his, until) => {
      const { archives } = scene.stores;
      const real = archives.preferences.bind(archives);
      t.mock.method(archives, 'preferences', (id: number) => (id === his ? until.then(() => real(id)) : real(id)));
    });
  });

  test('gets it, if it was his block list', async (t) => {
    await meanwhile(t, (scene, his, until) => {
      const { blocking } = scene.stores;
      const real = blocking.list.bind(blocking);
      t.mock.method(blocking, 'list', (id: number) => (id === his ? until.then(() => real(id)) : real(id)));
    });
  });

  test('gets it, if it was what waits for him already', async (t) => {
    await meanwhile(t, (scene, _his, until) => {
      t.mock.method(scene.stores.offline, 'count', () => until.then(() => 0));
    });
  });
});

describe('a disk without room', () => {
  async function fullHouse(t: TestContext): Promise<{ scene: Scene; juliet: Actor }> {
    const scene = await openScene(t, { mayFail: true });
    await scene.account(ROMEO);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await scene.settle();
    scene.db.refuseWrites('full');
    return { scene, juliet };
  }

  test('what cannot be kept for who is away comes back, to be tried again', async (t) => {
    const { scene, juliet } = await fullHouse(t);
    await juliet.sends(MESSAGE);
    const error = await juliet.receives(`<message from='${ROMEO}' to='${JULIET}/balcony' type='error' id='m1'>
      <error type='wait'/></message>`);
    assert.equal(conditionOf(error), 'resource-constraint');
    assert.equal(await waiting(scene), 0);
    assert.match(scene.errors.join(), /could not be stored/);
    scene.db.refuseWrites(undefined);
    await juliet.sends(MESSAGE);
    await juliet.receivesNothing();
    const romeo = await scene.connect(`${ROMEO}/orchard`);
    await romeo.sends('<presence/>');
    await romeo.receives('<presence/>');
    await romeo.receives("<message id='m1'/>");
    await romeo.receivesNothing();
    assert.deepEqual((await readsArchive(romeo)).bodies, ['hark']);
  });

  test('each message is answered for once, and only those that may be answered', async (t) => {
    const { juliet } = await fullHouse(t);
    for (const id of ['a', 'b', 'c']) await juliet.sends(MESSAGE.replace('m1', id));
    await juliet.receivesInAnyOrder(...['a', 'b', 'c'].map((id) => `<message type='error' id='${id}'/>`));
    await juliet.receivesNothing();
  });

  test('what fails does not count against the limit', async (t) => {
    const scene = await openScene(t, { mayFail: true, limits: { offlineMessagesPerAccount: 2 } });
    await scene.account(ROMEO);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await juliet.sends(MESSAGE);
    await scene.settle();
    scene.db.refuseWrites('full');
    for (let i = 0; i < 5; i++) {
      await juliet.sends(MESSAGE);
      await juliet.receives("<message type='error'/>");
    }
    scene.db.refuseWrites(undefined);
    await juliet.sends(MESSAGE);
    await juliet.receivesNothing();
    assert.equal(await waiting(scene), 2);
  });
});

describe('discretion', () => {
  test('away, unknown and blocking read alike, to the last word (XEP-0191 §3.5)', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes(`${JULIET}/balcony`);
    await juliet.gets(`<iq type='set'><block xmlns='urn:xmpp:blocking'><item jid='${ROMEO}'/></block></iq>`);
    await scene.account('nurse@example.test');
    const romeo = await scene.comes(`${ROMEO}/orchard`);
    for (const stanza of [
      "<message to='#' type='normal' id='m1'><body>hark</body></message>",
      "<message to='#' type='groupchat' id='m1'><body>hark</body></message>",
      "<iq to='#' type='get' id='m1'><query xmlns='jabber:iq:version'/></iq>",
    ]) {
      const answers: string[] = [];
      for (const to of [`${JULIET}/balcony`, 'nurse@example.test/balcony', 'nobody@example.test/balcony']) {
        await romeo.sends(stanza.replace('#', to));
        const [answer] = await romeo.all();
        answers.push(serialize(answer!).replaceAll(to, 'them'));
      }
      assert.equal(new Set(answers).size, 1, answers.join('\n'));
    }
  });
});

describe('XEP-0334: no-permanent-store is about archives', () => {
  test('a message with it waits for who is away, and stands in no archive', async (t) => {
    const scene = await openScene(t);
    await scene.account(ROMEO);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await juliet.sends(`<message to='${ROMEO}' type='chat' id='m1'><body>psst</body>
      <no-permanent-store xmlns='urn:xmpp:hints'/></message>`);
    await juliet.receivesNothing();
    const romeo = await scene.connect(`${ROMEO}/orchard`);
    await romeo.sends('<presence/>');
    await romeo.receives('<presence/>');
    const message = await romeo.receives(
      "<message id='m1'><delay xmlns='urn:xmpp:delay' from='example.test'/></message>",
    );
    assert.doesNotMatch(serialize(message), /stanza-id/);
    for (const actor of [juliet, romeo]) assert.deepEqual((await readsArchive(actor)).bodies, []);
  });
});

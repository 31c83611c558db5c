import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Resumptions } from '../../server/c2s/resumptions.ts';
import { serialize } from '../../server/xmpp/element.ts';
import { find } from '../support/xml.ts';
import { bodies, enabled, J, messages, open, R, resumes, SM } from './managed.ts';

describe('XEP-0198 §3: enabling', () => {
  test('with resumption: a token that nobody can guess, and for how long', async (t) => {
    const { dial } = await open(t);
    const wire = dial();
    await wire.binds(`${J}/balcony`);
    wire.write(`<enable ${SM} resume='true'/>`);
    const { attrs } = await wire.receives(`<enabled ${SM} resume='true'/>`);
    assert.match(attrs.id, /^[\w-]{22,}$/);
    assert.equal(attrs.max, '300');
  });

  test('without: no token', async (t) => {
    const { dial } = await open(t);
    const wire = dial();
    await wire.binds(`${J}/balcony`);
    wire.write(`<enable ${SM}/>`);
    const { attrs } = await wire.receives(`<enabled ${SM}/>`);
    assert.deepEqual([attrs.id, attrs.resume], [undefined, undefined]);
  });

  test('before binding, or twice, is refused, and the stream lives', async (t) => {
    const { dial } = await open(t);
    const wire = dial();
    await wire.logsIn(J);
    const failed = `<failed ${SM}><unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`;
    wire.write(`<enable ${SM}/>`);
    await wire.receives(failed);
    await wire.bind('balcony');
    wire.write(`<enable ${SM}/><enable ${SM}/>`);
    await wire.receives(`<enabled ${SM}/>`);
    await wire.receives(failed);
    wire.write(`<resume ${SM} previd='x' h='0'/>`);
    await wire.receives(failed);
  });

  for (const xml of [
    `<a ${SM}/>`,
    `<a ${SM} h='x'/>`,
    `<a ${SM} h='-1'/>`,
    `<a ${SM} h='4294967296'/>`,
    `<a ${SM} h='99999999999999'/>`,
    `<b ${SM}/>`,
  ]) {
    test(`${xml} ends the stream`, async (t) => {
      const { dial } = await open(t);
      const wire = dial();
      await enabled(wire);
      wire.write(xml);
      await wire.fails(xml.startsWith('<b') ? 'unsupported-stanza-type' : 'invalid-xml');
    });
  }
});

describe('XEP-0198 §4: acknowledgements', () => {
  test('count stanzas, and nothing else, from <enable/> on', async (t) => {
    const { dial } = await open(t);
    const wire = dial();
    await enabled(wire, `${J}/balcony`, '');
    wire.write(`<r ${SM}/>`);
    await wire.receives(`<a ${SM} h='0'/>`);
    wire.write(`<active xmlns='urn:xmpp:csi:0'/><message to='${R}/nowhere' type='headline'/> <presence to='${R}'/>\n`);
    wire.write(`<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq><a ${SM} h='0'/><r ${SM}/>`);
    await wire.receives("<iq type='result' id='p'/>");
    await wire.receives(`<a ${SM} h='3'/>`);
  });

  test('count refused stanzas, too', async (t) => {
    const { dial } = await open(t);
    const wire = dial();
    await enabled(wire, `${J}/balcony`, '');
    wire.write(`<message to='a b@c.test' type='chat'><body>x</body></message><presence type='x'/><r ${SM}/>`);
    await wire.receives("<message type='error'/>");
    await wire.receives("<presence type='error'/>");
    await wire.receives(`<a ${SM} h='2'/>`);
  });

  test('DESIGN §3: wait until it is on disk, while delivery does not', async (t) => {
    const { scene, romeo, dial } = await open(t);
    const wire = dial();
    await enabled(wire);
    scene.db.hold();
    wire.write(`<message to='${R}' type='chat'><body>hi</body></message><r ${SM}/>`);
    await romeo.receives('<message><body>hi</body></message>');
    await wire.receivesNothing(100);
    scene.db.release();
    await wire.receives(`<a ${SM} h='2'/>`);
  });

  test('more than was sent is an error that says how much it was (§4)', async (t) => {
    const { says, dial } = await open(t);
    const wire = dial();
    await enabled(wire);
    await says('one');
    await wire.receives('<message><body>one</body></message>');
    wire.write(`<a ${SM} h='7'/>`);
    const error = await wire.fails('undefined-condition');
    const detail = find(error, 'handled-count-too-high');
    assert.deepEqual([detail?.attrs.xmlns, detail?.attrs.h, detail?.attrs['send-count']], ['urn:xmpp:sm:3', '7', '2']);
  });

  test('are asked for now and then, and a client that never answers does not fill the memory', async (t) => {
    const { says, scene, dial } = await open(t);
    const wire = dial();
    await enabled(wire);
    for (let i = 0; i < 40; i++) await says(`m${i}`);
    const got = await wire.all(100);
    assert.equal(bodies(got).length, 40);
    const asked = got.filter(({ name, attrs }) => name === 'r' && attrs.xmlns === 'urn:xmpp:sm:3').length;
    assert.ok(asked >= 1 && asked <= 4, `asked ${asked} times`);
    for (let i = 0; i < 6_000 && scene.host('example.test').sessions.of(J).length > 0; i++) await says('x'.repeat(10));
    await wire.fails('policy-violation');
  });
});

describe('XEP-0198 §5: resumption', () => {
  test('after a cut: what she missed comes, what she had does not, and nobody noticed', async (t) => {
    const { scene, romeo, says, dial } = await open(t);
    await scene.friends(J, R);
    const wire = dial();
    const token = await enabled(wire);
    await wire.all(50);
    await romeo.all();
    for (const body of ['one', 'two', 'three']) await says(body);
    assert.deepEqual(await messages(wire), ['one', 'two', 'three']);
    wire.cut();
    await says('four');
    await scene.settle();
    await romeo.receivesNothing(); // she is still there
    const again = dial();
    // She has seen her own presence, his, and one message.
    const h = 3;
    const answer = await resumes(again, token, h);
    assert.deepEqual([answer.name, answer.attrs.previd, answer.attrs.h], ['resumed', token, '1']);
    assert.deepEqual(await messages(again), ['two', 'three', 'four']);
    await says('five');
    assert.deepEqual(await messages(again), ['five']);
    again.write(`<message to='${R}' type='chat'><body>back</body></message><r ${SM}/>`);
    await romeo.receives(`<message from='${J}/balcony'><body>back</body></message>`);
    await again.receives(`<a ${SM} h='2'/>`);
  });

  test('again and again, and the counters go on', async (t) => {
    const { says, dial } = await open(t);
    let wire = dial();
    const token = await enabled(wire);
    let h = 1;
    for (let round = 0; round < 4; round++) {
      await says(`m${round}`);
      wire.cut();
      wire = dial();
      const answer = await resumes(wire, token, h);
      assert.equal(answer.name, 'resumed', serialize(answer));
      assert.deepEqual(await messages(wire), [`m${round}`]);
      h++;
    }
  });

  test('while the old connection still stands: that one ends, and handles nothing more', async (t) => {
    const { romeo, dial } = await open(t);
    const wire = dial();
    const token = await enabled(wire);
    const again = dial();
    assert.equal((await resumes(again, token, 1)).name, 'resumed');
    await wire.fails('conflict');
    again.write(`<message to='${R}' type='chat'><body>hi</body></message>`);
    await romeo.receives(`<message from='${J}/balcony'><body>hi</body></message>`);
  });

  test('what the old connection had not handled yet is handled once: when the client sends it again', async (t) => {
    const { scene, romeo, dial } = await open(t);
    const wire = dial();
    const token = await enabled(wire);
    // The store is slow, so that the first of these waits while the others stand behind it.
    scene.db.lag = 100;
    const item = (i: number) =>
      `<iq type='set' id='i${i}'><query xmlns='jabber:iq:roster'><item jid='c${i}@example.test'/></query></iq>`;
    wire.write(item(0) + [1, 2, 3].map((i) => `<message to='${R}' type='chat'><body>m${i}</body></message>`).join(''));
    const again = dial();
    const answer = await resumes(again, token, 1);
    assert.equal(answer.name, 'resumed', serialize(answer));
    assert.equal(answer.attrs.h, '2', 'her presence, and the request that was under way');
    for (const i of [1, 2, 3]) again.write(`<message to='${R}' type='chat'><body>m${i}</body></message>`);
    again.write(`<r ${SM}/>`);
    await scene.settle();
    assert.deepEqual(bodies(await romeo.all()), ['m1', 'm2', 'm3']);
    const counts = (await again.all()).filter(({ name }) => name === 'a').map(({ attrs }) => attrs.h);
    assert.deepEqual(counts, ['5']);
  });

  test('a token of somebody else is of no use (SECURITY 26)', async (t) => {
    const { scene, says, dial } = await open(t);
    await scene.account('mallory@example.test');
    const wire = dial();
    const token = await enabled(wire);
    await says('secret');
    wire.cut();
    const mallory = dial();
    const answer = await resumes(mallory, token, 0, 'mallory@example.test');
    assert.deepEqual([answer.name, answer.attrs.h], ['failed', undefined]);
    assert.ok(find(answer, 'item-not-found'));
    await mallory.receivesNothing();
    assert.equal((await resumes(dial(), token, 1)).name, 'resumed', 'the owner still can');
  });

  test('a token that nobody gave out: she may bind instead', async (t) => {
    const { dial } = await open(t);
    const wire = dial();
    const answer = await resumes(wire, 'made-up', 0);
    assert.equal(
      serialize(answer),
      `<failed ${SM}><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`,
    );
    await wire.bind('balcony');
  });

  test('a session that is gone: how far it had come (§5)', async (t) => {
    const { scene, dial } = await open(t);
    const wire = dial();
    const token = await enabled(wire);
    wire.write(`<message to='${R}' type='chat'><body>hi</body></message>`);
    await scene.settle();
    scene.host('example.test').sessions.of(J)[0]?.end('policy-violation', 'by an administrator');
    await wire.fails('policy-violation');
    const answer = await resumes(dial(), token, 1);
    assert.deepEqual([answer.name, answer.attrs.h], ['failed', '2']);
  });

  for (const goodbye of ['</stream:stream>', '</stream:stream> and gone at once']) {
    test(`after ${goodbye} there is nothing to resume`, async (t) => {
      const { scene, dial } = await open(t);
      const wire = dial();
      const token = await enabled(wire);
      // The request keeps the stream busy while the end arrives.
      wire.write(
        "<iq type='set' id='i'><query xmlns='jabber:iq:roster'><item jid='x@example.test'/></query></iq></stream:stream>",
      );
      if (goodbye.includes('gone')) wire.duplex.end();
      await scene.settle();
      assert.equal(scene.host('example.test').sessions.count, 1, 'only Romeo is left');
      assert.equal((await resumes(dial(), token, 1)).name, 'failed');
    });
  }

  test('more than was sent ends the new stream, and the session still ends by itself later', async (t) => {
    const { scene, door, dial } = await open(t);
    Object.assign(door, { resumptions: new Resumptions(0.5) });
    const wire = dial();
    const token = await enabled(wire);
    wire.cut();
    const again = dial();
    await again.logsIn(J);
    again.write(`<resume ${SM} previd='${token}' h='99'/>`);
    const error = await again.fails('undefined-condition');
    assert.ok(find(error, 'handled-count-too-high'));
    await sleep(700);
    assert.equal(scene.host('example.test').sessions.of(J).length, 0, 'nobody will ever end it');
  });

  test('a client that does not come back is gone after the time it was told', async (t) => {
    const { scene, door, romeo, says, dial } = await open(t);
    Object.assign(door, { resumptions: new Resumptions(0.3) });
    await scene.friends(J, R);
    const wire = dial();
    await enabled(wire);
    await says('one');
    await romeo.all();
    wire.cut();
    await romeo.receivesNothing();
    await sleep(500);
    await romeo.receives(`<presence from='${J}/balcony' type='unavailable'/>`);
    assert.equal(await scene.stores.offline.count((await scene.account(J)).id), 1);
  });

  test('SECURITY 26: not after the password was changed', async (t) => {
    const { scene, dial } = await open(t);
    const wire = dial();
    const token = await enabled(wire);
    wire.cut();
    await scene.settle();
    await scene.commands.accounts.setPassword({ name: 'admin', door: 'panel' }, 'example.test', 'juliet', {
      password: 'a new password 1',
    });
    const again = dial();
    await again.opens('example.test');
    assert.equal((await again.plain('juliet', 'a new password 1')).name, 'success');
    await again.opens('example.test');
    again.write(`<resume ${SM} previd='${token}' h='1'/>`);
    assert.equal((await again.element()).name, 'failed');
  });
});

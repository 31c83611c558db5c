import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, elements, serialize, textOf } from '../../server/xmpp/element.ts';
import { EVENT, events, form, heard, idsIn, items, listener, PUBSUB, publish, set, tune } from '../support/pubsub.ts';
import { openScene } from '../support/scene.ts';

const J = 'juliet@example.test';
const R = 'romeo@example.test';
const T = 'tybalt@example.test';
const N = 'nurse@example.test';

describe('XEP-0163 §4: notifications', () => {
  test('a contact, and all of one’s own devices, hear what they are interested in, each device once', async (t) => {
    const scene = await openScene(t);
    await scene.friends(J, R);
    const romeo = await listener(scene, `${R}/orchard`, 'urn:example:tune');
    const street = await listener(scene, `${R}/street`);
    const chamber = await listener(scene, `${J}/chamber`, 'urn:example:tune');
    const juliet = await listener(scene, `${J}/balcony`, 'urn:example:tune');
    for (const one of [romeo, street, chamber, juliet]) await one.all();
    const answer = await juliet.gets(publish('urn:example:tune', 'current', tune('Nightingale')));
    assert.deepEqual(elements(child(child(answer, 'pubsub', PUBSUB)!, 'publish')!).map(serialize), [
      "<item id='current'/>",
    ]);
    for (const one of [romeo, chamber, juliet]) {
      await one.receives(`<message type='headline' from='${J}' to='${one.jid}' id='*'><event xmlns='${EVENT}'>
        <items node='urn:example:tune'><item id='current'>${tune('Nightingale')}</item></items></event></message>`);
      await one.receivesNothing();
    }
    await street.receivesNothing();
  });

  test('§4.3.4: a device that comes gets the last item of its contacts and its own, with its time; once', async (t) => {
    const scene = await openScene(t);
    await scene.friends(J, R);
    await scene.friends(J, T, 'to'); // he does not see her
    const juliet = await scene.connect(`${J}/balcony`);
    await juliet.gets(publish('urn:example:tune', 'a', tune('one')));
    await juliet.gets(publish('urn:example:tune', 'b', tune('two')));
    for (const bare of [J, R]) {
      const actor = await listener(scene, `${bare}/late`, 'urn:example:tune');
      const [message, ...more] = await events(actor);
      assert.equal(more.length, 0);
      assert.match(serialize(message!), /<item id='b'>.*two.*<delay xmlns='urn:xmpp:delay' from='juliet@example.test'/);
      await actor.sends(
        `<presence><show>away</show>${serialize(child(actor.session.available!.element, 'c', 'http://jabber.org/protocol/caps')!)}</presence>`,
      );
      assert.deepEqual(await events(actor), []);
    }
    const tybalt = await listener(scene, `${T}/late`, 'urn:example:tune');
    assert.deepEqual(await events(tybalt), []);
  });

  test('who is let in hears of the last item; who is shut out hears nothing any more', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes(`${J}/balcony`);
    await juliet.gets(publish('urn:example:tune', 'a', tune('one')));
    const romeo = await listener(scene, `${R}/orchard`, 'urn:example:tune');
    await romeo.sends(`<presence type='subscribe' to='${J}'/>`);
    assert.deepEqual(await heard(romeo), []);
    await juliet.sends(`<presence type='subscribed' to='${R}'/>`);
    assert.deepEqual(await heard(romeo), ['items urn:example:tune item:a']);
    await juliet.gets(publish('urn:example:tune', 'b', tune('two')));
    assert.deepEqual(await heard(romeo), ['items urn:example:tune item:b']);
    await juliet.sends(`<presence type='unsubscribed' to='${R}'/>`);
    await juliet.gets(publish('urn:example:tune', 'c', tune('three')));
    assert.deepEqual(await heard(romeo), []);
  });

  test('SECURITY 49: one who is blocked hears nothing, nor reads', async (t) => {
    const scene = await openScene(t);
    await scene.friends(J, R);
    const romeo = await listener(scene, `${R}/orchard`, 'urn:example:tune');
    const juliet = await scene.comes(`${J}/balcony`);
    await juliet.gets(`<iq type='set'><block xmlns='urn:xmpp:blocking'><item jid='${R}'/></block></iq>`);
    await juliet.gets(publish('urn:example:tune', 'a', tune('one'), { access_model: 'open' }));
    assert.deepEqual(await heard(romeo), []);
    await romeo.isRefused(items('urn:example:tune', J), 'service-unavailable');
    const late = await listener(scene, `${R}/late`, 'urn:example:tune');
    assert.deepEqual(await heard(late), []);
  });

  test('a notification is not archived, not kept for later, not copied', async (t) => {
    const scene = await openScene(t);
    await scene.friends(J, R);
    const romeo = await listener(scene, `${R}/orchard`, 'urn:example:tune');
    const other = await scene.comes(`${R}/other`);
    await other.gets("<iq type='set'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
    await other.all();
    const juliet = await scene.connect(`${J}/balcony`);
    await juliet.gets(publish('urn:example:tune', 'a', tune('one')));
    assert.deepEqual(await heard(romeo), ['items urn:example:tune item:a']);
    await other.receivesNothing();
    await romeo.gets("<iq type='set'><query xmlns='urn:xmpp:mam:2'/></iq>");
    await romeo.receivesNothing();
  });
});

describe('XEP-0163 §5, XEP-0060 §4.5: who may read', () => {
  const models = [
    // model, contact who sees, contact in the group, contact who does not see, stranger
    ['presence', true, true, false, false],
    ['open', true, true, true, true],
    ['roster', false, true, false, false],
    ['whitelist', false, false, false, false],
    ['authorize', false, false, false, false],
  ] as const;
  for (const [model, seer, grouped, blind, stranger] of models) {
    test(`access model ${model}`, async (t) => {
      const scene = await openScene(t);
      await scene.friends(J, R, 'from');
      await scene.friends(J, N, 'both');
      await scene.contact(J, N, { subscription: 'both', groups: ['House'] });
      await scene.friends(J, T, 'to');
      const juliet = await scene.connect(`${J}/balcony`);
      await juliet.gets(
        publish('urn:example:tune', 'a', tune('one'), { access_model: model, roster_groups_allowed: 'House' }),
      );
      const [node] = ['urn:example:tune'];
      for (const [bare, allowed] of [
        [J, true],
        [R, seer],
        [N, grouped],
        [T, blind],
        ['paris@example.test', stranger],
      ] as const) {
        const actor = await listener(scene, `${bare}/x`, node);
        const told = await heard(actor);
        const answer = await actor.asks(items(node, J));
        assert.equal(answer.attrs.type, allowed ? 'result' : 'error', `${bare} ${serialize(answer)}`);
        // Who is not let see her presence is not told of anything by itself, even if it may be read.
        assert.equal(told.length, allowed && bare !== T && bare !== 'paris@example.test' ? 1 : 0, bare);
        if (!allowed && bare === 'paris@example.test') {
          const nobody = await actor.asks(items(node, 'nobody@example.test'));
          const strip = (xml: string) => xml.replace(/ (id|from)='[^']*'/g, '');
          assert.equal(strip(serialize(answer)), strip(serialize(nobody)), 'it tells that there is an account');
        }
      }
    });
  }
});

describe('SECURITY 44, 48, 49: attacks on nodes of an account', () => {
  const node = 'urn:example:secret';
  test('a stranger reaches a whitelist node in no way', async (t) => {
    const scene = await openScene(t);
    await scene.friends(J, T);
    const juliet = await scene.comes(`${J}/balcony`);
    await juliet.gets(publish(node, 'a', tune('secret'), { access_model: 'whitelist' }));
    const tybalt = await listener(scene, `${T}/x`, node);
    assert.deepEqual(await heard(tybalt), [], 'by the last item');
    const owner = 'http://jabber.org/protocol/pubsub#owner';
    const asked = [
      `<iq type='get' to='${J}'><pubsub xmlns='${PUBSUB}'><items node='${node}'/></pubsub></iq>`,
      `<iq type='get' to='${J}'><pubsub xmlns='${PUBSUB}'><items node='${node}'><item id='a'/></items></pubsub></iq>`,
      `<iq type='get' to='${J}'><pubsub xmlns='${PUBSUB}'><items node='${node}' max_items='1'/></pubsub></iq>`,
      `<iq type='get' to='${J}'><query xmlns='http://jabber.org/protocol/disco#info' node='${node}'/></iq>`,
      `<iq type='get' to='${J}'><query xmlns='http://jabber.org/protocol/disco#items' node='${node}'/></iq>`,
      set(`<subscribe node='${node}' jid='${T}'/>`, J),
      publish(node, 'a', tune('mine'), undefined, J),
      publish('urn:example:new', 'a', tune('mine'), undefined, J),
      set('<create/>', J),
      set(`<retract node='${node}' notify='1'><item id='a'/></retract>`, J),
      set(`<purge node='${node}'/>`, J, owner),
      set(`<delete node='${node}'/>`, J, owner),
      set(`<affiliations node='${node}'><affiliation jid='${T}' affiliation='owner'/></affiliations>`, J, owner),
      set(
        `<subscriptions node='${node}'><subscription jid='${T}' subscription='subscribed'/></subscriptions>`,
        J,
        owner,
      ),
      ...['configure', 'affiliations', 'subscriptions'].map(
        (name) => `<iq type='get' to='${J}'><pubsub xmlns='${owner}'><${name} node='${node}'/></pubsub></iq>`,
      ),
    ];
    for (const xml of asked) {
      const answer = await tybalt.asks(xml);
      assert.equal(answer.attrs.type, 'error', xml);
      assert.doesNotMatch(serialize(answer), /secret<|id='a'/);
    }
    const list = await tybalt.gets(
      `<iq type='get' to='${J}'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>`,
    );
    assert.doesNotMatch(serialize(list), /secret/);
    assert.deepEqual(idsIn(await juliet.gets(items(node))), ['a']);
    await juliet.gets(publish(node, 'b', tune('secret')));
    assert.deepEqual(await heard(tybalt), []);
  });

  test('a forged event arrives as its true sender’s only', async (t) => {
    const scene = await openScene(t);
    await scene.friends(J, R);
    await scene.comes(`${J}/balcony`);
    const romeo = await scene.comes(`${R}/orchard`);
    const tybalt = await scene.comes(`${T}/x`);
    const event = `<event xmlns='${EVENT}'><items node='urn:example:tune'><item id='x'>${tune('lies')}</item></items></event>`;
    await tybalt.sends(`<message to='${R}/orchard' type='headline'>${event}</message>`);
    await romeo.receives(`<message from='${T}/x' type='headline'>${event}</message>`);
    await assert.rejects(tybalt.sends(`<message to='${R}/orchard' from='${J}' type='headline'>${event}</message>`), {
      condition: 'invalid-from',
    });
    await romeo.receivesNothing();
  });

  test('one’s account removed, its nodes are gone; who takes the name inherits nothing', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/balcony`);
    await juliet.gets(publish(node, 'a', tune('secret'), { access_model: 'open' }));
    await scene.stores.accounts.remove(juliet.session.account);
    juliet.leaves();
    const heir = await scene.connect(`${J}/heir`);
    await heir.isRefused(items(node), 'item-not-found');
    assert.deepEqual(await scene.db.all({ text: 'SELECT * FROM pubsub_item', values: [] }), []);
    await heir.gets(publish(node, 'b', tune('new')));
    assert.deepEqual(idsIn(await heir.gets(items(node))), ['b']);
  });
});

test('XEP-0060 §8.6: an account’s owner says who may subscribe, nobody else', async (t) => {
  const scene = await openScene(t);
  await scene.friends(J, R);
  const juliet = await scene.comes(`${J}/balcony`);
  const romeo = await scene.comes(`${R}/orchard`);
  await juliet.gets(publish('urn:example:diary', 'a', tune('one'), { access_model: 'authorize' }));
  assert.match(serialize(await romeo.gets(set(`<subscribe node='urn:example:diary' jid='${R}'/>`, J))), /'pending'/);
  const asked = (await juliet.all()).find((one) => serialize(one).includes('subscribe_authorization'));
  assert.equal(asked?.attrs.from, J);
  const allow = form('subscribe_authorization', { node: 'urn:example:diary', subscriber_jid: R, allow: '1' });
  await romeo.sends(`<message to='${J}'>${allow}</message>`);
  await juliet.receives(`<message from='${R}/orchard'>${allow}</message>`); // to her it is a message like any other
  await romeo.isRefused(items('urn:example:diary', J), 'not-authorized');
  await juliet.sends(`<message to='${J}'>${allow}</message>`);
  const told = (await romeo.all()).map(serialize).join('');
  assert.match(told, /subscription='subscribed'.*<item id='a'>/);
  assert.deepEqual(idsIn(await romeo.gets(items('urn:example:diary', J))), ['a']);
});

test('XEP-0163 §6.1: an account says that it is a service, and what it can do', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect(`${J}/balcony`);
  const answer = await juliet.gets(
    `<iq type='get' to='${J}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
  );
  const text = serialize(answer);
  assert.match(text, /<identity category='pubsub' type='pep'\/>/);
  for (const name of [
    'publish-options',
    'auto-create',
    'persistent-items',
    'access-presence',
    'config-node-max',
    'rsm',
  ]) {
    assert.ok(text.includes(`'${PUBSUB}#${name}'`), name);
  }
  assert.equal(textOf(undefined), '');
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serialize } from '../../server/xmpp/element.ts';
import { openScene } from '../support/scene.ts';
import { conditionOf } from '../support/xml.ts';

const J = 'juliet@example.test';
const R = 'romeo@example.test';

const STATE = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
const RECEIPT = "<received xmlns='urn:xmpp:receipts' id='m1'/>";
const MARKER = "<displayed xmlns='urn:xmpp:chat-markers:0' id='m1'/>";
const BESIDE = "<no-store xmlns='urn:xmpp:hints'/><thread>t</thread><origin-id xmlns='urn:xmpp:sid:0' id='o'/>";

/** To whom a message cannot be given: the three must read alike. */
const NOWHERE: [string, string][] = [
  ['a device of somebody who is away', `${R}/orchard`],
  ['nobody of that name', 'nobody@example.test'],
  ['somebody who has blocked the sender', 'tybalt@example.test'],
];

describe('RFC 6121 §8.5, XEP-0085 §5.8: what only tells how somebody is getting on does not bounce', () => {
  for (const [who, to] of NOWHERE) {
    for (const type of ['chat', 'normal']) {
      test(`${type} for ${who}`, async (t) => {
        const scene = await openScene(t);
        await scene.account(R);
        await scene.stores.blocking.add((await scene.account('tybalt@example.test')).id, [J]);
        const juliet = await scene.connect(`${J}/balcony`);
        for (const signal of [STATE, RECEIPT, MARKER, STATE + MARKER, STATE + BESIDE]) {
          await juliet.sends(`<message to='${to}' type='${type}' id='s'>${signal}</message>`);
        }
        await juliet.receivesNothing();
      });
    }
  }

  const REAL: [string, string, string][] = [
    ['a text beside a chat state', 'normal', `<body>hi</body>${STATE}`],
    ['a text beside a receipt', 'normal', `${RECEIPT}<body>hi</body>`],
    ['a wish for a marker', 'normal', "<markable xmlns='urn:xmpp:chat-markers:0'/>"],
    ['a wish for a receipt', 'normal', "<request xmlns='urn:xmpp:receipts'/>"],
    ['something unknown', 'normal', `${STATE}<x xmlns='urn:x'/>`],
    ['a chat state to a room’s people', 'groupchat', STATE],
  ];
  for (const [name, type, content] of REAL) {
    test(`${name} still does`, async (t) => {
      const scene = await openScene(t);
      await scene.account(R);
      const juliet = await scene.connect(`${J}/balcony`);
      for (const [, to] of NOWHERE.slice(0, 2)) {
        await juliet.sends(`<message to='${to}' type='${type}' id='s'>${content}</message>`);
        const answers = await juliet.all();
        assert.deepEqual(answers.map(conditionOf), ['service-unavailable'], answers.map(serialize).join());
      }
    });
  }
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nativeBookmark, readNative, readStorage, sameBookmarks, storageOf } from '../../server/xmpp/bookmarks.ts';
import { serialize } from '../../server/xmpp/element.ts';
import { stanza } from '../support/xml.ts';

const ROOM = 'theplay@conference.example.test';
const OLD = `<storage xmlns='storage:bookmarks'><conference name='The Play&apos;s the Thing' autojoin='true' jid='${ROOM}'><nick>JC</nick></conference></storage>`;
const NEW = `<conference xmlns='urn:xmpp:bookmarks:1' name='The Play&apos;s the Thing' autojoin='true'><nick>JC</nick></conference>`;

describe('bookmarks in both formats (XEP-0402 §5.3)', () => {
  test('an old one becomes a new one, and the other way round', () => {
    const [room] = [...readStorage(stanza(OLD)).values()];
    assert.equal(serialize(nativeBookmark(room!)), NEW);
    assert.equal(serialize(storageOf([readNative(ROOM, stanza(NEW))!])), OLD);
  });

  test('extensions of new ones outlive an old client’s change, and pages outlive a new client’s', () => {
    const before = stanza(
      `<conference xmlns='urn:xmpp:bookmarks:1'><nick>JC</nick><extensions><state xmlns='x' minimized='true'/></extensions></conference>`,
    );
    const [room] = [...readStorage(stanza(OLD)).values()];
    assert.match(
      serialize(nativeBookmark(room!, before)),
      /<extensions><state xmlns='x' minimized='true'\/><\/extensions>/,
    );
    assert.equal(serialize(before).includes('extensions'), true, 'the one before is not taken apart');
    const pages = stanza(
      `<storage xmlns='storage:bookmarks'><url url='https://example.test/'/><conference jid='gone@x.test'/></storage>`,
    );
    const after = serialize(storageOf([room!], pages));
    assert.match(after, /<url url='https:\/\/example.test\/'\/>/);
    assert.doesNotMatch(after, /gone/);
  });

  test('what is no room is passed over; true is also 1; an empty name is none', () => {
    const storage = stanza(
      `<storage xmlns='storage:bookmarks'><conference jid='a b@@'/><conference/><url url='x'/><conference jid='R@X.test/nick' autojoin='1' name=''/></storage>`,
    );
    assert.deepEqual(
      [...readStorage(storage).values()],
      [{ jid: 'r@x.test', name: undefined, autojoin: true, nick: undefined, password: undefined }],
    );
    assert.equal(readNative('no address@@', stanza(NEW)), undefined);
    assert.equal(readNative(ROOM, stanza("<conference xmlns='other'/>")), undefined);
  });

  test('lists are compared by what they mean', () => {
    const one = readStorage(stanza(OLD));
    assert.ok(sameBookmarks(one, readStorage(stanza(OLD.replace("'true'", "'1'")))));
    assert.ok(!sameBookmarks(one, readStorage(stanza(OLD.replace('JC', 'J')))));
    assert.ok(!sameBookmarks(one, new Map()));
  });
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { readContact, readPrivacy } from '../../server/moving/contacts.ts';
import { readKeys } from '../../server/moving/credentials.ts';
import { readArchived, readWaiting } from '../../server/moving/messages.ts';
import { Person } from '../../server/moving/person.ts';
import { parseStanza } from '../../server/stream/parser.ts';
import { parseJid } from '../../server/xmpp/jid.ts';

const anna = new Person(parseJid('anna@new.test'), new Map([['old.test', 'new.test']]));
const NOW = Date.UTC(2026, 0, 1);

describe('keys of passwords (XEP-0227 §3.3)', () => {
  const base64 = (bytes: Buffer) => bytes.toString('base64');
  const key = (name: string, size: number) => createHash('sha512').update(name).digest().subarray(0, size);
  const keys = (mechanism: string, size: number, encode = base64, more: Record<string, string> = {}) => {
    const fields = {
      'iter-count': '4096',
      salt: encode(Buffer.from('salty')),
      'server-key': encode(key('server', size)),
      'stored-key': encode(key('stored', size)),
      ...more,
    };
    const inside = Object.entries(fields).map(([name, value]) => `<${name}>${value}</${name}>`);
    return readKeys(
      parseStanza(
        `<scram-credentials xmlns='urn:xmpp:pie:0#scram' mechanism='${mechanism}'>${inside.join('')}</scram-credentials>`,
      ),
    );
  };

  test('are kept as they are, also where they are wrapped once more, as ejabberd does', () => {
    const twice = (bytes: Buffer) => base64(Buffer.from(base64(bytes)));
    for (const [mechanism, size] of [
      ['SCRAM-SHA-1', 20],
      ['SCRAM-SHA-256', 32],
      ['SCRAM-SHA-512', 64],
    ] as const) {
      const wanted = {
        mechanism,
        iterations: 4_096,
        salt: Buffer.from('salty'),
        storedKey: key('stored', size),
        serverKey: key('server', size),
      };
      assert.deepEqual(keys(mechanism, size), wanted);
      assert.deepEqual(keys(mechanism, size, twice), wanted);
      assert.deepEqual(keys(`${mechanism}-PLUS`, size), wanted);
    }
  });

  test('are refused where they would be of no use, or would hold up the server', () => {
    for (const [found, why] of [
      [keys('SCRAM-SHA-3', 20), /form/],
      [keys('constructor', 20), /form/],
      [keys('SCRAM-SHA-1', 32), /damaged/],
      [keys('SCRAM-SHA-1', 20, base64, { salt: '' }), /damaged/],
      [keys('SCRAM-SHA-1', 20, base64, { salt: base64(Buffer.alloc(600)) }), /damaged/],
      [keys('SCRAM-SHA-1', 20, base64, { 'stored-key': 'no base64!' }), /damaged/],
      [keys('SCRAM-SHA-1', 20, base64, { 'iter-count': '9000000' }), /too often/],
      [keys('SCRAM-SHA-1', 20, base64, { 'iter-count': '0' }), /too often/],
      [keys('SCRAM-SHA-1', 20, base64, { 'iter-count': '1e6' }), /too often/],
    ] as const) {
      assert.match(String(found), why);
    }
  });
});

describe('messages', () => {
  const result = (message: string, stamp = '2024-05-06T07:08:09Z') =>
    parseStanza(
      `<result xmlns='urn:xmpp:mam:2' id='x'><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='${stamp}'/>${message}</forwarded></result>`,
    );
  const said = (attributes: string, more = '') =>
    `<message xmlns='jabber:client' ${attributes}><body>hi</body>${more}</message>`;

  test('of the archive are of today’s addresses, with their times, without ids of an archive that is gone', () => {
    const ids =
      "<stanza-id xmlns='urn:xmpp:sid:0' by='anna@old.test' id='1'/><archived xmlns='urn:xmpp:mam:tmp' by='anna@old.test' id='1'/>" +
      "<stanza-id xmlns='urn:xmpp:sid:0' by='room@rooms.test' id='2'/><origin-id xmlns='urn:xmpp:sid:0' id='3'/>";
    assert.deepEqual(readArchived(anna, result(said("from='ben@old.test/x' to='anna@old.test'", ids))), {
      time: Date.UTC(2024, 4, 6, 7, 8, 9),
      peer: 'ben@new.test',
      stanza:
        "<message from='ben@new.test/x' to='anna@new.test'><body>hi</body><stanza-id xmlns='urn:xmpp:sid:0' by='room@rooms.test' id='2'/><origin-id xmlns='urn:xmpp:sid:0' id='3'/></message>",
    });
    assert.deepEqual((readArchived(anna, result(said("to='ben@far.test'"))) as { peer: string }).peer, 'ben@far.test');
  });

  test('that are damaged, or of others, are named', () => {
    for (const [element, why] of [
      [result(said("from='a@b.test' to='c@d.test'")), /of others/],
      [result(said("from='@' to='anna@old.test'")), /address/],
      [result(said("from='a@b.test'"), 'yesterday'), /no time/],
      [result('<presence xmlns="jabber:client"/>'), /no message/],
      [parseStanza("<result xmlns='urn:xmpp:mam:2'/>"), /no message/],
    ] as const) {
      assert.match(String(readArchived(anna, element)), why);
    }
  });

  test('that wait say when they came, by the word of this domain from now on', () => {
    const text =
      "<message from='ben@old.test/x' to='anna@old.test'><body>hi</body><delay xmlns='urn:xmpp:delay' from='old.test' stamp='2024-05-06T07:08:09.5Z'>Offline</delay></message>";
    assert.deepEqual(readWaiting(anna, parseStanza(text), NOW), {
      time: Date.UTC(2024, 4, 6, 7, 8, 9, 500),
      peer: 'ben@new.test',
      stanza: text.replaceAll('old.test', 'new.test'),
    });
    assert.equal((readWaiting(anna, parseStanza("<message from='a@b.test'/>"), NOW) as { time: number }).time, NOW);
    assert.match(String(readWaiting(anna, parseStanza("<iq type='get'/>"), NOW)), /no message/);
  });
});

describe('contacts', () => {
  const contact = (xml: string) => readContact(anna, parseStanza(xml));

  test('keep name, groups and state; who stands for nobody is named', () => {
    const plain = {
      name: '',
      groups: [],
      subscription: 'none',
      ask: false,
      approved: false,
      listed: true,
      pendingIn: undefined,
    };
    assert.deepEqual(
      contact(
        "<item jid='Ben@old.test/x' name='B' subscription='to' ask='subscribe' approved='true'><group>G</group><group>G</group><group/></item>",
      ),
      {
        ...plain,
        jid: 'ben@new.test',
        name: 'B',
        groups: ['G'],
        subscription: 'to',
        approved: true,
      },
    );
    assert.deepEqual(contact("<item jid='x.test' ask='subscribe'/>"), { ...plain, jid: 'x.test', ask: true });
    for (const bad of [
      '<item/>',
      "<item jid='@'/>",
      "<item jid='anna@old.test'/>",
      "<item jid='a@b' subscription='remove'/>",
    ]) {
      assert.equal(typeof contact(bad), 'string', bad);
    }
  });

  test('whom a privacy list in force denies altogether is blocked; rules that say more are named (XEP-0016, XEP-0191)', () => {
    const item = (attributes: string, inside = '') => `<item ${attributes}>${inside}</item>`;
    const list = (name: string, ...items: string[]) => `<list name='${name}'>${items.join('')}</list>`;
    const read = (...lists: string[]) =>
      readPrivacy(anna, parseStanza(`<query xmlns='jabber:iq:privacy'><default name='d'/>${lists.join('')}</query>`));
    assert.deepEqual(
      read(
        list(
          'd',
          item("type='jid' value='spam@old.test' action='deny' order='2'"),
          item("type='jid' value='evil.test' action='deny' order='1'", '<message/><iq/>'),
          item("action='allow' order='99'"),
          item("type='jid' value='quiet@x.test' action='deny' order='3'", '<presence-in/>'),
          item("type='group' value='g' action='deny' order='4'"),
        ),
        list('other', item("type='jid' value='b@x.test' action='deny' order='1'")),
      ),
      {
        blocked: ['evil.test', 'spam@new.test'],
        left: [
          'a rule of a privacy list that is no block',
          'a rule of a privacy list that is no block',
          'a privacy list that was not in force',
        ],
      },
    );
    const excepted = list(
      'd',
      item("type='jid' value='friend@evil.test' action='allow' order='1'"),
      item("type='jid' value='evil.test' action='deny' order='2'"),
    );
    assert.deepEqual(read(excepted).blocked, []);
  });
});

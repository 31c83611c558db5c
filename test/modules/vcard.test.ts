import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { StorageError } from '../../server/storage/database.ts';
import { child, type Element, serialize, textOf } from '../../server/xmpp/element.ts';
import { PNG, pngOf } from '../support/pictures.ts';
import { openScene, type Scene } from '../support/scene.ts';

const JULIET = 'juliet@example.test';
const ROMEO = 'romeo@example.test';
const BY = { name: 'olga', door: 'panel' } as const;
const get = (to = ''): string => `<iq type='get'${to && ` to='${to}'`}><vCard xmlns='vcard-temp'/></iq>`;
const set = (inner: string, to = ''): string =>
  `<iq type='set'${to && ` to='${to}'`}><vCard xmlns='vcard-temp'>${inner}</vCard></iq>`;
const photo = (base64: string, type = 'image/png'): string =>
  `<PHOTO><TYPE>${type}</TYPE><BINVAL>${base64}</BINVAL></PHOTO>`;
const card = (answer: Element): Element => child(answer, 'vCard', 'vcard-temp')!;
const visible = (scene: Scene, value: string) =>
  scene.commands.options.set(BY, 'profile.visible', value, 'example.test');

/** XEP-0054, example 2, without its empty parts. */
const PETER = `<FN>Peter Saint-Andre</FN><N><FAMILY>Saint-Andre</FAMILY><GIVEN>Peter</GIVEN><MIDDLE/></N><NICKNAME>stpeter</NICKNAME><URL>http://www.xmpp.org/xsf/people/stpeter.shtml</URL><BDAY>1966-08-06</BDAY><ORG><ORGNAME>XMPP Standards Foundation</ORGNAME><ORGUNIT/></ORG><TEL><WORK/><VOICE/><NUMBER>303-308-3282</NUMBER></TEL><EMAIL><INTERNET/><PREF/><USERID>stpeter@jabber.org</USERID></EMAIL><DESC>More &lt;b&gt;about&lt;/b&gt; me</DESC>`;

describe('cards (XEP-0054)', () => {
  test('§3.2, §3.1: what was written is read again, word for word', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    assert.equal((await juliet.gets(set(PETER))).children.length, 0);
    const chamber = await scene.connect(`${JULIET}/chamber`);
    assert.equal(serialize(card(await chamber.gets(get()))), `<vCard xmlns='vcard-temp'>${PETER}</vCard>`);
    assert.equal(serialize(card(await chamber.gets(get(JULIET)))), `<vCard xmlns='vcard-temp'>${PETER}</vCard>`);
    await juliet.gets(set('<FN>J</FN>'));
    assert.equal(serialize(card(await chamber.gets(get()))), "<vCard xmlns='vcard-temp'><FN>J</FN></vCard>");
  });

  test('§3.1, §3.3: no card is item-not-found for oneself, and for others like an address that nobody has', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await scene.account(ROMEO);
    await juliet.isRefused(get(), 'item-not-found');
    const nothing = await juliet.isRefused(get(ROMEO), 'service-unavailable');
    const nobody = await juliet.isRefused(get('nobody@example.test'), 'service-unavailable');
    const errorOf = (one: Element): string => serialize(child(one, 'error')!);
    assert.equal(errorOf(nothing), errorOf(nobody));
  });

  test('who wrote none has the name that the administrator gave', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await scene.account(ROMEO);
    await scene.commands.accounts.setName(BY, 'example.test', 'romeo', 'Romeo <b>Montague</b>');
    const seen = card(await juliet.gets(get(ROMEO)));
    assert.equal(serialize(seen), "<vCard xmlns='vcard-temp'><FN>Romeo &lt;b&gt;Montague&lt;/b&gt;</FN></vCard>");
    const romeo = await scene.connect(`${ROMEO}/orchard`);
    await romeo.gets(set(photo(PNG)));
    assert.equal(textOf(child(card(await juliet.gets(get(ROMEO))), 'FN')), 'Romeo <b>Montague</b>');
    await romeo.gets(set('<FN>R. M.</FN>'));
    assert.equal(textOf(child(card(await juliet.gets(get(ROMEO))), 'FN')), 'R. M.');
  });

  test('XEP-0153 §4.5, §5: a photo comes back with the type that it really has', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await juliet.gets(set(`<FN>J</FN>${photo(`\n ${PNG.slice(0, 8)}\r\n ${PNG.slice(8)}`, 'text/html')}`));
    const seen = card(await juliet.gets(get()));
    assert.equal(serialize(child(seen, 'PHOTO')!), photo(PNG));
    await juliet.gets(set('<FN>J</FN>'));
    assert.equal(child(card(await juliet.gets(get())), 'PHOTO'), undefined);
  });

  test('§4: the domain and accounts say that they can, and the domain has a card', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    for (const to of ['example.test', JULIET]) {
      const info = await juliet.gets(
        `<iq type='get' to='${to}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
      );
      assert.match(serialize(info), /var='vcard-temp'/);
    }
    assert.equal(textOf(child(card(await juliet.gets(get('example.test'))), 'FN')), 'example.test');
    await juliet.isRefused(set('<FN>mine</FN>', 'example.test'), 'service-unavailable');
  });
});

describe('who may look at a card', () => {
  const STRANGER = 'eve@elsewhere.test';
  for (const [setting, contact, colleague, stranger] of [
    ['contacts', true, false, false],
    ['colleagues', true, true, false],
    ['everyone', true, true, true],
  ] as const) {
    test(`set to ‘${setting}’`, async (t) => {
      const scene = await openScene(t, { domains: ['example.test', 'elsewhere.test'] });
      const juliet = await scene.connect(`${JULIET}/balcony`);
      await juliet.gets(set('<FN>Juliet</FN>'));
      await visible(scene, setting);
      await scene.friends(ROMEO, JULIET, 'to');
      await scene.friends('tybalt@example.test', JULIET, 'from');
      for (const [who, may] of [
        [ROMEO, contact],
        ['tybalt@example.test', colleague],
        [STRANGER, stranger],
      ] as const) {
        const actor = await scene.connect(`${who}/x`);
        if (may) assert.equal(textOf(child(card(await actor.gets(get(JULIET))), 'FN')), 'Juliet');
        else await actor.isRefused(get(JULIET), 'service-unavailable');
      }
    });
  }

  test('the card of a disabled account is for contacts only', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await juliet.gets(set('<FN>Juliet</FN>'));
    await scene.friends(ROMEO, JULIET);
    const romeo = await scene.connect(`${ROMEO}/orchard`);
    const tybalt = await scene.connect('tybalt@example.test/street');
    await scene.commands.accounts.disable(BY, 'example.test', 'juliet');
    await romeo.gets(get(JULIET));
    await tybalt.isRefused(get(JULIET), 'service-unavailable');
  });

  test('attack: nobody writes the card of somebody else', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await juliet.gets(set('<FN>Juliet</FN>'));
    await scene.friends(ROMEO, JULIET);
    const romeo = await scene.connect(`${ROMEO}/orchard`);
    await romeo.isRefused(set('<FN>Fool</FN>', JULIET), 'service-unavailable');
    await romeo.isRefused(set('<FN>Fool</FN>', `${JULIET}`.toUpperCase()), 'service-unavailable');
    assert.equal(textOf(child(card(await juliet.gets(get())), 'FN')), 'Juliet');
    await romeo.isRefused(get(), 'item-not-found');
  });
});

describe('limits of a card', () => {
  test('attack: an oversized photo, an oversized card', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await juliet.gets(set(photo(pngOf(128 * 1024))));
    await juliet.isRefused(set(photo(pngOf(128 * 1024 + 1))), 'policy-violation');
    await juliet.isRefused(set(photo(`${PNG}${' '.repeat(300_000)}`)), 'policy-violation');
    await juliet.isRefused(set(`<DESC>${'x'.repeat(33_000)}</DESC>`), 'policy-violation');
    assert.equal(textOf(child(child(card(await juliet.gets(get())), 'PHOTO')!, 'BINVAL')), pngOf(128 * 1024));
  });

  test('attack (SECURITY 59): what is no image is no photo, whatever it says it is', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');
    for (const bad of [
      base64("<html><script>alert('x')</script></html>"),
      base64("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
      base64('\x89PNG'),
      base64('RIFF1234WAVEfmt '),
      'not base64 at all!',
      `${PNG}=`,
      PNG.slice(0, -1),
    ]) {
      await juliet.isRefused(set(photo(bad)), 'not-acceptable');
    }
    await juliet.isRefused(get(), 'item-not-found');
    for (const [bytes, type] of [
      ['\xff\xd8\xff\xe0 and so on', 'image/jpeg'],
      ['GIF89a and so on', 'image/gif'],
      ['RIFF\x10\0\0\0WEBPVP8 ', 'image/webp'],
    ] as const) {
      await juliet.gets(set(photo(base64(bytes), 'image/png')));
      assert.equal(textOf(child(child(card(await juliet.gets(get())), 'PHOTO')!, 'TYPE')), type);
    }
    await juliet.gets(set(`<FN>J</FN>${photo('')}`));
    assert.equal(child(card(await juliet.gets(get())), 'PHOTO'), undefined);
  });

  test('what is acknowledged is on the disk, and what could not be stored is not shown', async (t) => {
    const scene = await openScene(t, { mayFail: true });
    const juliet = await scene.comes(`${JULIET}/balcony`);
    scene.db.lag = 100;
    const done = juliet.sends(set('<FN>Juliet</FN>').replace('<iq', "<iq id='s1'"));
    for (let n = 0; n < 20; n++) await turn();
    assert.deepEqual(juliet.received, []);
    await done;
    scene.db.lag = 0;
    await juliet.receives("<iq type='result' id='s1'/>");
    const full = t.mock.method(scene.db, 'batch', () => Promise.reject(new StorageError('full', 'no room')));
    assert.equal((await juliet.asks(set(`<FN>No</FN>${photo(PNG)}`))).attrs.type, 'error');
    full.mock.restore();
    await juliet.sends('<presence/>');
    assert.doesNotMatch((await juliet.all()).map(serialize).join(''), /vcard-temp:x:update/);
    assert.equal(serialize(card(await juliet.gets(get()))), "<vCard xmlns='vcard-temp'><FN>Juliet</FN></vCard>");
  });

  test('who takes the name of somebody removed inherits nothing', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await juliet.gets(set(`<FN>Juliet</FN>${photo(PNG)}`));
    const { id } = await scene.account(JULIET);
    await scene.commands.accounts.remove(BY, 'example.test', 'juliet', JULIET);
    const { profiles } = scene.stores;
    assert.deepEqual(
      [await profiles.card(id), await profiles.photo(id), await profiles.mark(id)],
      [undefined, undefined, undefined],
    );
    const next = await scene.connect(`${JULIET}/balcony`);
    await next.isRefused(get(), 'item-not-found');
  });
});

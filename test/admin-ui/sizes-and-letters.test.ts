import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { slug } from '../../admin-ui/src/components/rooms/words.ts';
import { plainLetters } from '../../admin-ui/src/plain-letters.ts';
import { readSize, writeSize } from '../../admin-ui/src/size.ts';
import { sizeOf } from '../../server/cli/size.ts';

suite('sizes as people write them', () => {
  for (const [text, bytes] of [
    ['500 MB', 500e6],
    ['500mb', 500e6],
    [' 2 GB ', 2e9],
    ['1,5 GB', 1.5e9],
    ['1.5GB', 1.5e9],
    ['0,25 TB', 0.25e12],
  ] as const) {
    test(`“${text}” is ${bytes} bytes to the panel and to hallwayctl`, () => {
      assert.equal(readSize(text), bytes);
      assert.equal(sizeOf(text), bytes);
    });
  }

  for (const text of ['', '500', '0 MB', '1,500 MB', '-1 GB', '1 GiB', 'much', 'GB', '1.2.3 GB', '999999999 TB']) {
    test(`“${text}” is no size to either`, () => {
      assert.equal(readSize(text), undefined);
      assert.throws(() => sizeOf(text), /A size is written like/);
    });
  }

  test('what is shown for changing is what was set, in the language of the reader', () => {
    assert.equal(writeSize(1.5e9, 'de'), '1,5 GB');
    assert.equal(writeSize(1.5e9, 'en'), '1.5 GB');
    assert.equal(writeSize(500e6, 'en'), '500 MB');
    assert.equal(writeSize(2048e6, 'en'), '2048 MB');
    assert.equal(writeSize(1, 'en'), '0.01 MB', 'never nothing, which would be no limit');
    for (const bytes of [1e6, 1_230_000, 999e6, 1e9, 10e12]) assert.equal(readSize(writeSize(bytes, 'de')), bytes);
  });
});

suite('addresses that are proposed', () => {
  test('umlauts are spelt out, however they were typed; other marks fall away', () => {
    assert.equal(plainLetters('Jörg Müßig-Ägidi ÜBEL'), 'joerg muessig-aegidi uebel');
    assert.equal(plainLetters('Jörg'.normalize('NFD')), 'joerg');
    assert.equal(plainLetters('René Čapek GROẞ'), 'rene capek gross');
    assert.equal(slug('Büro & Küche'), 'buero-kueche');
    assert.equal(slug('Übung 2 — Отдел'), 'uebung-2-отдел');
  });
});

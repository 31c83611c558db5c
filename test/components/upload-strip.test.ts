import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Refusal } from '../../server/components/upload/refusal.ts';
import { Stripper } from '../../server/components/upload/strip.ts';
import { temporary } from '../storage/support.ts';
import { exif, filmInPieces, filmWithPlace, jpegWithPlace, pngWithPlace, webpWithPlace } from '../support/photos.ts';
import { openUploads } from '../support/uploads.ts';

/** Latitude and longitude as EXIF has them. */
const PLACE = exif().subarray(-48);
const has = (file: Buffer): boolean => file.includes(PLACE) || file.includes('+45.4420+010.9986/');

describe('taking the place out of photos', { timeout: 60_000 }, () => {
  for (const [title, photo] of [
    ['JPEG', jpegWithPlace()],
    ['PNG', pngWithPlace()],
    ['WebP', webpWithPlace()],
    ['film (MP4)', filmWithPlace()],
  ] as const) {
    test(`${title}: the place goes, the picture stays byte for byte, and upright`, async (t) => {
      assert.ok(has(photo), 'or there is nothing to show');
      const path = join(await temporary(t), 'photo');
      await writeFile(path, photo);
      await new Stripper().clean(path);
      const clean = await readFile(path);
      assert.ok(!has(clean));
      const image = {
        JPEG: photo.subarray(photo.indexOf('\xff\xdb', 0, 'latin1')),
        PNG: photo.subarray(photo.indexOf('IDAT')),
        WebP: photo.subarray(photo.indexOf('VP8 '), photo.indexOf('EXIF')),
      };
      const kept = image[title as 'JPEG'] ?? Buffer.alloc(1_000, 1);
      assert.ok(clean.includes(kept));
      if (title === 'JPEG') assert.ok(clean.includes('ICC_PROFILE'), 'its colours stay what they are');
      if (title !== 'film (MP4)')
        assert.ok(
          clean.includes(Buffer.from([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6])) ||
            clean.includes(Buffer.from([0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0])),
          'it is still shown upright',
        );
    });
  }

  test('what no camera made stays as it is: texts, what is encrypted, what is empty', async (t) => {
    const folder = await temporary(t);
    for (const content of [
      Buffer.from('GPS'),
      randomBytes(5_000),
      Buffer.alloc(0),
      Buffer.from('%PDF-1.7'),
      Buffer.from('<svg/>'),
    ]) {
      const path = join(folder, 'file');
      await writeFile(path, content);
      await new Stripper().clean(path);
      assert.ok((await readFile(path)).equals(content));
    }
  });

  test('a photo that cannot be understood is refused, a film is kept as it is', async (t) => {
    const folder = await temporary(t);
    const path = join(folder, 'file');
    await writeFile(path, jpegWithPlace().subarray(0, 60));
    await assert.rejects(new Stripper().clean(path), (error: Refusal) => {
      assert.deepEqual(
        [error.status, error.message],
        [422, 'Where this photo was made could not be taken out of it: it is damaged.'],
      );
      return error instanceof Refusal;
    });
    await writeFile(path, filmInPieces());
    await new Stripper().clean(path);
    assert.ok((await readFile(path)).equals(filmInPieces()));
    assert.deepEqual(await readdir(folder), ['file'], 'nothing else is left');
  });

  test('a photo that needs too much memory or time is refused, and nothing is left', async (t) => {
    const folder = await temporary(t);
    const path = join(folder, 'file');
    await writeFile(path, jpegWithPlace());
    for (const limits of [{ memory: 384 * 1024, ms: 30 }]) {
      await assert.rejects(new Stripper(limits).clean(path), { status: 422, message: /too much work/ });
    }
    await assert.rejects(new Stripper({ memory: 20_000, ms: 20_000 }).clean(path));
    assert.deepEqual(await readdir(folder), ['file']);
  });

  test('a name like an option or a command is never given to the program', async (t) => {
    const uploads = await openUploads(t, { clean: () => (path) => new Stripper().clean(path) });
    const link = await uploads.has(jpegWithPlace(), { name: '-config evil; $(touch x).jpg', type: 'image/jpeg' });
    assert.ok(!has((await uploads.get(link)).body));
  });

  test('is done before anybody can have the file, many at once; length and quota are those of the clean one', async (t) => {
    const stripper = new Stripper();
    const uploads = await openUploads(t, {
      clean: (domain) => (domain === 'example.test' ? (path) => stripper.clean(path) : undefined),
    });
    const photo = jpegWithPlace();
    const links = await Promise.all(Array.from({ length: 5 }, () => uploads.has(photo, { type: 'image/jpeg' })));
    let bytes = 0;
    for (const link of links) {
      const { body, headers } = await uploads.get(link);
      assert.ok(!has(body));
      assert.equal(headers['content-length'], String(body.length));
      bytes += body.length;
    }
    assert.deepEqual(await uploads.house.stores.uploads.use(uploads.account.id), { files: 5, bytes });
    const elsewhere = await uploads.has(photo, { domain: 'other.test', type: 'image/jpeg' });
    assert.ok((await uploads.get(elsewhere)).body.equals(photo), 'switched off, nothing is changed');
    const { put } = await uploads.slot(60);
    const refused = await uploads.put(put, photo.subarray(0, 60));
    assert.deepEqual(
      [refused.status, refused.text],
      [422, 'Where this photo was made could not be taken out of it: it is damaged.\n'],
    );
    assert.equal((await uploads.onDisk()).length, 6);
  });
});

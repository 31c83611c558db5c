import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Fleeting } from '../../server/components/upload/fleeting.ts';
import { fileName, mediaType } from '../../server/components/upload/name.ts';
import { uploadOptions } from '../../server/components/upload/options.ts';
import { Slots, type Wish } from '../../server/components/upload/slots.ts';
import { OptionValues } from '../../server/host/option-values.ts';
import type { FileFolder } from '../../server/storage/file-folder.ts';
import { house } from '../storage/stores/support.ts';

const MINUTE = 60_000;

async function open(t: Parameters<typeof house>[0]) {
  const stores = await house(t);
  const clock = { now: 1_000_000 };
  const disk = { free: 1e12, begun: 0 };
  const folder = {
    free: () => Promise.resolve(disk.free),
    get begun() {
      return disk.begun;
    },
  } as unknown as FileFolder;
  const options = new OptionValues(stores.settings, uploadOptions);
  const slots = new Slots({ stores, folder, options, now: () => clock.now });
  const wish = (account: number, more: Partial<Wish> = {}): Wish => ({
    account,
    domain: 'office.test',
    name: 'a.txt',
    type: '',
    bytes: 10,
    purpose: 'message',
    expiresAt: undefined,
    ...more,
  });
  return { stores, clock, slots, wish, disk };
}

describe('promises to take a file', () => {
  test('are secrets of 144 bits, one to put and another to have', async (t) => {
    const { slots, wish } = await open(t);
    const one = await slots.grant(wish(1));
    const other = await slots.grant(wish(1));
    const all = [one.put, one.get, other.put, other.get];
    assert.equal(new Set(all).size, 4);
    for (const secret of all) assert.equal(Buffer.from(secret, 'base64url').length, 18);
  });

  test('hold for five minutes, or as long as somebody is at it', async (t) => {
    const { slots, clock, wish } = await open(t);
    const { put } = await slots.grant(wish(1));
    clock.now += 5 * MINUTE;
    const slot = slots.take(put);
    assert.ok(typeof slot === 'object');
    clock.now += 60 * MINUTE;
    assert.equal(slots.take(put), 'busy');
    await slots.grant(wish(1)); // tidies up
    assert.equal(slots.take(put), 'busy');
    slots.retry(slot);
    assert.equal(slots.take(put), undefined, 'its time is over');
  });

  test('can be used again when the upload failed, and not when it did not', async (t) => {
    const { slots, wish } = await open(t);
    const { put } = await slots.grant(wish(1));
    const slot = slots.take(put);
    assert.ok(typeof slot === 'object');
    slots.retry(slot);
    assert.equal(slots.take(put), slot);
    slots.drop(put);
    assert.equal(slots.take(put), undefined);
  });

  test('fifty of one person, ten thousand of all, are open at once; those given up count no more', async (t) => {
    const { slots, clock, wish } = await open(t);
    for (let i = 0; i < 50; i++) await slots.grant(wish(1));
    const refused = { condition: 'resource-constraint', message: 'Finish the files that are under way first.' };
    await assert.rejects(slots.grant(wish(1)), refused);
    await slots.grant(wish(2));
    for (let i = 51; i < 10_000; i++) await slots.grant(wish(Math.floor(i / 50) + 10));
    await assert.rejects(slots.grant(wish(3)), refused);
    clock.now += 5 * MINUTE + 1;
    await slots.grant(wish(1));
    await slots.grant(wish(3));
  });

  test('what has come of a promised file is not held against the disk twice', async (t) => {
    const { slots, wish, disk } = await open(t);
    disk.free = 1_300e6; // of which a thousand are to stay free
    await slots.grant(wish(1, { bytes: 200e6 }));
    await assert.rejects(slots.grant(wish(2, { bytes: 200e6 })), /nearly full/);
    await slots.grant(wish(2, { bytes: 100e6 }));
    Object.assign(disk, { free: 1_150e6, begun: 150e6 });
    await assert.rejects(slots.grant(wish(3, { bytes: 1 })), /nearly full/);
    Object.assign(disk, { free: 1_250e6, begun: 150e6 }); // somebody made space
    await slots.grant(wish(3, { bytes: 100e6 }));
  });

  test('files that live for a second count for the limit of the day all the same', async (t) => {
    const { slots, clock, wish } = await open(t);
    const fleeting = () => wish(1, { bytes: 240e6, purpose: 'ephemeral', expiresAt: clock.now + 1_000 });
    for (let i = 0; i < 8; i++) {
      const { put } = await slots.grant(fleeting());
      slots.take(put);
      slots.drop(put);
      clock.now += MINUTE;
    }
    await assert.rejects(slots.grant(fleeting()), /You may upload 2000 MB in 24 hours/);
    await slots.grant({ ...fleeting(), account: 2 });
    clock.now += 24 * 60 * MINUTE;
    await slots.grant(fleeting());
    const many = new Fleeting();
    for (let i = 0; i < 2_000; i++) many.add(1, 1, i, 5_000);
    assert.equal(many.bytes(1, 4_999), 0);
    assert.equal(many.bytes(1, 5_000), 2_000, 'none is forgotten, however many');
  });

  test('one person uploads twenty at once, and others meanwhile', async (t) => {
    const { slots, wish } = await open(t);
    const taken = [];
    for (let i = 0; i < 20; i++) taken.push(slots.take((await slots.grant(wish(1))).put));
    const { put } = await slots.grant(wish(1));
    assert.equal(slots.take(put), 'many');
    assert.equal(typeof slots.take((await slots.grant(wish(2))).put), 'object');
    const [first] = taken;
    assert.ok(typeof first === 'object');
    slots.retry(first);
    assert.equal(typeof slots.take(put), 'object');
  });

  test('of two that ask at once for the last place, one gets it', async (t) => {
    const { slots, wish } = await open(t);
    const asked = await Promise.allSettled([
      slots.grant(wish(1, { bytes: 200e6 })),
      slots.grant(wish(1, { bytes: 200e6 })),
    ]);
    assert.deepEqual(
      asked.map(({ status }) => status),
      ['fulfilled', 'fulfilled'],
      'both fit',
    );
    const many = await Promise.allSettled(Array.from({ length: 12 }, () => slots.grant(wish(2, { bytes: 240e6 }))));
    assert.equal(many.filter(({ status }) => status === 'fulfilled').length, 8, 'of 2 GB in a day');
  });
});

describe('the name of a file', () => {
  test('is what people may see, without a path or what hides how it ends', () => {
    for (const [said, name] of [
      ['très cool.jpg', 'très cool.jpg'],
      ['../../etc/passwd', 'passwd'],
      ['C:\\Users\\j\\photo.png', 'photo.png'],
      ['gpj.\u202eexe', 'gpj.exe'],
      ['a\r\nb\0c.txt', 'abc.txt'],
      ['\ud800.txt', '\ufffd.txt'],
      ['..', ''],
      ['/', ''],
      ['\u200b', ''],
      ['.bashrc', '.bashrc'],
    ] as const)
      assert.equal(fileName(said), name, JSON.stringify(said));
  });

  test('has 255 bytes at most, and keeps its ending', () => {
    for (const stem of ['a', 'é', '名', '🌹', 'e\u0301']) {
      const name = fileName(`${stem.repeat(600)}.jpeg`);
      assert.ok(Buffer.byteLength(name) <= 255 && Buffer.byteLength(name) > 245, `${Buffer.byteLength(name)}`);
      assert.ok(name.endsWith('.jpeg') && name.isWellFormed());
    }
    assert.ok(Buffer.byteLength(fileName(`a.${'名'.repeat(300)}`)) <= 255);
  });

  test('a media type is read without its parameters, and is none when it is odd', () => {
    assert.equal(mediaType('Image/PNG; q=1'), 'image/png');
    for (const odd of [
      '',
      'image',
      'image/',
      '/png',
      'image/png/x',
      'image/p ng',
      'image/png\r\nx: y',
      `image/${'x'.repeat(70)}`,
    ])
      assert.equal(mediaType(odd), '', odd);
  });
});

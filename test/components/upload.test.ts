import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { describe, test } from 'node:test';
import {
  filesADay,
  filesAddress,
  filesOfAll,
  filesOfOne,
  largestFile,
  leftFree,
  uploadOn,
} from '../../server/components/upload/options.ts';
import { FileFolder } from '../../server/storage/file-folder.ts';
import { child, type Element, elements, serialize, textOf } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import { openScene, type Scene } from '../support/scene.ts';

const UPLOAD = 'upload.example.test';
const NS = 'urn:xmpp:http:upload:0';
const STANZAS = 'urn:ietf:params:xml:ns:xmpp-stanzas';
const PURPOSE = "xmlns='urn:xmpp:http:upload:purpose:0'";

const request = (attrs: string, inner = '', to = UPLOAD): string =>
  `<iq type='get' to='${to}'><request xmlns='${NS}' ${attrs}>${inner}</request></iq>`;
const sized = (bytes: number, inner = ''): string => request(`filename='a.jpg' size='${bytes}'`, inner);
const disco = (to = UPLOAD): string =>
  `<iq type='get' to='${to}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`;

interface Refused {
  readonly type: string;
  readonly condition: string;
  readonly text: string;
  /** What XEP-0363 adds, as XML; the time of a `retry` apart. */
  readonly detail: string;
  readonly retry: number | undefined;
}

function refusalOf(answer: Element): Refused {
  const error = child(answer, 'error', answer.attrs.xmlns)!;
  const detail = elements(error).find(({ attrs }) => attrs.xmlns === NS);
  const condition = elements(error).find(({ name, attrs }) => attrs.xmlns === STANZAS && name !== 'text')!;
  const stamp = detail?.name === 'retry' ? detail.attrs.stamp : undefined;
  if (stamp !== undefined) assert.match(stamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, 'XEP-0082, in UTC');
  return {
    type: error.attrs.type,
    condition: condition.name,
    text: textOf(child(error, 'text', STANZAS)),
    detail: detail === undefined || stamp !== undefined ? '' : serialize(detail),
    retry: stamp === undefined ? undefined : Date.parse(stamp),
  };
}

/** One that somebody has already. */
async function stored(scene: Scene, jid: string, bytes: number, createdAt = Date.now()): Promise<void> {
  const account = await scene.account(jid);
  const n = String(createdAt + Math.floor(bytes))
    .padStart(30, '0')
    .slice(-30);
  const row = {
    file: `ab/${n}`,
    account: account.id,
    name: 'a',
    type: '',
    bytes,
    purpose: 'message',
    createdAt,
    expiresAt: undefined,
  } as const;
  assert.ok(await scene.stores.uploads.add(`token ${n}`, row));
}

async function juliet(
  t: Parameters<typeof openScene>[0],
  options: Parameters<typeof openScene>[1] = {},
): Promise<{ scene: Scene; juliet: Actor }> {
  const scene = await openScene(t, options);
  return { scene, juliet: await scene.connect('juliet@example.test/phone') };
}

function linksOf(answer: Element): { put: string; get: string } {
  const slot = child(answer, 'slot', NS)!;
  assert.deepEqual(
    elements(slot).map(({ name }) => name),
    ['put', 'get'],
  );
  return { put: child(slot, 'put')!.attrs.url, get: child(slot, 'get')!.attrs.url };
}

describe('HTTP File Upload (XEP-0363)', () => {
  test('§3: is found among the services, and says how large a file may be', async (t) => {
    const { scene, juliet: her } = await juliet(t);
    const services = await her.gets(
      "<iq type='get' to='example.test'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
    );
    assert.match(serialize(services), new RegExp(`jid='${UPLOAD}'`));
    const info = serialize(await her.gets(disco()));
    assert.match(info, /<identity category='store' type='file' name='HTTP File Upload'\/>/);
    assert.match(info, /<feature var='urn:xmpp:http:upload:0'\/>/);
    const form = (bytes: number) =>
      `<value>urn:xmpp:http:upload:0</value></field><field var='max-file-size'><value>${bytes}</value></field>`;
    assert.ok(info.includes(form(250_000_000)), info);
    await scene.house.options.set(largestFile, 'example.test', 7);
    assert.ok(serialize(await her.gets(disco())).includes(form(7_000_000)));
  });

  test('§4: gives a place to put a file and the link to it, with its name', async (t) => {
    const { juliet: her } = await juliet(t);
    const slot = linksOf(
      await her.gets(request("filename='très cool &amp; &apos;%.jpg' size='23456' content-type='image/jpeg'")),
    );
    const name = "tr%C3%A8s%20cool%20%26%20'%25.jpg";
    assert.match(slot.put, /^https:\/\/chat\.example\.test\/upload\/[\w-]{24}\//);
    assert.match(slot.get, /^https:\/\/chat\.example\.test\/file\/[\w-]{24}\//);
    for (const url of [slot.put, slot.get]) assert.ok(url.endsWith(name), url);
    assert.notEqual(slot.put.split('/')[4], slot.get.split('/')[4], 'who has the link may not put');
  });

  test('§4: what is no request is refused: no name, no size, no number, nothing to upload', async (t) => {
    const { juliet: her } = await juliet(t);
    for (const [attrs, text] of [
      ["size='5'", 'The file has no name.'],
      ["filename='' size='5'", 'The file has no name.'],
      ["filename='../..' size='5'", 'The file has no name.'],
      ["filename='a'", 'The size is a number of bytes, at least one.'],
      ...['0', '-1', '1e3', '0x10', '5.5', ' 5', '9'.repeat(16), '٣', ''].map(
        (size) => [`filename='a' size='${size}'`, 'The size is a number of bytes, at least one.'] as const,
      ),
    ] as const) {
      const refused = refusalOf(await her.isRefused(request(attrs), 'bad-request'));
      assert.deepEqual([refused.type, refused.text], ['modify', text], attrs);
    }
  });

  test('§4: what is asked at another address, or in another way, is nobody’s', async (t) => {
    const { juliet: her } = await juliet(t);
    await her.isRefused(request("filename='a' size='5'", '', `x@${UPLOAD}`), 'item-not-found');
    await her.isRefused(request("filename='a' size='5'").replace("type='get'", "type='set'"), 'service-unavailable');
    await her.isRefused(request("filename='a' size='5'").replace(NS, 'urn:xmpp:http:upload'), 'service-unavailable');
  });

  test('§4.1: what a file is for: messages, profiles, or only until a time', async (t) => {
    const { juliet: her } = await juliet(t);
    const info = serialize(await her.gets(disco()));
    for (const one of ['message', 'profile', 'ephemeral'])
      assert.match(info, new RegExp(`var='urn:xmpp:http:upload:purpose:0#${one}'`));
    assert.doesNotMatch(info, /#permanent/, 'nothing here is promised to stay for ever');
    for (const one of ['message', 'profile', 'permanent']) await her.gets(sized(5, `<${one} ${PURPOSE}/>`));
    const soon = new Date(Date.now() + 60_000).toISOString();
    await her.gets(sized(5, `<ephemeral ${PURPOSE} expire-before='${soon}'/>`));
  });

  test('§4.1.3: a time that is over, is none or is missing is refused', async (t) => {
    const { juliet: her } = await juliet(t);
    for (const time of ["expire-before='2020-01-01T00:00:00Z'", "expire-before='tomorrow'", '']) {
      const refused = refusalOf(await her.isRefused(sized(5, `<ephemeral ${PURPOSE} ${time}/>`), 'bad-request'));
      assert.equal(refused.type, 'modify', time);
    }
  });

  test('§5: too large: not-acceptable, with the largest size', async (t) => {
    const { scene, juliet: her } = await juliet(t);
    await scene.house.options.set(largestFile, 'example.test', 20);
    await her.gets(sized(20_000_000));
    assert.deepEqual(refusalOf(await her.isRefused(sized(20_000_001), 'not-acceptable')), {
      type: 'modify',
      condition: 'not-acceptable',
      text: 'A file may have 20 MB at most.',
      detail: `<file-too-large xmlns='${NS}'><max-file-size>20000000</max-file-size></file-too-large>`,
      retry: undefined,
    });
  });

  test('§5: the limit of a day: resource-constraint to wait for, with the time when the first file is a day old', async (t) => {
    const { scene, juliet: her } = await juliet(t);
    await scene.house.options.set(filesADay, 'example.test', 100);
    const hours = 3_600_000;
    const first = Date.now() - 5 * hours;
    await stored(scene, 'juliet@example.test', 900e6, Date.now() - 25 * hours);
    await stored(scene, 'juliet@example.test', 60e6, first);
    await her.gets(sized(40_000_000));
    await scene.house.options.set(filesADay, 'example.test', 90);
    const later = refusalOf(await her.isRefused(sized(40_000_000), 'resource-constraint'));
    assert.deepEqual(
      { ...later, retry: 0 },
      {
        type: 'wait',
        condition: 'resource-constraint',
        text: 'You may upload 90 MB in 24 hours.',
        detail: '',
        retry: 0,
      },
    );
    assert.ok(Math.abs(later.retry! - (first + 24 * hours)) < 1_000);
    const never = refusalOf(await her.isRefused(sized(91_000_000), 'resource-constraint'));
    assert.deepEqual(
      [never.text, never.retry],
      ['You may upload 90 MB in 24 hours.', undefined],
      'waiting would not help',
    );
    const romeo = await scene.connect('romeo@example.test/phone');
    await romeo.gets(sized(80_000_000));
    await scene.house.options.set(filesADay, 'example.test', 0);
    await her.gets(sized(91_000_000));
  });

  test('§5: what is promised and not there yet counts, and is a matter of minutes', async (t) => {
    const { scene, juliet: her } = await juliet(t);
    await scene.house.options.set(filesADay, 'example.test', 100);
    await her.gets(sized(60_000_000));
    for (const option of [filesADay, filesOfOne]) {
      await scene.house.options.set(filesADay, 'example.test', 0);
      await scene.house.options.set(option, 'example.test', 100);
      const wait = refusalOf(await her.isRefused(sized(60_000_000), 'resource-constraint'));
      assert.deepEqual([wait.type, wait.text], ['wait', 'Finish the files that are under way first.'], option.key);
      assert.ok(wait.retry! > Date.now() && wait.retry! < Date.now() + 120_000);
    }
  });

  test('§5: what one person may have in all: says how much that is and who can help', async (t) => {
    const { scene, juliet: her } = await juliet(t);
    await stored(scene, 'juliet@example.test', 99e6, 1_000);
    await scene.house.options.set(filesOfOne, 'example.test', 100);
    await her.gets(sized(1_000_000));
    assert.deepEqual(refusalOf(await her.isRefused(sized(2_000_000), 'resource-constraint')), {
      type: 'wait',
      condition: 'resource-constraint',
      text: 'You may have 100 MB of files here, and have 99 MB. An administrator can delete old ones.',
      detail: '',
      retry: undefined,
    });
    await scene.house.options.set(filesOfOne, 'example.test', 0);
    await her.gets(sized(2_000_000));
  });

  test('§5: what was decided for one person apart holds before what holds for everybody', async (t) => {
    const { scene, juliet: her } = await juliet(t);
    const by = { name: 'olga', door: 'panel' } as const;
    await stored(scene, 'juliet@example.test', 99e6, 1_000);
    await scene.house.options.set(filesOfOne, 'example.test', 100);
    await scene.commands.quotas.setFiles(by, 'example.test', 'juliet', 200_000_000);
    await her.gets(sized(2_000_000));
    await scene.commands.quotas.setFiles(by, 'example.test', 'juliet', 50_000_000);
    const { text } = refusalOf(await her.isRefused(sized(1), 'resource-constraint'));
    assert.match(text, /You may have 50 MB/);
    await scene.commands.quotas.setFiles(by, 'example.test', 'juliet', null);
    await her.isRefused(sized(2_000_000), 'resource-constraint');
  });

  test('§5: what all may have together', async (t) => {
    const { scene, juliet: her } = await juliet(t);
    await stored(scene, 'romeo@example.test', 990e6);
    await scene.house.options.set(filesOfAll, '', 1);
    await her.gets(sized(10_000_000));
    const refused = refusalOf(await her.isRefused(sized(1), 'resource-constraint'));
    assert.deepEqual(
      [refused.type, refused.text, refused.retry],
      ['wait', 'The space for files on this server is used up. Tell an administrator.', undefined],
    );
  });

  test('§5: what is to be left free on the disk is left: files are refused, messages go on', async (t) => {
    const disk = new FileFolder(tmpdir());
    t.mock.method(disk, 'free', () => Promise.resolve(2_000_000_000));
    const { scene, juliet: her } = await juliet(t, { folder: disk });
    await scene.house.options.set(leftFree, '', 2);
    const refused = refusalOf(await her.isRefused(sized(1), 'resource-constraint'));
    assert.deepEqual(
      [refused.type, refused.text],
      ['wait', 'The disk of this server is nearly full. Tell an administrator.'],
    );
    const romeo = await scene.comes('romeo@example.test/phone');
    await her.sends("<message to='romeo@example.test' type='chat'><body>still here</body></message>");
    await romeo.receives("<message type='chat'><body>still here</body></message>");
    await scene.house.options.set(leftFree, '', 1);
    await her.gets(sized(200_000_000));
    await her.gets(sized(200_000_000));
  });

  test('§5: not so many at once: says when to ask again', async (t) => {
    const { juliet: her } = await juliet(t);
    for (let i = 0; i < 100; i++) await her.asks(sized(1));
    const refused = refusalOf(await her.isRefused(sized(1), 'resource-constraint'));
    assert.deepEqual([refused.type, refused.text], ['wait', 'Not so many at once, please.']);
    assert.ok(refused.retry! < Date.now() + 5_000);
  });

  test('§5: people of other domains, components and nobody are forbidden', async (t) => {
    const { scene, juliet: her } = await juliet(t, { domains: ['example.test', 'other.test'] });
    const tybalt = await scene.connect('tybalt@other.test/phone');
    const refused = refusalOf(await tybalt.isRefused(sized(1), 'forbidden'));
    assert.deepEqual([refused.type, refused.text], ['auth', 'Files are taken from people of this server only.']);
    await tybalt.gets(sized(1).replace(UPLOAD, 'upload.other.test'));
    await her.isRefused(sized(1).replace(UPLOAD, 'upload.other.test'), 'forbidden');
  });

  test('§5: who is locked out gets no place, also when they ask at that moment', async (t) => {
    const { scene, juliet: her } = await juliet(t);
    await scene.stores.accounts.setStatus(await scene.account('juliet@example.test'), 'disabled');
    const refused = refusalOf(await her.isRefused(sized(1), 'forbidden'));
    assert.equal(refused.type, 'auth');
  });

  test('switched off, there is no such service, and switched on it is back', async (t) => {
    const { scene, juliet: her } = await juliet(t);
    await scene.house.options.set(uploadOn, 'example.test', false);
    await her.isRefused(sized(1), 'service-unavailable');
    await her.isRefused(disco(), 'service-unavailable');
    const services = await her.gets(
      "<iq type='get' to='example.test'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
    );
    assert.doesNotMatch(serialize(services), new RegExp(UPLOAD));
    await scene.house.options.set(uploadOn, 'example.test', true);
    await her.gets(sized(1));
  });

  test('the address of the links is an address of HTTPS with nothing after it', () => {
    for (const right of ['', 'https://chat.example.com', 'https://chat.example.com/', 'https://chat.example.com:5281'])
      assert.equal(filesAddress.wrong?.(right), undefined, right);
    for (const wrong of [
      'http://chat.example.com',
      'chat.example.com',
      'https://x/y',
      'https://u:p@x',
      'https://x?y',
      'javascript:1',
    ])
      assert.match(filesAddress.wrong?.(wrong) ?? '', /Write it like/, wrong);
  });
});

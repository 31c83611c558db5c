import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Appliance } from '../support/appliance.ts';
import { without } from '../support/packages.ts';
import { XmppClient } from '../support/xmpp-client.ts';

const sha = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** The links of a slot, or what it is refused with. */
async function slot(client: XmppClient, bytes: number, name = 'a.bin') {
  const id = randomBytes(4).toString('hex');
  client.send(
    `<iq type='get' id='${id}' to='upload.example.test'><request xmlns='urn:xmpp:http:upload:0' filename='${name}' size='${bytes}'/></iq>`,
  );
  const answer = await client.next((one) => one.name === 'iq' && one.attrs.id === id);
  const url = (name: string): string => answer.getChild('slot')?.getChild(name)?.attrs.url ?? '';
  return { put: url('put'), get: url('get'), refused: answer.getChild('error')?.getChildText('text') ?? '' };
}

async function curl(
  args: readonly string[],
  input: Buffer = Buffer.alloc(0),
): Promise<{ status: number; body: Buffer }> {
  const child = spawn('/usr/bin/curl', ['-q', '-s', '-k', '--max-time', '30', '-w', '%{stderr}%{http_code}', ...args], {
    stdio: 'pipe',
  });
  const parts: Buffer[] = [];
  let status = '';
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  child.stderr.on('data', (part) => {
    status += part;
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  await once(child, 'close');
  return { status: Number(status), body: Buffer.concat(parts) };
}
const put = (url: string, content: Buffer) =>
  curl(
    ['-T', '-', '-H', `content-length: ${content.length}`, '-H', 'transfer-encoding:', '-H', 'expect:', url],
    content,
  );

async function onDisk({ data }: Appliance): Promise<string[]> {
  const entries = await readdir(join(data, 'uploads'), { recursive: true, withFileTypes: true });
  return entries
    .filter((one) => one.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(data.length + 9));
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 250; i++) {
    if (await holds()) return;
    await sleep(100);
  }
  assert.fail(`waited in vain: ${what}`);
}

/** Begins an upload and stops in the middle. */
async function begin(url: string, length: number, first: Buffer) {
  const sent = request(url, { method: 'PUT', rejectUnauthorized: false, headers: { 'content-length': length } });
  sent.on('error', () => undefined);
  await new Promise<void>((resolve) => sent.write(first, () => resolve()));
  return sent;
}

describe('files and the whole server', { skip: without('curl'), timeout: 150_000 }, () => {
  let appliance: Appliance;
  before(async () => {
    appliance = await Appliance.start();
    for (const name of ['juliet', 'romeo', 'tybalt']) await appliance.addPerson(name, 'a password');
  });
  after(() => appliance[Symbol.asyncDispose]());
  const login = (name: string) => XmppClient.login(appliance, name, 'a password');

  it('killed right after 201: the file is there, whole; killed in the middle: nothing of it is', async () => {
    for (let round = 0; round < 3; round++) {
      const client = await login('juliet');
      const content = randomBytes(1_000_000 + round);
      const whole = await slot(client, content.length);
      const half = await slot(client, 5_000_000);
      const sending = await begin(half.put, 5_000_000, randomBytes(1_000_000));
      await until('the upload has begun', async () =>
        (await onDisk(appliance)).some((name) => name.startsWith('unfinished/')),
      );
      const sent = request(whole.put, {
        method: 'PUT',
        rejectUnauthorized: false,
        headers: { 'content-length': content.length },
      });
      sent.end(content);
      const [{ statusCode }] = (await once(sent, 'response')) as [{ statusCode: number }];
      appliance.abandon();
      await appliance.kill();
      assert.equal(statusCode, 201);
      sending.destroy();
      client.cut();
      await appliance.start();
      const path = new URL(whole.get).pathname;
      const had = await curl([appliance.panel + path]);
      assert.deepEqual([had.status, sha(had.body)], [200, sha(content)], `round ${round}`);
      assert.equal((await curl([appliance.panel + new URL(half.get).pathname])).status, 404);
      assert.equal((await onDisk(appliance)).length, round + 1);
    }
  });

  it('an account that is removed for good takes its files off the disk', async () => {
    await using client = await login('tybalt');
    const { put: where, get } = await slot(client, 5);
    const before = (await onDisk(appliance)).length;
    assert.equal((await put(where, Buffer.from('12345'))).status, 201);
    assert.equal((await onDisk(appliance)).length, before + 1);
    const removed = await appliance.ctl(['user', 'delete', 'tybalt@example.test', '--yes', '--now']);
    assert.equal(removed.code, 0, removed.stderr);
    assert.equal((await curl([get])).status, 404);
    await until('the file is off the disk', async () => (await onDisk(appliance)).length === before);
  });

  it('an administrator finds the file of a link from a room, and deletes it: the link leads nowhere, and the disk is free', async () => {
    await using client = await login('juliet');
    const room = 'garden@conference.example.test';
    const made = await appliance.ctl(['room', 'create', 'garden', '--owner', 'juliet@example.test']);
    assert.equal(made.code, 0, made.stderr);
    const { put: where, get } = await slot(client, 5, 'a photo.jpg');
    const before = (await onDisk(appliance)).length;
    assert.equal((await put(where, Buffer.from('12345'))).status, 201);
    client.send(`<presence to='${room}/Juliet'><x xmlns='http://jabber.org/protocol/muc'/></presence>`);
    await client.next((one) => one.name === 'presence' && one.attrs.from === `${room}/Juliet`);
    client.send(`<message to='${room}' type='groupchat'><body>${get}</body></message>`);
    await client.next((one) => one.name === 'message' && one.getChildText('body') === get);
    const found = await appliance.ctl(['file', 'find', get, '--json']);
    assert.equal(found.code, 0, found.stderr);
    const { file } = JSON.parse(found.stdout);
    assert.deepEqual([file.name, file.jid, file.bytes, file.room], ['a photo.jpg', 'juliet@example.test', 5, room]);
    assert.match((await appliance.ctl(['file', 'rooms'])).stdout, /^garden@conference\.example\.test +1 +5 bytes$/m);
    const removed = await appliance.ctl(['file', 'remove', String(file.id)]);
    assert.equal(removed.stdout, 'Deleted: 1 file, 5 bytes.\n', removed.stderr);
    assert.equal((await curl([get])).status, 404);
    await until('the file is off the disk', async () => (await onDisk(appliance)).length === before);
    assert.equal((await appliance.ctl(['transfer', 'list'])).stdout, 'Nothing is under way.\n');
    const page = await curl([`${appliance.panel}/files`]);
    assert.deepEqual(
      [page.status, page.body.includes('<div id="app"')],
      [200, true],
      'the page is not taken for a file',
    );
  });

  it('the photo’s place is taken out once an administrator says so', async () => {
    const { jpegWithPlace, exif } = await import('../support/photos.ts');
    await using client = await login('juliet');
    const photo = jpegWithPlace();
    const upload = async () => {
      const { put: where, get } = await slot(client, photo.length, 'photo.jpg');
      assert.equal((await put(where, photo)).status, 201);
      return (await curl([get])).body.includes(exif().subarray(-48));
    };
    assert.equal(await upload(), true);
    const set = await appliance.ctl(['setting', 'set', 'files.strip-location', 'on', '--domain', 'example.test']);
    assert.equal(set.code, 0, set.stderr);
    assert.equal(await upload(), false);
  });

  it('a full disk: 507 in plain words, nothing left, chat goes on; near it: no slots', {
    skip: noMount(),
  }, async () => {
    await appliance.stop();
    const uploads = join(appliance.data, 'uploads');
    await mkdir(uploads, { recursive: true });
    assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'none', uploads]).status, 0);
    try {
      await appliance.start();
      assert.equal((await appliance.ctl(['setting', 'set', 'files.reserve', '0'])).code, 0);
      await using juliet = await login('juliet');
      await using romeo = await login('romeo');
      romeo.send('<presence/>');
      const talk = async (text: string) => {
        juliet.send(`<message to='romeo@example.test' type='chat'><body>${text}</body></message>`);
        await romeo.next((one) => one.name === 'message' && one.getChildText('body') === text);
      };
      const first = await slot(juliet, 6_000_000);
      // Somebody else fills the disk meanwhile.
      assert.equal(spawnSync('dd', ['if=/dev/zero', `of=${join(uploads, 'other')}`, 'bs=1M', 'count=4']).status, 0);
      const full = await put(first.put, Buffer.alloc(6_000_000));
      assert.deepEqual(
        [full.status, full.body.toString()],
        [507, 'The disk of this server is full. Tell an administrator.\n'],
      );
      assert.deepEqual(await onDisk(appliance), ['other']);
      await talk('we can still talk');
      const refused = await slot(juliet, 6_000_000);
      assert.deepEqual(
        [refused.put, refused.refused],
        ['', 'The disk of this server is nearly full. Tell an administrator.'],
      );
      assert.equal((await appliance.ctl(['setting', 'set', 'files.reserve', '1'])).code, 0);
      assert.match((await slot(juliet, 1)).refused, /nearly full/);
      await talk('and so it stays');
      spawnSync('rm', [join(uploads, 'other')]);
      assert.equal((await appliance.ctl(['setting', 'set', 'files.reserve', '0'])).code, 0);
      const again = await put(first.put, Buffer.alloc(6_000_000));
      assert.equal(again.status, 201, 'the same slot, once there is space');
    } finally {
      await appliance.stop();
      spawnSync('umount', [uploads]);
    }
  });
});

/** Whether this process may mount a small disk. */
function noMount(): string | false {
  const probe = spawnSync('sh', [
    '-c',
    'd=$(mktemp -d) && mount -t tmpfs none "$d" && umount "$d"; s=$?; rmdir "$d"; exit $s',
  ]);
  return probe.status === 0 ? false : 'no file system can be mounted here';
}

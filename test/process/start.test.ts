import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Appliance } from '../support/appliance.ts';
import { XmppClient } from '../support/xmpp-client.ts';

/** What an administrator reads: a sentence, not a stack. */
function assertSentence(log: string): void {
  assert.doesNotMatch(log, /^\s+at /m, `a stack was printed:\n${log}`);
}

/** Every file of a folder with what is in it. */
async function contents(folder: string): Promise<Map<string, string>> {
  const names = (await readdir(folder)).sort();
  const files = new Map<string, string>();
  for (const name of names) {
    const path = join(folder, name);
    if ((await stat(path)).isFile()) files.set(name, (await readFile(path)).toString('base64'));
  }
  return files;
}

describe('the process', { timeout: 120_000 }, () => {
  it('does not start with an unknown key in its boot file, and names file, line and key', async () => {
    await using appliance = await Appliance.prepare({ more: '[limits]\nstanza_byte = 20000' });
    const { code } = await appliance.fails();
    assert.equal(code, 1, appliance.log);
    assert.match(appliance.log, /hallway\.toml/);
    assert.match(appliance.log, /stanza_byte\b/);
    assert.match(appliance.log, /stanza_bytes/, 'what was probably meant');
    assertSentence(appliance.log);
    await assert.rejects(stat(appliance.data), { code: 'ENOENT' }, 'and leaves no data folder behind');
  });

  it('does not start on a port in use, and names it', async () => {
    const taken = createServer().listen({ host: '127.0.0.1', port: 0 });
    await new Promise((resolve) => taken.once('listening', resolve));
    try {
      const { port } = taken.address() as { port: number };
      for (const key of ['c2s', 'c2s_tls', 'https']) {
        await using appliance = await Appliance.prepare();
        const text = await readFile(appliance.config, 'utf8');
        await writeFile(appliance.config, text.replace(`${key} = ["127.0.0.1:0"]`, `${key} = ["127.0.0.1:${port}"]`));
        const { code } = await appliance.fails();
        assert.equal(code, 1, appliance.log);
        assert.match(appliance.log, new RegExp(`127\\.0\\.0\\.1:${port}.*already`));
        assert.match(appliance.log, new RegExp(`\\b${key}\\b`));
        assertSentence(appliance.log);
      }
    } finally {
      taken.close();
    }
  });

  for (const [title, spoil] of [
    ['is no database', () => Buffer.from('This was a database until somebody opened it in an editor.\n'.repeat(100))],
    ['has a page of noise in it', (store: Buffer) => Buffer.from(store).fill(0xa5, 4_096, 12_288)],
    ['was cut off', (store: Buffer) => store.subarray(0, Math.floor(store.length / 2))],
    ['is empty', () => Buffer.alloc(0)],
  ] as const) {
    it(`refuses a store that ${title}, says what to do, and leaves every byte as it was`, async (t) => {
      await using appliance = await Appliance.start();
      await appliance.addPerson('juliet', 'capulet');
      assert.deepEqual(await appliance.stop(), { code: 0, signal: null });
      const [name = ''] = (await readdir(appliance.data)).filter((one) => /\.(db|sqlite)$/.test(one));
      const path = join(appliance.data, name);
      await writeFile(path, spoil(await readFile(path)));
      const before = await contents(appliance.data);
      const { code } = await appliance.fails();
      assert.equal(code, 1, appliance.log);
      assert.ok(appliance.log.includes(path), appliance.log);
      assertSentence(appliance.log);
      assert.deepEqual(await contents(appliance.data), before);
      t.diagnostic(appliance.log.trim());
    });
  }

  it('does not start beside another on the same data, which goes on', async () => {
    await using first = await Appliance.start();
    await first.addPerson('juliet', 'capulet');
    await using second = await Appliance.prepare();
    const text = await readFile(second.config, 'utf8');
    await writeFile(second.config, text.replace('data = "data"', `data = "${first.data}"`));
    const { code } = await second.fails();
    assert.equal(code, 1, second.log);
    assert.ok(second.log.includes(first.data), second.log);
    assert.match(second.log, /running/);
    assertSentence(second.log);
    await using client = await XmppClient.login(first, 'juliet', 'capulet');
    assert.equal(client.jid, 'juliet@example.test/test');
    await first.addPerson('romeo', 'montague');
  });

  it('refuses a data folder with other things in it, and one that is a file', async () => {
    await using appliance = await Appliance.prepare();
    await mkdir(appliance.data);
    await writeFile(join(appliance.data, 'thesis.txt'), 'the only copy');
    assert.equal((await appliance.fails()).code, 1);
    assert.ok(appliance.log.includes(appliance.data), appliance.log);
    assertSentence(appliance.log);
    assert.deepEqual(await readdir(appliance.data), ['thesis.txt']);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`ends within seconds on ${signal} with code 0, and tells its clients (RFC 6120 §4.9.3.20)`, async () => {
      await using appliance = await Appliance.start();
      await appliance.addPerson('juliet', 'capulet');
      const clients = [
        await XmppClient.login(appliance, 'juliet', 'capulet', { resource: 'desk' }),
        await XmppClient.login(appliance, 'juliet', 'capulet', { resource: 'phone', transport: 'tls' }),
        await XmppClient.connect(appliance),
      ];
      for (const client of clients.slice(0, 2)) client.send('<presence/>');
      const start = performance.now();
      const exit = await appliance.stop(signal);
      assert.deepEqual(exit, { code: 0, signal: null }, appliance.log);
      assert.ok(performance.now() - start < 5_000);
      for (const client of clients) {
        const error = await client.next('stream:error');
        assert.ok(error.getChild('system-shutdown') !== undefined, error.toString());
        await client.closed;
      }
      assertSentence(appliance.log);
    });
  }

  it('keeps everything over a restart: people, certificates, and the authority that clients trust', async () => {
    await using appliance = await Appliance.start();
    await appliance.addPerson('juliet', 'capulet');
    const authority = await appliance.authority();
    await appliance.restart();
    assert.equal(await appliance.authority(), authority);
    await using client = await XmppClient.login(appliance, 'juliet', 'capulet');
    assert.equal(client.jid, 'juliet@example.test/test');
  });
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../../server/cli/run.ts';
import { Text } from '../support/ctl.ts';

const EVIL = 'a\u001b]0;b\u0007\u202e\r\nc\td';
const HARMLESS = 'a\ufffd]0;b\ufffd\ufffd\ufffd\nc\td';

test('what the server says cannot drive a terminal; a file gets it as it is', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'hallway-ctl-'));
  const door = createServer(({ url }, response) => {
    if (url === '/metrics') response.end(EVIL);
    else response.writeHead(400).end(JSON.stringify({ error: { code: 'x', message: EVIL } }));
  });
  door.listen(join(data, 'hallwayctl.sock'));
  await once(door, 'listening');
  t.after(async () => {
    door.close();
    await rm(data, { recursive: true });
  });
  const said = async (words: string, isTTY: boolean): Promise<[out: string, err: string]> => {
    const [stdout, stderr] = [Object.assign(new Text(), { isTTY }), new Text()];
    await run(['--data', data, ...words.split(' ')], {
      stdin: process.stdin,
      stdout,
      stderr,
      cwd: data,
      caller: 'tester',
    });
    return [stdout.text, stderr.text];
  };
  assert.deepEqual(await said('metrics show', true), [HARMLESS, '']);
  assert.deepEqual(await said('metrics show', false), [EVIL, '']);
  assert.deepEqual(await said('domain list', true), ['', `hallwayctl: ${HARMLESS}\n`]);
});

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type PanelPointer, pointerText, pointToPanel } from '../../provisioning/panel-pointer.ts';

const pointer: PanelPointer = {
  urls: [
    'https://chat.example.test/',
    'https://192.0.2.1/',
    'https://192.0.2.2/',
    'https://192.0.2.3/',
    'https://192.0.2.4/',
  ],
  fingerprint: 'AB:CD',
  claimed: false,
};

describe('what is shown at the console', () => {
  it('says where the panel is, and who asks for the code, as long as nobody has claimed it', () => {
    assert.equal(
      pointerText(pointer),
      'Hallway: https://chat.example.test/ or https://192.0.2.1/ or https://192.0.2.2/ or https://192.0.2.3/\n' +
        'Certificate: SHA-256 AB:CD\nNobody has claimed it yet; the code for that: sudo hallwayctl claim-code\n',
    );
    assert.doesNotMatch(pointerText({ ...pointer, claimed: true }), /claim/);
  });

  it('is written into the file that is there, and only when it says something else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hallway-pointer-'));
    const file = join(folder, 'panel');
    try {
      await writeFile(file, 'x'.repeat(2_000));
      const before = await stat(file);
      pointToPanel(file, pointer);
      assert.equal(await readFile(file, 'utf8'), pointerText(pointer));
      await utimes(file, 0, 0);
      pointToPanel(file, pointer);
      assert.equal((await stat(file)).mtimeMs, 0);
      pointToPanel(file, { ...pointer, fingerprint: 'EF:01' });
      assert.match(await readFile(file, 'utf8'), /EF:01/);
      const after = await stat(file);
      assert.deepEqual([after.ino, after.mode], [before.ino, before.mode]);
      await rm(file);
      pointToPanel(file, pointer);
      assert.deepEqual(await readdir(folder), []);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('does not keep the house from opening where it cannot be written, and is not written without systemd', () => {
    pointToPanel('/proc/nowhere', pointer);
    pointToPanel(undefined, pointer);
  });
});

#!/usr/bin/env node
// Started by whatever Node the machine has, possibly an old one: plain JavaScript only, and nothing but what Node 18 knows.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED = 26;
const main = new URL('./main.ts', import.meta.url);

/** The Node that was installed with Hallway, or undefined. */
function bundledNode() {
  try {
    const found = createRequire(import.meta.url).resolve(`node-${platform()}-${arch()}/package.json`);
    const path = join(dirname(found), 'bin', 'node');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  await import(main.href);
} else {
  const node = bundledNode();
  if (node === undefined) {
    process.stderr.write(
      `hallwayctl needs Node ${NEEDED} or newer; run “npm ci” in ${fileURLToPath(new URL('../..', import.meta.url))}\n`,
    );
    process.exitCode = 2;
  } else {
    const { status, signal, error } = spawnSync(node, [fileURLToPath(main), ...process.argv.slice(2)], {
      stdio: 'inherit',
    });
    if (error) process.stderr.write(`${node} cannot be started: ${error.message}\n`);
    if (signal) process.kill(process.pid, signal);
    process.exitCode = status ?? 2;
  }
}

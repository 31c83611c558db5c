import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
// Builds the panel when it is older than its sources, as the start of the server does.
import '../../admin-ui/build-if-stale.ts';

const DIST = join(import.meta.dirname, '../../admin-ui/dist');
const MOST = 250 * 1024;

/** The files that a browser fetches before the first page is there: those of index.html, and what they import at once. */
function firstLoad(): string[] {
  const found = new Set<string>();
  const html = readFileSync(join(DIST, 'index.html'), 'utf8');
  const waiting = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+|[a-z]+\.js)"/g)].map(([, path]) => path!);
  // Which page of the panel is the first, and so which of its pieces come along, is decided by what main.ts loads.
  const texts = new Map<string, string>();
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    if (!path.endsWith('.js')) continue;
    const text = readFileSync(join(DIST, path), 'utf8');
    texts.set(path, text);
    for (const [, name] of text.matchAll(/(?:\bfrom|\bimport)\s*["']\.\/([^"']+\.js)["']/g))
      waiting.push(`assets/${name}`);
  }
  // What the start loads by name once the language is known: the panel itself, with all that it needs at once.
  for (const text of texts.values()) {
    for (const [, name] of text.matchAll(/import\(\s*["'`]\.\/(start-[^"'`]+\.js)["'`]\s*\)/g))
      waiting.push(`assets/${name}`);
  }
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const text = readFileSync(join(DIST, path), 'utf8');
    for (const [, name] of text.matchAll(/(?:\bfrom|\bimport)\s*["']\.\/([^"']+\.js)["']/g))
      waiting.push(`assets/${name}`);
  }
  return [...found];
}

test('the panel is there after at most 250 KB, compressed', (t) => {
  const files = firstLoad();
  const sizes = files.map((path) => [path, gzipSync(readFileSync(join(DIST, path))).length] as const);
  // What the server sends lies beside it; of what is small there is no second file.
  for (const [path, size] of sizes) assert.ok(size < 1_000 || existsSync(join(DIST, `${path}.gz`)), path);
  const sum = sizes.reduce((all, [, size]) => all + size, 0);
  t.diagnostic(`${Math.round(sum / 1024)} KB in ${files.length} files`);
  assert.ok(files.some((path) => path.endsWith('.css')) && files.filter((path) => path.endsWith('.js')).length > 1);
  assert.ok(sum > 60 * 1024, 'all of it was found');
  assert.ok(sum <= MOST, `${sum} bytes: ${sizes.map(([path, size]) => `${path} ${size}`).join(', ')}`);
  assert.doesNotMatch(files.join('\n'), /uPlot|PlotCard|FiguresPage/, 'what draws plots comes with its page');
});

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { PNG } from '../support/pictures.ts';
import { openUploads, type UploadHouse } from '../support/uploads.ts';
import { noBrowser, openBrowser, type Visit, visit } from './panel-kit.ts';

/** Each says so by its title, or by asking for something, if it ever runs. */
const ATTACK = "document.title='ran';fetch('/ran')";
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="${ATTACK}"><script>${ATTACK}</script><rect width="9" height="9"/></svg>`;
const HTML = `<!doctype html><title>x</title><script>${ATTACK}</script><img src=x onerror="${ATTACK}">`;

/** A second of silence, as WAV has it. */
function wav(): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + 8_000, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8_000, 24);
  head.writeUInt32LE(8_000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36);
  head.writeUInt32LE(8_000, 40);
  return Buffer.concat([head, Buffer.alloc(8_000, 128)]);
}

/** For the browser: records a film of a few moments. */
const RECORD = `(async () => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 16, height: 16 });
  const brush = canvas.getContext('2d');
  const recorder = new MediaRecorder(canvas.captureStream(10), { mimeType: 'video/webm' });
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  recorder.start();
  for (let i = 0; i < 5; i++) {
    brush.fillStyle = i % 2 === 0 ? '#00f' : '#0f0';
    brush.fillRect(0, 0, 16, 16);
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  const done = new Promise((resolve) => { recorder.onstop = resolve; });
  recorder.stop();
  await done;
  return btoa(String.fromCharCode(...new Uint8Array(await new Blob(parts).arrayBuffer())));
})()`;

describe('uploaded files in a browser (XEP-0363 §11)', { skip: noBrowser, timeout: 120_000 }, () => {
  let uploads: UploadHouse;
  let browser: Browser;
  let here: Visit;
  let film: Buffer;
  const ended: (() => unknown)[] = [];
  const asked: string[] = [];
  const site = {
    content: '',
    server: createServer((_request, response) => response.setHeader('content-type', 'text/html').end(site.content)),
  };

  before(async () => {
    uploads = await openUploads({ after: (then) => void ended.push(then as () => unknown) });
    await new Promise<void>((resolve) => site.server.listen(0, '127.0.0.1', resolve));
    browser = await openBrowser();
    here = await visit(browser);
    here.page.setDefaultTimeout(30_000);
    here.page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    film = Buffer.from(await here.page.evaluate<string>(RECORD), 'base64');
  });
  after(async () => {
    await browser?.close();
    site.server.close();
    for (const then of ended) await then();
  });

  /** A page of another site. */
  const elsewhere = async (content: string): Promise<Page> => {
    site.content = content;
    await here.page.goto(`http://127.0.0.1:${(site.server.address() as AddressInfo).port}/`);
    return here.page;
  };

  it('a script in a picture, a page or a file of its own never runs: opened, it is saved', async () => {
    for (const [name, type, content] of [
      ['x.svg', 'image/svg+xml', SVG],
      ['x.html', 'text/html', HTML],
      ['x.xhtml', 'application/xhtml+xml', HTML],
      ['x.js', 'text/javascript', ATTACK],
      ['x.html', '', HTML],
    ] as const) {
      const link = await uploads.has(content, { name, type });
      const saved = here.page.waitForEvent('download');
      await here.page.goto(link).catch(() => undefined); // the page does not change
      assert.equal((await saved).suggestedFilename(), name);
    }
    for (const type of ['image/png', 'video/mp4', 'audio/ogg']) {
      // What says to be a picture and is none is looked at as a picture.
      await here.page.goto(await uploads.has(HTML, { name: 'x.html', type })).catch(() => undefined);
      assert.notEqual(await here.page.title(), 'ran', type);
    }
    assert.ok(!asked.includes('/ran'));
  });

  it('a page of our own cannot be made to run a file, nor show it as a part of itself', async () => {
    const script = await uploads.has(ATTACK, { name: 'x.js', type: 'text/javascript' });
    const page = await uploads.has(HTML, { name: 'x.html', type: 'text/html' });
    const picture = await uploads.has(Buffer.from(PNG, 'base64'), { name: 'x.png', type: 'image/png' });
    const shown = await elsewhere(
      `<script src="${script}"></script><link rel=stylesheet href="${script}"><iframe src="${page}"></iframe><iframe src="${picture}"></iframe>`,
    );
    await shown.waitForTimeout(300);
    assert.notEqual(await shown.title(), 'ran');
    assert.ok(!asked.includes('/ran'));
    const frames = shown.frames().filter((frame) => frame.url().includes('/file/'));
    assert.deepEqual(
      await Promise.all(frames.map((frame) => frame.locator('img').count())),
      frames.map(() => 0),
    );
  });

  it('pictures, sound and films show in a page of somebody else’s, also in parts', async () => {
    const picture = await uploads.has(Buffer.from(PNG, 'base64'), { name: 'x.png', type: 'image/png' });
    const sound = await uploads.has(wav(), { name: 'x.wav', type: 'audio/wav' });
    const moving = await uploads.has(film, { name: 'x.webm', type: 'video/webm' });
    const page = await elsewhere(`<img src="${picture}"><audio src="${sound}"></audio><video src="${moving}"></video>`);
    await page.waitForFunction("document.querySelector('img').naturalWidth === 1");
    await page.waitForFunction("document.querySelector('audio').duration === 1");
    await page.waitForFunction("document.querySelector('video').videoWidth === 16");
  });

  it('pictures, sound and films show when they are opened by themselves', async () => {
    for (const [content, type, tag, ready] of [
      [Buffer.from(PNG, 'base64'), 'image/png', 'img', 'naturalWidth === 1'],
      [wav(), 'audio/wav', 'video,audio', 'duration === 1'],
      [film, 'video/webm', 'video', 'videoWidth === 16'],
    ] as const) {
      await here.page.goto(await uploads.has(content, { name: 'x', type }));
      await here.page.waitForFunction(`document.querySelector('${tag}').${ready}`);
    }
  });
});

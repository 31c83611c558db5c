import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

/**
 * What the web chat needs of Converse.js (MPL-2.0), and no more: no maps, no second copy, no other
 * languages than the panel has. The files are
 * taken as they are, so their source is what the package says it is.
 */
const FILES = [
  'dist/converse.min.js',
  'dist/converse.min.css',
  'dist/emoji.json',
  'dist/chunkjs/locales/de-LC_MESSAGES-converse-po.js',
  'dist/chunkjs/locales/dayjs/de-js.js',
  'dist/libomemo.esm.min.js',
  'dist/curve25519_compiled.wasm',
  'dist/webfonts/baumans.ttf',
  'dist/webfonts/muli.ttf',
  'dist/images/logo/conversejs-filled.svg',
  'dist/images/custom_emojis/converse.png',
  'dist/images/custom_emojis/xmpp.png',
  'dist/sounds/msg_received.mp3',
  'dist/sounds/msg_received.ogg',
  'LICENSE',
] as const;

/** Puts Converse.js into the built panel, under `chat/`, so that the server needs no package for it. */
export function converse(): Plugin {
  return {
    name: 'converse',
    generateBundle() {
      const folder = dirname(dirname(fileURLToPath(import.meta.resolve('converse.js/dist/converse.js'))));
      for (const file of FILES) {
        const name = file === 'LICENSE' ? 'LICENSE.txt' : file.replace('dist/', '');
        this.emitFile({ type: 'asset', fileName: `chat/${name}`, source: readFileSync(join(folder, file)) });
      }
    },
  };
}

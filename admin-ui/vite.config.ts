import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';
import { compressed } from './compressed.ts';
import { converse } from './converse.ts';
import { startAtOnce } from './start-at-once.ts';

/** What is there before the language is known, and so must be apart from all that says something. */
const LANGUAGE =
  /\/src\/(?:language|composables\/language)\.ts|\/node_modules\/(?:@?vue|vue-i18n|@intlify)\/|preload-helper/;

/**
 * The panel's build. The server's content policy allows nothing inline (no script, no style, no data: file),
 * so nothing may be folded into the page: every asset stays a file of its own. What many pages share is one file:
 * a browser takes six at a time, and dozens of small ones keep it waiting longer than one large one.
 */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [vue(), tailwindcss(), converse(), startAtOnce(), compressed()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'language', test: LANGUAGE, priority: 2 },
            { name: 'common', minShareCount: 3, priority: 1 },
          ],
        },
      },
    },
  },
});

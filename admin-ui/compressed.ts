import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const TEXT = /\.(?:js|css|html|json|svg|wasm)$/;
/** Bytes below which a packet is sent in any case. */
const FEW = 1_000;

/** Puts beside each file what is sent of it to a browser that takes gzip: made once, as it never changes. */
export function compressed(): Plugin {
  return {
    name: 'compressed',
    writeBundle({ dir = '' }, bundle) {
      for (const name of Object.keys(bundle).filter((one) => TEXT.test(one))) {
        const file = join(dir, name);
        const content = readFileSync(file);
        if (content.length > FEW) writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}

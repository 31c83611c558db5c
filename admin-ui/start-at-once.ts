import type { Plugin } from 'vite';

/** Lets the browser fetch the panel itself together with what finds out the language, and not only when that is done. */
export function startAtOnce(): Plugin {
  return {
    name: 'start-at-once',
    transformIndexHtml: {
      order: 'post',
      handler(_html, { chunk, bundle = {} }) {
        const files = new Set<string>();
        const add = (name: string): void => {
          const found = bundle[name];
          if (files.has(name) || found?.type !== 'chunk') return;
          files.add(name);
          found.imports.forEach(add);
        };
        chunk?.dynamicImports.filter((name) => /\bstart-/.test(name)).forEach(add);
        for (const name of chunk?.imports ?? []) files.delete(name); // Those are in the page already.
        return [...files].map((name) => ({
          tag: 'link',
          attrs: { rel: 'modulepreload', crossorigin: true, href: `/${name}` },
          injectTo: 'head' as const,
        }));
      },
    },
  };
}

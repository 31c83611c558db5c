import { spawnSync } from 'node:child_process';
import { SaxesParser } from 'saxes';
import type { StanzaLimits } from '../../server/stream/limits.ts';
import { type StreamItem, StreamParser } from '../../server/stream/parser.ts';
import { Element } from '../../server/xmpp/element.ts';
import { StreamError } from '../../server/xmpp/stream-error.ts';

export const ROOMY: StanzaLimits = { bytes: 1e9, depth: 1e4, attributes: 1e4, children: 1e6, namespaces: 1e6 };
export const CONTENT = 'jabber:client';
export const HEADER =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
export const FOOTER = '</stream:stream>';
const XML = 'http://www.w3.org/XML/1998/namespace';

/** An element as every XML reader must see it: names with namespaces resolved, attributes sorted, texts joined. */
export interface Info {
  readonly name: string;
  readonly attributes: readonly (readonly [string, string])[];
  readonly children: readonly (Info | string)[];
}

const expanded = (uri: string, local: string): string => (uri === '' ? local : `{${uri}}${local}`);
const sorted = (pairs: [string, string][]): [string, string][] =>
  pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

/** What our elements in canonical form say. */
export function infoOf(element: Element, inherited = CONTENT): Info {
  const uri: string = element.attrs.xmlns ?? inherited;
  const attributes: [string, string][] = [];
  for (const [name, value] of Object.entries<string>(element.attrs)) {
    if (name === 'xmlns' || name.startsWith('xmlns:')) continue;
    const colon = name.indexOf(':');
    const prefix = name.slice(0, Math.max(colon, 0));
    const namespace = colon < 0 ? '' : prefix === 'xml' ? XML : element.attrs[`xmlns:${prefix}`];
    if (namespace === undefined) throw new Error(`${name} has no namespace`);
    attributes.push([expanded(namespace, name.slice(colon + 1)), value]);
  }
  const children = element.children.map((node) => (typeof node === 'string' ? node : infoOf(node, uri)));
  return { name: expanded(uri, element.name), attributes: sorted(attributes), children };
}

/** A document's verdict: its first-level elements, or why it was refused. */
export type Reading = { readonly stanzas: readonly Info[]; readonly closed: boolean } | { readonly refused: string };

/** Reads bytes with our parser, cut at the given places. */
export function ours(bytes: Buffer, cuts: readonly number[] = [], limits = ROOMY): Reading {
  const items: StreamItem[] = [];
  const parser = new StreamParser(CONTENT, limits, (item) => items.push(item));
  try {
    let from = 0;
    for (const cut of [...cuts, bytes.length]) {
      parser.write(bytes.subarray(from, cut));
      from = cut;
    }
  } catch (error) {
    if (error instanceof StreamError) return { refused: error.condition };
    throw error;
  }
  const stanzas = items.filter((item) => item instanceof Element).map((item) => infoOf(item));
  return { stanzas, closed: items.at(-1) === 'close' };
}

/** Builds the same from the events of another reader. */
class Builder {
  readonly #open: { name: string; attributes: [string, string][]; children: (Info | string)[] }[] = [];
  readonly stanzas: Info[] = [];

  start(name: string, attributes: [string, string][]): void {
    this.#open.push({ name, attributes: sorted(attributes), children: [] });
  }

  text(text: string): void {
    const children = this.#open.length > 1 ? this.#open.at(-1)!.children : undefined;
    if (children === undefined || text === '') return;
    if (typeof children.at(-1) === 'string') children[children.length - 1] += text;
    else children.push(text);
  }

  end(): void {
    const done = this.#open.pop()!;
    if (this.#open.length === 1) this.stanzas.push(done);
    else this.#open.at(-1)?.children.push(done);
  }
}

/** Reads a whole document with saxes. */
export function bySaxes(text: string): Reading {
  const builder = new Builder();
  const parser = new SaxesParser({ xmlns: true, fragment: false });
  let refused: string | undefined;
  parser.on('error', (error) => {
    refused ??= error.message;
  });
  parser.on('opentag', (tag) => {
    const attributes = Object.values(tag.attributes)
      .filter((one) => one.prefix !== 'xmlns' && one.name !== 'xmlns')
      .map((one): [string, string] => [expanded(one.prefix === '' ? '' : one.uri, one.local), one.value]);
    builder.start(expanded(tag.uri, tag.local), attributes);
  });
  parser.on('closetag', () => builder.end());
  parser.on('text', (part) => builder.text(part));
  parser.on('cdata', (part) => builder.text(part));
  parser.write(text).close();
  return refused === undefined ? { stanzas: builder.stanzas, closed: true } : { refused };
}

const EXPAT = `
import json, sys, base64
from xml.parsers import expat
out = []
for line in sys.stdin:
    document = base64.b64decode(line)
    parser = expat.ParserCreate('UTF-8', '}')
    parser.buffer_text = True
    stack, stanzas = [], []
    def name(n): return '{' + n if '}' in n else n
    def start(n, a):
        stack.append([name(n), sorted([name(k), v] for k, v in a.items()), []])
    def end(n):
        done = stack.pop()
        node = {'name': done[0], 'attributes': done[1], 'children': done[2]}
        if len(stack) == 1: stanzas.append(node)
        elif stack: stack[-1][2].append(node)
    def text(t):
        if len(stack) < 2: return
        children = stack[-1][2]
        if children and isinstance(children[-1], str): children[-1] += t
        else: children.append(t)
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    try:
        parser.Parse(document, True)
        out.append({'stanzas': stanzas, 'closed': True})
    except expat.ExpatError as error:
        out.append({'refused': str(error)})
print(json.dumps(out))
`;

/** Reads whole documents with expat, all in one process of Python; undefined when there is no Python. */
export function byExpat(documents: readonly Buffer[]): Reading[] | undefined {
  const input = documents.map((one) => one.toString('base64')).join('\n');
  const { status, stdout, stderr, error } = spawnSync('/usr/bin/python3', ['-c', EXPAT], {
    input,
    encoding: 'utf8',
    maxBuffer: 1e9,
  });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined;
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Reading[];
}

import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { literalsOf } from './literals.ts';

/** What stands in the panel's source: the sentences that it says, and words that it says past its languages. */
export interface Said {
  /** Each sentence with the files that say it. */
  readonly sentences: Map<string, string[]>;
  /** Words that no language can change, as `file:line words`. */
  readonly bare: string[];
}

const ROOT = join(import.meta.dirname, '../../admin-ui/src');
/** What is the same in every language, or is written for a machine. */
const NAMES = new Set([
  'Hallway',
  'Hallway …',
  'DNS',
  'moderator participant visitor',
  'http = ["[::]:80"]',
  '[listen]',
]);
/** Attributes that people read or hear, of elements and of our own components. */
const READ = new Set(
  'label placeholder title aria-label aria-description alt hint text confirm description legend what back on none note caption unit summary suffix heading'.split(
    ' ',
  ),
);

interface Node {
  readonly type: number;
  readonly tag?: string;
  readonly content?: string | { readonly loc: { readonly source: string } };
  readonly children?: readonly Node[];
  readonly props?: readonly Prop[];
  readonly branches?: readonly Node[];
  readonly loc: { readonly start: { readonly line: number } };
}
interface Prop {
  readonly type: number;
  readonly name: string;
  readonly value?: { readonly content: string };
  readonly arg?: { readonly content: string };
  readonly exp?: { readonly loc: { readonly source: string } };
}
interface Compiler {
  parse(
    source: string,
    options: { readonly sourceMap: boolean },
  ): {
    readonly descriptor: {
      readonly template: { readonly ast?: Node } | null;
      readonly scriptSetup: { readonly content: string } | null;
    };
  };
}

/** `chat.example.com`, `juliet@…` */
const isAddress = (text: string): boolean => /^\S+[@.]\S+$/.test(text);
const hasWords = (text: string): boolean => /\p{L}{2}/u.test(text) && !NAMES.has(text.trim()) && !isAddress(text);
/** Whether a text of a script is one for people: a sentence, or the beginning of one. */
const isSentence = (text: string): boolean =>
  hasWords(text) &&
  (/^\p{Lu}\p{Ll}+( \p{L}|[.:,]? |\.$)/u.test(text) ||
    /^\p{Ll}+ \p{Ll}+ \p{Ll}+/u.test(text.replaceAll(/\S*[-:[\]/]\S*/g, '-')));

/** Reads all of the panel's source. */
export function saidInPanel(): Said {
  const said: Said = { sentences: new Map(), bare: [] };
  const { parse } = createRequire(import.meta.resolve('vue'))('@vue/compiler-sfc') as Compiler;
  for (const file of globSync('**/*.{vue,ts}', { cwd: ROOT })) {
    if (file.endsWith('.d.ts') || file === 'language.ts') continue;
    const source = readFileSync(join(ROOT, file), 'utf8');
    if (file.endsWith('.ts')) {
      readScript(source, file, said);
      continue;
    }
    const { descriptor } = parse(source, { sourceMap: false });
    if (descriptor.scriptSetup) readScript(descriptor.scriptSetup.content, file, said);
    for (const node of descriptor.template?.ast?.children ?? []) readNode(node, file, said);
  }
  return said;
}

function keep(sentence: string, file: string, said: Said): void {
  said.sentences.set(sentence, [...(said.sentences.get(sentence) ?? []), file]);
}

function readScript(source: string, file: string, said: Said): void {
  const { sentences, others, unclear } = literalsOf(source);
  for (const one of sentences) keep(one, file, said);
  for (const one of unclear) said.bare.push(`${file}: t(${one})`);
  for (const one of others) if (isSentence(one)) said.bare.push(`${file}: ${one}`);
}

/** An expression of a template; `read` when all of its words are for people. */
function readExpression(source: string, file: string, read: boolean, said: Said): void {
  const { sentences, others, unclear } = literalsOf(`(${source})`);
  for (const one of sentences) keep(one, file, said);
  for (const one of unclear) said.bare.push(`${file}: t(${one})`);
  for (const one of others) if (read ? hasWords(one) : isSentence(one)) said.bare.push(`${file}: ${one}`);
}

function readNode(node: Node, file: string, said: Said): void {
  if (node.type === 2 && typeof node.content === 'string' && hasWords(node.content)) {
    said.bare.push(`${file}:${node.loc.start.line} ${node.content.trim()}`);
  }
  if (node.type === 5 && typeof node.content === 'object') readExpression(node.content.loc.source, file, true, said);
  for (const prop of node.props ?? []) readProp(prop, node, file, said);
  // What stands in <code> is typed or read by a machine.
  if (node.tag !== 'code') for (const child of node.children ?? []) readNode(child, file, said);
}

function readProp(prop: Prop, node: Node, file: string, said: Said): void {
  if (prop.type === 6 && prop.value !== undefined) {
    if (prop.name === 'keypath') keep(prop.value.content, file, said);
    else if (READ.has(prop.name) && hasWords(prop.value.content) && node.tag !== 'LinkGone') {
      said.bare.push(`${file}:${node.loc.start.line} ${prop.name}="${prop.value.content}"`);
    }
  }
  if (prop.type !== 7 || prop.exp === undefined || prop.name === 'slot' || prop.name === 'for') return;
  const name = prop.arg?.content ?? '';
  if (name === 'class') return;
  if (name === 'keypath') for (const one of literalsOf(`(${prop.exp.loc.source})`).others) keep(one, file, said);
  else readExpression(prop.exp.loc.source, file, prop.name === 'bind' && READ.has(name), said);
}

/** What a test tells of a sentence: its gaps and how many forms it has. */
export function gapsOf(sentence: string): string {
  return [...new Set(sentence.match(/\{\w+\}/g) ?? [])].sort().join(' ');
}
export const formsOf = (sentence: string): number => sentence.split(' | ').length;

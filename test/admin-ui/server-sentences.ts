import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { sentencesOf } from '../../admin-ui/src/language.ts';
import { components } from '../../server/components/index.ts';
import { modules } from '../../server/modules/index.ts';
import { allOptions } from '../../server/options.ts';
import { explain, REASON_CODES } from '../../server/s2s/reasons.ts';

const SERVER = join(import.meta.dirname, '../../server');

/** All that the server says to whoever sits before the panel: settings, refusals, what is wrong with the DNS and with other servers. */
export function saidByServer(): ReadonlySet<string> {
  return new Set([...settings(), ...refusals(), ...texts(), ...reasons()]);
}

function settings(): string[] {
  const never = undefined as never;
  const all = allOptions(
    modules({ commands: () => never, contactAddresses: () => never, registrar: never }),
    components({ slots: () => never, proxy: () => never, hostname: never }),
  );
  return all.flatMap(({ group, title, help, shape }) => [
    group,
    title,
    help,
    ...(shape.kind === 'choice' ? Object.values(shape.choices) : []),
    ...(shape.kind === 'number' && shape.unit !== undefined ? [shape.unit] : []),
  ]);
}

/** Files whose texts all are for people: what stands in them between quotes and has more than one word. */
const TALKING = [
  'commands/certificate-views.ts',
  'commands/doctor.ts',
  'commands/doctor/doors.ts',
  'commands/doctor/house.ts',
  'commands/doctor/machine.ts',
  'commands/doctor/relay.ts',
  '../provisioning/backup/check.ts',
  '../provisioning/backup/incoming.ts',
  '../provisioning/backup/key.ts',
  '../provisioning/backup/machine.ts',
  '../provisioning/backup/problem.ts',
  '../provisioning/backup/read.ts',
  'commands/certificate-views.ts',
  'commands/dns-sentences.ts',
  'commands/domain-advice.ts',
  'commands/move/problem.ts',
  'commands/names.ts',
  'certificates/acme/hook.ts',
  'certificates/acme/problem.ts',
  'certificates/pem.ts',
  'certificates/pkcs12.ts',
  'certificates/private-key.ts',
  'certificates/upload.ts',
  'moving/archive.ts',
  'moving/contacts.ts',
  'moving/credentials.ts',
  'moving/filler.ts',
  'moving/messages.ts',
  'moving/nodes.ts',
  'moving/own.ts',
  'moving/walk.ts',
  's2s/judgement.ts',
  's2s/grade.ts',
  'http/errors.ts',
  'host/options.ts',
];
const isSaid = (text: string): boolean => !/^<|^-----|^[A-Z ]+$/.test(text) && /\p{L}{2,} .*\p{L}{2,}/u.test(text);

function texts(): string[] {
  return TALKING.flatMap((file) => {
    const source = ts.createSourceFile(file, readFileSync(join(SERVER, file), 'utf8'), ts.ScriptTarget.Latest, true);
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isImportDeclaration(node) || ts.isTypeNode(node)) return;
      if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) found.push(...saidBy(node).filter(isSaid));
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
}

/** Errors that are sentences for people, and where among what they are given the sentence is. */
const REFUSALS: Readonly<Record<string, number>> = {
  CommandError: 1,
  CertificateRefusal: 1,
  AcmeProblem: 0,
  PieError: 0,
};

/** What is given to one of them, wherever it is made. */
function refusals(): string[] {
  return globSync('**/*.ts', { cwd: SERVER }).flatMap((file) => {
    const text = readFileSync(join(SERVER, file), 'utf8');
    if (!/(?:CommandError|CertificateRefusal|AcmeProblem|PieError)\(/.test(text)) return [];
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isNewExpression(node)) {
        const sentence = node.arguments?.[REFUSALS[node.expression.getText()] ?? -1];
        if (sentence !== undefined) found.push(...saidBy(sentence));
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
}

/** A text as it stands; one with gaps sentence by sentence, and what may be said in a gap. */
function saidBy(node: ts.Expression): string[] {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isConditionalExpression(node)) return [...saidBy(node.whenTrue), ...saidBy(node.whenFalse)];
  if (!ts.isTemplateExpression(node)) return [];
  const whole = node.head.text + node.templateSpans.map(({ literal }, at) => `{${at}}${literal.text}`).join('');
  const inside = node.templateSpans.flatMap(({ expression }) =>
    ts.isConditionalExpression(expression) ? saidBy(expression).filter((text) => text !== '') : [],
  );
  return [
    ...sentencesOf(whole)
      .map(counted)
      .filter((one) => /\p{L}/u.test(one.replaceAll(/\{\d+\}/g, ''))),
    ...inside.flatMap(sentencesOf),
  ];
}

/** A sentence whose gaps are counted from 0. */
function counted(sentence: string): string {
  const order: string[] = [];
  return sentence.replaceAll(/\{\d+\}/g, (gap) => `{${order.push(gap) - 1}}`);
}

/** What is said of a link that there is not, for each cause, with all that may be known of it and with nothing. */
function reasons(): string[] {
  const facts = {
    text: 'gap0',
    host: 'gap1',
    port: 'gap2',
    address: 'gap3',
    name: 'gap4',
    issuer: 'gap5',
    names: 'gap6',
    from: 'gap7',
    asked: 'gap8',
    condition: 'gap9',
    offered: 'gap10',
    pattern: 'gap11',
    reason: 'gap12',
    least: 'TLSv1.3',
    seconds: 'gap14',
    sent: 1,
    at: 0,
    also: 'certificate-expired',
    certificate: 'certificate-expired',
    unconfirmed: 1,
  };
  const context = { domain: 'gap15', local: 'gap16' };
  const known = [facts, { ...facts, also: '', sent: 2, least: 'gap13' }, {}];
  const said = REASON_CODES.flatMap((code) =>
    known.flatMap((one) =>
      (['in', 'out'] as const).flatMap((direction) =>
        [true, false].flatMap((ownAuthority) => {
          const srv = ownAuthority ? [{ service: 'x', name: 'x', records: [] }] : [];
          const { sentence, remedy } = explain(
            { code, facts: one },
            { ...context, direction, ownAuthority, srv: srv as never },
          );
          return [sentence, remedy];
        }),
      ),
    ),
  );
  return said
    .flatMap(sentencesOf)
    .map((one) =>
      counted(
        one.replaceAll(/[“]?(?:[gG]ap\d+|1 January 1970)[”]?/g, (gap) => (gap.startsWith('“') ? `“{0}”` : '{0}')),
      ),
    );
}

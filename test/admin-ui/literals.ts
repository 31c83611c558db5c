import ts from 'typescript';

/** The texts of a piece of TypeScript. */
export interface Literals {
  /** What is given to `t`. */
  readonly sentences: string[];
  /** What else is written there that could be for people. */
  readonly others: string[];
  /** What is given to `t` and is no text that stands there. */
  readonly unclear: string[];
}

/** Calls whose texts are names of things, not words for people. */
const NAMING =
  /^(api|import|useForm|defineModel|ref|emit|\$emit|Intl)$|\.(startsWith|endsWith|includes|split|join|addEventListener|querySelector|getElementById|add|toggle|has|get|set|match|replace|replaceAll|test|filter|getItem|setItem|removeItem)$/;
const EQUAL = new Set([ts.SyntaxKind.EqualsEqualsEqualsToken, ts.SyntaxKind.ExclamationEqualsEqualsToken]);

/** Reads the texts of a piece of TypeScript. */
export function literalsOf(code: string): Literals {
  const found: Literals = { sentences: [], others: [], unclear: [] };
  const file = ts.createSourceFile('code.ts', code, ts.ScriptTarget.Latest, true);
  visit(file, found);
  return found;
}

function visit(node: ts.Node, found: Literals): void {
  if (ts.isTypeNode(node) || ts.isImportDeclaration(node)) return;
  if (ts.isCallExpression(node) && node.expression.getText() === 't') {
    const [sentence, ...rest] = node.arguments;
    if (sentence) readSentence(sentence, found);
    for (const one of rest) visit(one, found);
    return;
  }
  if (ts.isStringLiteralLike(node)) {
    if (!isName(node)) found.others.push(node.text);
    return;
  }
  if (ts.isTemplateExpression(node)) {
    found.others.push([node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join('…'));
    for (const { expression } of node.templateSpans) visit(expression, found);
    return;
  }
  ts.forEachChild(node, (child) => visit(child, found));
}

function readSentence(node: ts.Expression, found: Literals): void {
  if (ts.isStringLiteralLike(node)) found.sentences.push(node.text);
  else if (ts.isConditionalExpression(node)) {
    visit(node.condition, found);
    readSentence(node.whenTrue, found);
    readSentence(node.whenFalse, found);
  } else found.unclear.push(node.getText());
}

function isName(node: ts.StringLiteralLike): boolean {
  const { parent } = node;
  if (ts.isBinaryExpression(parent) && EQUAL.has(parent.operatorToken.kind)) return true;
  if (ts.isCaseClause(parent) || ts.isElementAccessExpression(parent)) return true;
  if (ts.isPropertyAssignment(parent) && parent.name === node) return true;
  return ts.isCallExpression(parent) && parent.expression !== node && NAMING.test(parent.expression.getText());
}

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { parse, propertyTexts, visit } from './syntax.ts';

/** A number of the specification that a title starts with, and where. */
export interface RuleName {
  readonly number: string;
  readonly title: string;
  readonly line: number;
}

const leading = /^\d+\.\d+(?:(?:, | and )\d+\.\d+)*(?=[\s:]|$)/;

/**
 * The rules that the titles of a test file start with, `describe` included (`6.2 …`, `3.1, 3.3 …`). A title that starts
 * with a placeholder counts with what can stand there: `${row.rule}` and `$rule` are the texts of the properties `rule` of
 * the file and of the modules beside it that it imports, `${rule}` is also a key of a table.
 */
export function ruleNames(file: string): RuleName[] {
  const source = parse(file);
  const found: RuleName[] = [];
  visit(source, (node) => {
    if (!ts.isCallExpression(node) || !isTestFunction(node.expression)) return;
    const title = node.arguments[0];
    if (title === undefined) return;
    const line = source.getLineAndCharacterOfPosition(title.getStart()).line + 1;
    for (const text of titles(title, source, file))
      for (const number of numbersOf(text)) found.push({ number, title: text, line });
  });
  return found;
}

/** `6.2 off: …` → 6.2; `3.1, 3.3 …` → both; a title without a number → nothing. */
export function numbersOf(title: string): string[] {
  return leading.exec(title)?.[0].split(/, | and /) ?? [];
}

function isTestFunction(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return ['describe', 'it', 'test'].includes(callee.text);
  if (ts.isPropertyAccessExpression(callee)) return isTestFunction(callee.expression) && callee.name.text !== 'each';
  return ts.isCallExpression(callee) && isEach(callee.expression);
}

function isEach(callee: ts.Expression): boolean {
  return ts.isPropertyAccessExpression(callee) && callee.name.text === 'each' && isTestFunction(callee.expression);
}

function titles(title: ts.Expression, source: ts.SourceFile, file: string): string[] {
  if (ts.isStringLiteralLike(title)) {
    const placeholder = /^\$([a-z]\w*)/i.exec(title.text)?.[1];
    return placeholder === undefined
      ? [title.text]
      : withNeighbours(source, file).flatMap((of) => propertyTexts(of, placeholder));
  }
  if (!ts.isTemplateExpression(title)) return [];
  if (title.head.text !== '') return [title.head.text];
  const first = title.templateSpans[0]?.expression;
  if (first === undefined) return [];
  if (ts.isPropertyAccessExpression(first)) return propertyTexts(source, first.name.text);
  return ts.isIdentifier(first) ? [...propertyTexts(source, first.text), ...keys(source)] : [];
}

/** The keys of all tables that are numbers of rules: `{ '5.3': [ … ] }`. */
function keys(source: ts.SourceFile): string[] {
  const found: string[] = [];
  visit(source, (node) => {
    if (ts.isPropertyAssignment(node) && ts.isStringLiteral(node.name)) found.push(node.name.text);
  });
  return found;
}

function withNeighbours(source: ts.SourceFile, file: string): ts.SourceFile[] {
  const beside = source.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) return [];
    const { text } = statement.moduleSpecifier;
    const path = join(dirname(file), text);
    return text.startsWith('./') && existsSync(path) ? [parse(path)] : [];
  });
  return [source, ...beside];
}

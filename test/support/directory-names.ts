import ts from 'typescript';
import { parse, propertyTexts, visit } from './syntax.ts';

/** What a test file takes of the names that the whole test domain shares. */
export interface DirectoryNames {
  /** Of organizational units right below the domain. */
  readonly units: readonly string[];
  /** The letters that log-on names of users and groups start with. */
  readonly prefixes: readonly string[];
  /** Names that cannot be read here, by line. */
  readonly unread: readonly string[];
}

/** Which argument of the helpers of samba-directory.ts is a name, and of what. */
const named: Readonly<Record<string, { readonly argument: number; readonly of: 'units' | 'prefixes' }>> = {
  createOu: { argument: 1, of: 'units' },
  directoryUser: { argument: 1, of: 'prefixes' },
  addGroup: { argument: 2, of: 'prefixes' },
};

/**
 * The names in the test domain that a test file makes, without those that it hands on to a helper of its own. A name is a
 * text, a template, or a constant or property `prefix` with such a text.
 */
export function directoryNames(file: string): DirectoryNames {
  const source = parse(file);
  const found = { units: new Set<string>(), prefixes: new Set<string>(), unread: new Array<string>() };
  visit(source, (node) => {
    for (const { name, of } of namesAt(node)) {
      const texts = textsOf(name, source);
      const line = source.getLineAndCharacterOfPosition(name.getStart()).line + 1;
      if (texts.length === 0) found.unread.push(`${file}:${String(line)} ${name.getText()}`);
      for (const text of texts) found[of].add(of === 'units' ? text.toLowerCase() : lettersOf(text));
    }
  });
  return { units: [...found.units], prefixes: [...found.prefixes], unread: found.unread };
}

interface NameAt {
  readonly name: ts.Expression;
  readonly of: 'units' | 'prefixes';
}

function namesAt(node: ts.Node): NameAt[] {
  if (ts.isPropertyAssignment(node) && node.name.getText() === 'sAMAccountName')
    return isText(node.initializer) ? [{ name: node.initializer, of: 'prefixes' }] : [];
  if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return [];
  if (node.expression.text === 'populate') return populationAt(node.arguments[1]);
  const { argument, of } = named[node.expression.text] ?? {};
  const name = argument === undefined ? undefined : node.arguments[argument];
  return name === undefined || of === undefined ? [] : [{ name, of }];
}

/** `populate` makes two organizational units and a group out of its prefix. */
function populationAt(population: ts.Expression | undefined): NameAt[] {
  if (population === undefined || !ts.isObjectLiteralExpression(population)) return [];
  return population.properties.flatMap((property): NameAt[] =>
    ts.isPropertyAssignment(property) && property.name.getText() === 'prefix'
      ? [{ name: property.initializer, of: 'prefixes' }]
      : [],
  );
}

function isText(node: ts.Expression): boolean {
  return ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);
}

/** A template counts with what comes first. */
function textsOf(name: ts.Expression, source: ts.SourceFile): string[] {
  if (ts.isStringLiteralLike(name)) return [name.text];
  if (ts.isPropertyAccessExpression(name)) return propertyTexts(source, name.name.text);
  if (ts.isIdentifier(name)) return [...constantTexts(source, name.text), ...propertyTexts(source, name.text)];
  if (!ts.isTemplateExpression(name)) return [];
  const [first] = name.templateSpans;
  if (name.head.text !== '' || first === undefined) return [name.head.text];
  return textsOf(first.expression, source).map((text) => `${text}${first.literal.text}`);
}

function constantTexts(source: ts.SourceFile, name: string): string[] {
  const found: string[] = [];
  visit(source, (node) => {
    if (!ts.isVariableDeclaration(node) || node.name.getText(source) !== name) return;
    if (node.initializer !== undefined && ts.isStringLiteralLike(node.initializer)) found.push(node.initializer.text);
  });
  return found;
}

/** Names that start with different runs of letters are different, whatever follows. */
function lettersOf(name: string): string {
  return /^[a-z]*/i.exec(name)?.[0].toLowerCase() ?? '';
}

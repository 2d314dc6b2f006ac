import ts from 'typescript';

/** One small change of a source text: `text` replaces what stands from `start` to `end`. */
export interface Change {
  readonly operator: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** One kind of change: what it makes of a node, or nothing. */
type Operator = (node: ts.Node, source: ts.SourceFile) => Change[];

const swapped: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.LessThanToken, '<='],
  [ts.SyntaxKind.LessThanEqualsToken, '<'],
  [ts.SyntaxKind.GreaterThanToken, '>='],
  [ts.SyntaxKind.GreaterThanEqualsToken, '>'],
  [ts.SyntaxKind.EqualsEqualsEqualsToken, '!=='],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, '==='],
  [ts.SyntaxKind.AmpersandAmpersandToken, '||'],
  [ts.SyntaxKind.BarBarToken, '&&'],
  [ts.SyntaxKind.PlusToken, '-'],
  [ts.SyntaxKind.MinusToken, '+'],
]);

const otherMethod: ReadonlyMap<string, string> = new Map([
  ['some', 'every'],
  ['every', 'some'],
  ['add', 'has'],
]);

const droppedMethods: ReadonlySet<string> = new Set(['filter', 'sort', 'toSorted', 'reverse', 'toReversed', 'slice']);

/** A list of texts as long as this is a table of data (names and their short forms) rather than a rule. */
const tableLength = 12;

/** Everything that a single change can be made of in a file, in the order of the text. Types and tables of data are left alone. */
export function changesOf(source: ts.SourceFile): Change[] {
  const found: Change[] = [];
  const see = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return;
    if (ts.isImportDeclaration(node) || isTable(node)) return;
    for (const operator of operators) found.push(...operator(node, source));
    node.forEachChild(see);
  };
  see(source);
  return found;
}

function isTable(node: ts.Node): boolean {
  return (
    ts.isArrayLiteralExpression(node) && node.elements.length >= tableLength && node.elements.every(ts.isStringLiteral)
  );
}

function changed(operator: string, node: ts.Node, source: ts.SourceFile, text: string): Change {
  return { operator, start: node.getStart(source), end: node.end, text };
}

const negateCondition: Operator = (node, source) => {
  const condition = conditionOf(node);
  return condition === undefined
    ? []
    : [changed('negate a condition', condition, source, `!(${condition.getText(source)})`)];
};

function conditionOf(node: ts.Node): ts.Expression | undefined {
  if (ts.isIfStatement(node) || ts.isWhileStatement(node)) return node.expression;
  return ts.isConditionalExpression(node) ? node.condition : undefined;
}

const otherOperator: Operator = (node, source) => {
  if (!ts.isBinaryExpression(node)) return [];
  const text = swapped.get(node.operatorToken.kind);
  return text === undefined ? [] : [changed('another operator', node.operatorToken, source, text)];
};

const oneSide: Operator = (node, source) => {
  if (!ts.isBinaryExpression(node)) return [];
  const joins = [ts.SyntaxKind.AmpersandAmpersandToken, ts.SyntaxKind.BarBarToken, ts.SyntaxKind.QuestionQuestionToken];
  if (!joins.includes(node.operatorToken.kind)) return [];
  return [node.left, node.right].map((side) => changed('one side only', node, source, side.getText(source)));
};

const noNegation: Operator = (node, source) =>
  ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken
    ? [changed('drop a negation', node, source, node.operand.getText(source))]
    : [];

const methodCalls: Operator = (node, source) => {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return [];
  const { expression: on, name } = node.expression;
  const other = otherMethod.get(name.text);
  return [
    ...(other === undefined ? [] : [changed(`.${other} instead of .${name.text}`, name, source, other)]),
    ...(droppedMethods.has(name.text) ? [changed(`drop .${name.text}`, node, source, on.getText(source))] : []),
  ];
};

const constants: Operator = (node, source) => {
  if (ts.isNumericLiteral(node)) return [changed('another constant', node, source, String(Number(node.text) + 1))];
  if (node.kind === ts.SyntaxKind.TrueKeyword) return [changed('another constant', node, source, 'false')];
  if (node.kind === ts.SyntaxKind.FalseKeyword) return [changed('another constant', node, source, 'true')];
  if (!ts.isStringLiteral(node) || !ts.isExpression(node.parent)) return [];
  return [changed('another constant', node, source, node.text === '' ? "'?'" : "''")];
};

const fewerElements: Operator = (node, source) => {
  if (!ts.isArrayLiteralExpression(node)) return [];
  return node.elements.map((left) => {
    const others = node.elements.filter((element) => element !== left).map((element) => element.getText(source));
    return changed('drop an element', node, source, `[${others.join(', ')}]`);
  });
};

const noSpread: Operator = (node, source) =>
  ts.isSpreadAssignment(node) ? [changed('drop a spread', node, source, '...{}')] : [];

const swappedArguments: Operator = (node, source) => {
  // Equality asks the same both ways round: the change would be none.
  if (!ts.isCallExpression(node) || node.expression.getText(source).startsWith('same')) return [];
  const [first, second] = node.arguments;
  if (first === undefined || second === undefined || ts.isSpreadElement(first) || ts.isSpreadElement(second)) return [];
  const text = `${second.getText(source)}, ${first.getText(source)}`;
  return [{ operator: 'swap arguments', start: first.getStart(source), end: second.end, text }];
};

const returns: Operator = (node, source) => {
  if (!ts.isReturnStatement(node) || node.expression === undefined) return [];
  const given = node.expression.getText(source);
  return ['null', 'undefined', '[]', 'false']
    .filter((text) => text !== given)
    .map((text) => changed('return something else', node.expression ?? node, source, text));
};

const noStatement: Operator = (node, source) =>
  ts.isExpressionStatement(node) || ts.isContinueStatement(node)
    ? [changed('drop a statement', node, source, ';')]
    : [];

const earlyEnd: Operator = (node, source) => {
  if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined || !ts.isBlock(node.body)) return [];
  const at = node.body.getStart(source) + 1;
  return [{ operator: 'return early', start: at, end: at, text: ' if (true as boolean) return;' }];
};

const operators: readonly Operator[] = [
  ...[negateCondition, otherOperator, oneSide, noNegation, methodCalls, constants, fewerElements, noSpread],
  ...[swappedArguments, returns, noStatement, earlyEnd],
];

import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** A file of TypeScript as a tree whose nodes know their parents. */
export function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
}

/** Shows a node and everything below it. */
export function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  node.forEachChild((child) => {
    visit(child, see);
  });
}

/** The texts of all properties of that name. */
export function propertyTexts(source: ts.SourceFile, name: string): string[] {
  const found: string[] = [];
  visit(source, (node) => {
    if (!ts.isPropertyAssignment(node) || node.name.getText(source) !== name) return;
    if (ts.isStringLiteralLike(node.initializer)) found.push(node.initializer.text);
  });
  return found;
}

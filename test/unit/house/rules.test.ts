import { globSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { open, rules } from '../../rules.ts';
import { numbersOf, ruleNames, type RuleName } from '../../support/rule-names.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const files = globSync('{test,connectors}/**/*.test.ts', { cwd: root }).filter(
  (file) => !file.startsWith('test/fixtures/'),
);
const named = files.flatMap((file) => ruleNames(path.join(root, file)).map((name) => ({ file, ...name })));
const shown = new Set(named.map(({ number }) => number));
const inOrder = (numbers: Iterable<string>): string[] =>
  [...numbers].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));

/** Sections of the specification whose rules need a test here: 17 to 19 come with a later issue. */
const isListedSection = (number: string): boolean => Number(number.split('.')[0]) <= 16 || number.startsWith('20.');

describe('the numbered rules of the specification', () => {
  it('each has a test whose name starts with its number, or stands openly as not shown yet', () => {
    process.stdout.write(`\nRules that no test shows yet: ${inOrder(open).join(', ') || 'none'}\n`);
    expect(inOrder(Object.keys(rules).filter((number) => !shown.has(number)))).toEqual(inOrder(open));
  });

  it('a title names none that is not on the list', () => {
    const strangers = named.filter(({ number }) => isListedSection(number) && !(number in rules));
    expect(strangers.map(({ file, line, title }) => `${file}:${String(line)} ${title}`)).toEqual([]);
  });
});

describe('the number at the start of a title', () => {
  it.each([
    ['6.2 off', ['6.2']],
    ['3.1, 3.3, 9.1 what a delta reports', ['3.1', '3.3', '9.1']],
    ['13.1 and 15.1: what changed', ['13.1', '15.1']],
    ['127.0.0.1 is this machine', []],
    ['rule 6.2', []],
    ['14.1x', []],
  ])('of "%s"', (title, numbers) => {
    expect(numbersOf(title)).toEqual(numbers);
  });

  it('is read from texts, templates, tables and placeholders', () => {
    const inFile = (file: string): RuleName[] =>
      ruleNames(path.join(import.meta.dirname, '../../fixtures/house/rules', file));
    const numbers = new Set(inFile('titles.ts').map(({ number }) => number));
    expect(inOrder(numbers)).toEqual(['2.1', '2.2', '2.3', '2.4', '2.5', '2.6', '2.7', '2.8']);
  });
});

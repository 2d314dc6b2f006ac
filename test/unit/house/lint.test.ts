import path from 'node:path';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
const planted = path.join(root, 'test/fixtures/house/lint');

/** Every planted breach as `line rule`, by file. */
const breaches: Record<string, string[]> = {
  'src/domain/NotKebab.ts': ['1 house/kebab-case-path'],
  'src/domain/impure.ts': [
    '1 no-restricted-syntax',
    '2 no-restricted-syntax',
    '3 no-restricted-syntax',
    '4 no-restricted-syntax',
    '5 no-restricted-globals',
    '6 no-restricted-globals',
    '7 no-restricted-globals',
    '8 no-restricted-syntax',
  ],
  'src/reconcile/impure.ts': ['1 no-restricted-syntax', '2 no-restricted-syntax'],
  'src/runs/careless.ts': [
    '6 @typescript-eslint/no-floating-promises',
    '7 @typescript-eslint/no-floating-promises',
    '8 @typescript-eslint/no-misused-promises',
    '11 no-empty',
    '12 @typescript-eslint/no-non-null-assertion',
    '15 @typescript-eslint/no-explicit-any',
    '16 no-restricted-syntax',
  ],
  'test/unit/half-done.test.ts': ['3 no-restricted-syntax', '4 no-restricted-syntax'],
};

describe('what the lint rules find', () => {
  it('is each planted breach, and nothing else', { timeout: 60_000 }, async () => {
    const eslint = new ESLint({ cwd: planted, overrideConfigFile: path.join(root, 'eslint.config.js') });
    const results = await eslint.lintFiles(['src', 'test']);
    const found = results.map(({ filePath, messages }) => [
      path.relative(planted, filePath),
      messages.map(({ line, ruleId, message }) => `${line} ${ruleId ?? message}`),
    ]);
    expect(Object.fromEntries(found)).toEqual(breaches);
  });
});

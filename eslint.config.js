import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Folders and files are named alike everywhere: `some-thing.ts`, `some-thing.test.ts`, `0001-foundation.ts`. */
const kebabCasePath = {
  meta: { type: 'suggestion', schema: [], messages: { kebab: 'Name "{{part}}" in kebab-case.' } },
  create(context) {
    const inside = context.filename.startsWith(`${context.cwd}/`) ? context.filename.slice(context.cwd.length + 1) : '';
    const part = inside.split('/').find((name) => !/^[.]?[a-z0-9]+(?:[.-][a-z0-9]+)*$/.test(name));
    return { Program: (node) => part && context.report({ node, messageId: 'kebab', data: { part } }) };
  },
};

const defaultExport = {
  selector: 'ExportDefaultDeclaration, ExportSpecifier[exported.name="default"]',
  message: 'Export by name, so that a thing is called the same everywhere.',
};

/** What makes a result depend on when or where it was computed. */
const impure = [
  {
    selector: 'NewExpression[callee.name="Date"][arguments.length=0], CallExpression[callee.name="Date"]',
    message: 'Pure code has no clock: take the time as an argument.',
  },
  {
    selector: 'MemberExpression[object.name="Date"][property.name="now"], MemberExpression[object.name="Temporal"]',
    message: 'Pure code has no clock: take the time as an argument.',
  },
  {
    selector: 'MemberExpression[object.name="Math"][property.name="random"]',
    message: 'Pure code has no randomness: equal input, equal result.',
  },
  {
    selector: 'ImportExpression',
    message: 'Pure code loads nothing while it runs.',
  },
];
const impureGlobals = [
  'process',
  'performance',
  'crypto',
  'console',
  'fetch',
  'globalThis',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
];

const unfinishedTest = {
  selector:
    'MemberExpression[object.name=/^(describe|it|test)$/][property.name=/^(only|skip|skipIf|runIf|todo|fails)$/]',
  message: 'Every test runs, everywhere: no only, skip, todo or condition.',
};

export default defineConfig(
  { ignores: ['**/node_modules/**', 'dist/**', 'coverage/**', '.rosterd/**', 'test/fixtures/**'] },
  {
    files: ['**/*.{ts,js,cjs}'],
    extends: [js.configs.recommended],
    plugins: { house: { rules: { 'kebab-case-path': kebabCasePath } } },
    rules: { 'house/kebab-case-path': 'error' },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-restricted-syntax': ['error', defaultExport],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
      // `void promise` would be a way to lose an error without saying so.
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: false }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // `'local' | SourceId` says more than `string`.
      '@typescript-eslint/no-redundant-type-constituents': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // A port may be asynchronous although one implementation of it has nothing to wait for; `async` still turns
      // what that one throws into a rejection.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['src/domain/**/*.ts', 'src/reconcile/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...impureGlobals],
      'no-restricted-syntax': ['error', defaultExport, ...impure],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', defaultExport, unfinishedTest] },
  },
  {
    // Tools insist on a default export there.
    files: ['*.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
);

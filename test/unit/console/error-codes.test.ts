import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { languages } from '../../../src/console/words/words.ts';

const root = join(import.meta.dirname, '../../..');

describe('the catalogue of error codes', () => {
  it('has every code that the source text refuses with, in every language, with cause and remedy', () => {
    const used = new Set<string>();
    for (const file of globSync('src/**/*.ts', { cwd: root })) {
      const text = readFileSync(join(root, file), 'utf8');
      const thrown = /new (?:ApiError\(\s*\d+,|ActionRefusedError\(|AccessRefusedError\()\s*'([a-z-]+)'/g;
      for (const [, code = ''] of text.matchAll(thrown)) used.add(code);
    }
    expect(used.size).toBeGreaterThan(80);
    for (const [language, { errors }] of Object.entries(languages)) {
      expect(
        [...used].filter((code) => !Object.hasOwn(errors.codes, code)),
        language,
      ).toEqual([]);
      const silent = Object.entries(errors.codes).filter(([, told]) => told.some((text) => text === ''));
      expect(silent, language).toEqual([]);
    }
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bugs } from '../../support/world/bugs.ts';

it.each(bugs)('the bug can still be planted: $about', ({ file, right, wrong }) => {
  const text = readFileSync(join(import.meta.dirname, '../../..', file), 'utf8');
  expect(text.split(right)).toHaveLength(2);
  expect(text).not.toContain(wrong);
});

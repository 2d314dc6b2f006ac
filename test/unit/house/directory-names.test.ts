import { globSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { directoryNames } from '../../support/directory-names.ts';

const root = path.resolve(import.meta.dirname, '../../..');
/** These hand on the names that they are given. */
const handOn = ['test/support/services/samba-directory.ts', 'test/e2e/support/living-directory.ts'];
const files = globSync('test/{contract,e2e,integration}/**/*.ts', { cwd: root }).filter(
  (file) => !handOn.includes(file),
);
const names = files.map((file) => ({ file, ...directoryNames(path.join(root, file)) }));

/** Names that more than one file takes, with the files. */
function sharedNames(of: 'units' | 'prefixes'): string[] {
  const takers = new Map<string, string[]>();
  for (const each of names) for (const name of each[of]) takers.set(name, [...(takers.get(name) ?? []), each.file]);
  return [...takers].filter(([, by]) => by.length > 1).map(([name, by]) => `${name}: ${by.join(', ')}`);
}

describe('the names in the Active Directory domain that all test files share', () => {
  it('can be read in every test file', () => {
    expect(names.flatMap(({ unread }) => unread)).toEqual([]);
    expect(names.flatMap(({ prefixes }) => prefixes).length).toBeGreaterThan(10);
  });

  it('no two files have an organizational unit of the same name', () => {
    expect(sharedNames('units')).toEqual([]);
  });

  it('no two files have log-on names that start with the same letters', () => {
    expect(sharedNames('prefixes')).toEqual([]);
  });
});

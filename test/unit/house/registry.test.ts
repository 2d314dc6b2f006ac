import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connectors } from '../../../connectors/registry.ts';

const home = join(import.meta.dirname, '../../../connectors');
const folders = readdirSync(home, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort();

test('the registry has every folder of connectors, and no other kind', () => {
  expect([...connectors.keys()].sort()).toEqual(folders);
});

test.each(folders)('%s has the files of the house, and the kind that its folder says', (folder) => {
  const files = readdirSync(join(home, folder));
  expect(files).toEqual(expect.arrayContaining(['README.md', 'config.ts', 'connector.ts', 'map.ts', 'schema.ts']));
  expect(connectors.get(folder)?.kind).toBe(folder);
});

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { removeLeftDryRun } from '../../../src/dry-run.ts';
import { acquireDataDirectory } from '../../../src/store/embedded/data-directory.ts';
import { createTempDir, type TempDir } from '../../support/services/temp.ts';

let temp: TempDir;
beforeEach(() => {
  temp = createTempDir('left-dry-run');
});
afterEach(() => temp.remove());

it('a start removes the copy of the store that a killed dry run has left, and none that is at work (issue 10, point 12)', async () => {
  const directory = join(temp.path, 'dry-run');
  await removeLeftDryRun(temp.path);
  mkdirSync(join(directory, 'pg'), { recursive: true, mode: 0o700 });
  writeFileSync(join(directory, 'rows.ndjson'), 'user\t[{"last_name":"Nováková"}]\n');
  const atWork = await acquireDataDirectory(directory, { role: 'command', waitMs: 0 });
  await removeLeftDryRun(temp.path);
  expect(existsSync(join(directory, 'rows.ndjson'))).toBe(true);
  atWork.release();
  await removeLeftDryRun(temp.path);
  expect(existsSync(directory)).toBe(false);
});

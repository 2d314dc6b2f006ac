import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bugs, type Bug } from './bugs.ts';

/**
 * Shows that the property tests, and the exhaustive one of the text fold, find bugs: plants one at a time in a copy of the tree and runs the tests there.
 * Run it with `node test/support/world/planted-bugs.ts`; it ends with 1 where a bug was not found. Arguments are for vitest.
 */
const root = join(import.meta.dirname, '../../..');
const reportFile = 'planted-report.json';
/** The same worlds with every bug as without one. */
const env = { ROSTERD_PROPERTY_SEED: String(randomInt(2 ** 30)), ...process.env };
const left = new Set(['node_modules', '.git', '.rosterd', 'dist', 'coverage']);

function plant(copy: string, { file, right, wrong }: Bug): void {
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  if (!text.includes(right)) throw new Error(`${file} has no longer what the bug is planted in: ${right}`);
  writeFileSync(path, text.replace(right, wrong));
}

interface Red {
  readonly test: string;
  readonly failure: string;
}

/** The tests that are red with the bug, or as they are. */
function found(bug: Bug | null): Red[] {
  const copy = mkdtempSync(join(tmpdir(), 'rosterd-planted-'));
  try {
    for (const name of readdirSync(root))
      if (!left.has(name)) cpSync(join(root, name), join(copy, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    if (bug !== null) plant(copy, bug);
    const run = spawnSync(
      process.execPath,
      [
        'node_modules/vitest/vitest.mjs',
        'run',
        ...['test/property', 'test/unit/domain/text.test.ts'],
        '--reporter',
        'json',
        '--outputFile',
        reportFile,
        ...process.argv.slice(2),
      ],
      { cwd: copy, env, encoding: 'utf8', timeout: 900_000, maxBuffer: 64 * 1024 * 1024 },
    );
    if (!existsSync(join(copy, reportFile))) throw new Error(`vitest gave no report: ${run.stdout}${run.stderr}`);
    const report = JSON.parse(readFileSync(join(copy, reportFile), 'utf8')) as {
      testResults: { assertionResults: { fullName: string; status: string; failureMessages: string[] }[] }[];
    };
    const failed = report.testResults
      .flatMap((file) => file.assertionResults)
      .filter((each) => each.status === 'failed');
    return failed.map((each) => ({ test: each.fullName, failure: each.failureMessages[0] ?? '' }));
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

process.stdout.write(`seed ${env.ROSTERD_PROPERTY_SEED}\n`);
const redAnyway = new Set(found(null).map((each) => each.test));
if (redAnyway.size > 0) process.stdout.write(`red without any bug: ${[...redAnyway].join('; ')}\n\n`);
for (const bug of bugs) {
  const finders = found(bug).filter((each) => !redAnyway.has(each.test));
  process.stdout.write(`${bug.about}\n`);
  for (const { test, failure } of finders)
    process.stdout.write(`  found by: ${test}\n${failure.split('\n').slice(0, 25).join('\n').slice(0, 3_000)}\n\n`);
  if (finders.length > 0) continue;
  process.stdout.write('  NOT FOUND\n');
  process.exitCode = 1;
}

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import ts from 'typescript';
import { changesOf, type Change } from './changes.ts';
import { copyTree, runTests, type Outcome } from './tree.ts';
import { openTypedTree } from './type-check.ts';

/**
 * How many single changes of the rules the tests find: `npm run mutate -- --seed S [--changes 50]`.
 * The seed (any text, such as the hash of a commit) chooses the changes. They are made one at a time in a copy of the tree;
 * one that does not compile is passed over. Ends with 1 where fewer than nine in ten are found.
 */
const folders = ['src/domain', 'src/reconcile'];
const timeoutMs = 120_000;
const share = 0.9;

interface Candidate extends Change {
  readonly file: string;
}

const { values } = parseArgs({ options: { seed: { type: 'string' }, changes: { type: 'string', default: '50' } } });
const wanted = Number(values.changes);
if (values.seed === undefined || !Number.isInteger(wanted) || wanted < 1) {
  process.stderr.write('usage: npm run mutate -- --seed TEXT [--changes NUMBER]\n');
  process.exitCode = 2;
} else process.exitCode = await mutate(values.seed, wanted);

async function mutate(seed: string, changes: number): Promise<number> {
  const copy = copyTree(join(import.meta.dirname, '../../..'));
  const removed = (): void => {
    copy.remove();
    process.exit(130);
  };
  process.once('SIGINT', removed).once('SIGTERM', removed);
  try {
    const files = copy.sources(folders);
    await mustBeGreen(copy.root, files);
    const tree = openTypedTree(copy.root);
    const candidates = files.flatMap((file) =>
      changesOf(tree.sourceFile(file)).map((change): Candidate => ({ file, ...change })),
    );
    process.stdout.write(`${String(candidates.length)} possible changes, ${String(changes)} chosen by ${seed}\n`);
    const survivors: string[] = [];
    let made = 0;
    for (const candidate of shuffled(candidates, seed)) {
      if (made === changes) break;
      const original = readFileSync(join(copy.root, candidate.file), 'utf8');
      const text = original.slice(0, candidate.start) + candidate.text + original.slice(candidate.end);
      if (!tree.compiles(candidate.file, text, files)) continue;
      made += 1;
      const outcome = await tried(copy.root, candidate, original, text);
      const told = tell(candidate, original);
      process.stdout.write(`${String(made).padStart(3)} ${outcome === 'green' ? 'SURVIVED' : 'found   '} ${told}\n`);
      if (outcome === 'green') survivors.push(told);
    }
    return summary(seed, made, survivors);
  } finally {
    copy.remove();
  }
}

/** What is red without any change would find every change. */
async function mustBeGreen(root: string, files: readonly string[]): Promise<void> {
  for (const file of files.filter((name) => /\/(fold|decide|correlate)\.ts$/.test(name))) {
    const outcome = await runTests(root, file, timeoutMs);
    if (outcome !== 'green') throw new Error(`the tests of ${file} are ${outcome} without any change`);
  }
}

async function tried(root: string, { file }: Candidate, original: string, text: string): Promise<Outcome> {
  writeFileSync(join(root, file), text);
  try {
    return await runTests(root, file, timeoutMs);
  } finally {
    writeFileSync(join(root, file), original);
  }
}

function tell({ file, start, end, text, operator }: Candidate, original: string): string {
  const source = ts.createSourceFile(file, original, ts.ScriptTarget.Latest);
  const line = source.getLineAndCharacterOfPosition(start).line + 1;
  const short = (code: string): string => code.replaceAll(/\s+/g, ' ').slice(0, 100);
  return `${file}:${String(line)} ${operator}: ${short(original.slice(start, end)) || '…'} → ${short(text) || 'nothing'}`;
}

function summary(seed: string, made: number, survivors: readonly string[]): number {
  const found = made - survivors.length;
  process.stdout.write(`\nseed ${seed}: ${String(found)} of ${String(made)} found\n`);
  for (const survivor of survivors) process.stdout.write(`survived: ${survivor}\n`);
  return found >= made * share ? 0 : 1;
}

/** The candidates in an order that the seed alone decides. */
function shuffled(candidates: readonly Candidate[], seed: string): Candidate[] {
  const key = ({ file, start, end, text, operator }: Candidate): string =>
    createHash('sha256')
      .update(JSON.stringify([seed, file, start, end, text, operator]))
      .digest('hex');
  return candidates
    .map((candidate) => ({ candidate, at: key(candidate) }))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ candidate }) => candidate);
}

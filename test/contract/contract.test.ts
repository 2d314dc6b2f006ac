import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Table from 'cli-table3';
import { afterAll, describe, expect, test } from 'vitest';
import { connectors } from '../../connectors/registry.ts';
import { clauses } from './clauses.ts';
import type { Harness } from './harness.ts';

/** Connector → clause → what came of it. */
const results = new Map<string, Map<string, string>>();
const reasons: string[] = [];

for (const [kind, connector] of connectors) {
  const harness = await harnessOf(kind);
  const outcomes = new Map<string, string>();
  results.set(kind, outcomes);

  describe(kind, () => {
    test('has a harness', () => {
      expect(harness, `write test/contract/harnesses/${kind}.ts`).toBeDefined();
    });
    if (harness === undefined) return;
    afterAll(() => harness.stop?.());

    test.each(clauses)('$name', async ({ name, hold }) => {
      outcomes.set(name, 'FAILED');
      const notApplicable = await hold(connector, harness);
      outcomes.set(name, notApplicable === undefined ? 'holds' : footnote(notApplicable.notApplicable));
    });
  });
}

afterAll(() => {
  const table = new Table({ head: ['clause', ...results.keys()], style: { head: [], border: [] } });
  for (const { name } of clauses)
    table.push([name, ...[...results.values()].map((outcomes) => outcomes.get(name) ?? 'not run')]);
  process.stdout.write(
    `\nThe connector contract\n${table.toString()}\n${reasons.map((reason, index) => `${String(index + 1)}) ${reason}`).join('\n')}\n`,
  );
});

function footnote(reason: string): string {
  if (!reasons.includes(reason)) reasons.push(reason);
  return `n/a ${String(reasons.indexOf(reason) + 1)})`;
}

async function harnessOf(kind: string): Promise<Harness | undefined> {
  const file = join(import.meta.dirname, 'harnesses', `${kind}.ts`);
  if (!existsSync(file)) return undefined;
  const { harness } = (await import(file)) as { readonly harness: Harness };
  return harness;
}

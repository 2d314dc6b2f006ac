import { existsSync } from 'node:fs';
import path from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
const planted = path.join(root, 'test/fixtures/house/imports');

/** Every breach in the planted house, as `file → what it imports`, under the rule that must name it. */
const breaches: Record<string, string[]> = {
  'domain-imports-only-zod': ['src/domain/reads-a-file.ts → fs'],
  'reconcile-imports-only-domain': ['src/reconcile/hashes.ts → crypto', 'src/reconcile/validates.ts → zod'],
  'connector-stays-in-its-house': [
    'connectors/stray/connector.ts → connectors/tidy/map.ts',
    'connectors/stray/connector.ts → csv-parse',
    'connectors/stray/connector.ts → fs',
    'connectors/stray/connector.ts → src/users/ports.ts',
  ],
  'connector-uses-domain-types-only': ['connectors/stray/map.ts → src/domain/word.ts'],
  'registry-lists-only-connectors': ['connectors/registry.ts → connectors/tidy/map.ts'],
  'kit-stands-on-domain': ['src/connector-kit/peeks.ts → src/users/ports.ts'],
  'only-daemon-knows-connectors': ['src/api/picks-a-connector.ts → connectors/tidy/connector.ts'],
  'only-cli-starts-the-daemon': ['src/api/boots.ts → src/daemon.ts'],
  'nobody-imports-cli': ['src/api/calls-a-command.ts → src/cli/command.ts'],
  'nobody-imports-main': ['src/cli/runs-the-binary.ts → src/main.ts'],
  'use-cases-declare-ports': ['access', 'apply', 'history', 'import', 'notify', 'runs', 'users'].map(
    (folder) => `src/${folder}/knows-the-store.ts → src/store/words.ts`,
  ),
  'adapters-take-only-the-ports': ['src/store/uses-a-use-case.ts → src/users/ports.ts'],
  'adapters-stand-apart': ['src/queue/uses-the-store.ts → src/store/words.ts'],
  'console-takes-only-ports': ['src/console/queries.ts → src/store/words.ts'],
  'console-uses-users-types-only': ['src/console/acts.ts → src/users/ports.ts'],
  'api-knows-no-console': ['src/api/shows-a-page.ts → src/console/acts.ts'],
  'templates-only-in-one-file': ['src/console/acts.ts → hono'],
  'database-only-in-store': [
    'src/queue/queries.ts → @electric-sql/pglite',
    'src/queue/queries.ts → knex',
    'src/queue/queries.ts → pg',
  ],
  'bullmq-only-in-queue': ['src/store/enqueues.ts → bullmq', 'src/store/enqueues.ts → ioredis'],
  'node-cron-only-in-runs': ['src/telemetry/every-minute.ts → node-cron'],
  'fastify-only-in-api-and-console': [
    'src/telemetry/serves.ts → @fastify/helmet',
    'src/telemetry/serves.ts → fastify',
    'src/telemetry/serves.ts → fastify-type-provider-zod',
  ],
  'ldapts-only-in-connector-kit': ['src/import/searches.ts → ldapts'],
  'http-and-xml-only-in-connector-kit': [
    'src/telemetry/reports.ts → fast-xml-parser',
    'src/telemetry/reports.ts → got',
  ],
  'nodemailer-only-in-notify': ['src/telemetry/mails.ts → nodemailer'],
  'openid-only-in-access': ['src/telemetry/discovers.ts → openid-client'],
  'commander-only-in-cli': ['src/settings/parses-flags.ts → commander'],
  'nock-only-in-one-helper': ['test/unit/mocks-http.ts → nock'],
  'production-never-imports-test': ['src/settings/uses-a-test-helper.ts → test/support/http-mock.ts'],
  'production-needs-no-dev-dependency': ['src/settings/uses-a-dev-tool.ts → fast-check'],
  // A cycle is reported once, at the edge that closes it.
  'no-cycles': ['src/runs/chicken.ts → src/runs/egg.ts'],
  'no-unresolvable': ['src/settings/looks-for-nothing.ts → ./nowhere.ts'],
};

/** Cruises the house that stands in `baseDir` by the project's own rules. */
async function cruiseHouse(baseDir: string): Promise<ICruiseResult> {
  const options = await extractDepcruiseOptions(path.join(root, '.dependency-cruiser.cjs'));
  const folders = ['src', 'connectors', 'test'].filter((folder) => existsSync(path.join(baseDir, folder)));
  const { output } = await cruise(folders, { ...options, baseDir });
  if (typeof output === 'string') throw new Error(`dependency-cruiser answered with a text: ${output}`);
  return output;
}

/** The violations of a result in the form of `breaches`: core modules and packages by name, whatever file they resolve to. */
function byRule(result: ICruiseResult): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const { from, to, rule } of result.summary.violations) {
    const name = /node_modules\/(?:@types\/)?((?:@[^/]+\/)?[^/]+)/.exec(to)?.[1] ?? to;
    found[rule.name] = [...(found[rule.name] ?? []), `${from} → ${name}`].sort();
  }
  return found;
}

describe('who may import whom', { timeout: 60_000 }, () => {
  it('reports each planted breach under its rule, and nothing else', async () => {
    expect(byRule(await cruiseHouse(planted))).toEqual(breaches);
  });

  it('has a planted breach for every rule', async () => {
    const { ruleSet } = await extractDepcruiseOptions(path.join(root, '.dependency-cruiser.cjs'));
    expect(ruleSet?.forbidden?.map((rule) => rule.name).sort()).toEqual(Object.keys(breaches).sort());
  });

  it('is kept by the project', async () => {
    const result = await cruiseHouse(root);
    const seen = result.modules.map((module) => module.source);
    // A cruise that saw nothing is green too.
    expect(seen).toContain('src/domain/account.ts');
    expect(seen).toContain('test/unit/house/imports.test.ts');
    expect(result.summary.totalDependenciesCruised).toBeGreaterThan(10);
    expect(byRule(result)).toEqual({});
  });
});

import { defineConfig } from 'vitest/config';
import type { TestProjectInlineConfiguration } from 'vitest/config';

/** Tests against real servers, which test/support/global-setup.ts starts once for all projects of a run. */
const withServers = (name: string, include: string[], testTimeout: number): TestProjectInlineConfiguration => ({
  extends: true,
  test: { name, include, testTimeout, hookTimeout: 60_000, globalSetup: 'test/support/global-setup.ts' },
});

export default defineConfig({
  test: {
    // Most files wait for servers and processes most of the time: two at once fill two cores.
    maxWorkers: 2,
    // The servers' stop is bounded by ten seconds each; see test/support/services/process.ts.
    teardownTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/property/pure/**/*.test.ts', 'connectors/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      withServers('services', ['test/contract/**/*.test.ts', 'test/integration/**/*.test.ts'], 30_000),
      withServers('property', ['test/property/store/**/*.test.ts'], 1_800_000),
      withServers('chaos', ['test/chaos/**/*.test.ts'], 600_000),
      withServers('e2e', ['test/e2e/**/*.test.ts'], 60_000),
    ],
  },
});

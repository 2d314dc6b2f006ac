#!/usr/bin/env node
// Nothing is imported before the check: what comes after it needs a newer Node than the check itself.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `error: rosterd needs Node 22.18 or later and this is ${process.versions.node}: run \`npx rosterd\` in its folder after \`npm ci\`, or install Node 24\n`,
  );
  process.exitCode = 1;
} else {
  // Node keeps what it has made of the sources, so that the next command starts in a fraction of the time.
  const { enableCompileCache } = await import('node:module');
  enableCompileCache();
  const { runCli } = await import('./cli/run-cli.ts');
  const { systemWorld } = await import('./cli/system-world.ts');
  process.exitCode = await runCli(
    process.argv.slice(2),
    systemWorld(() => import('./daemon.ts')),
  );
}

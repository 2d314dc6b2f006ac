import { product } from '../../telemetry/product.ts';
import { apiPath, ask } from '../api-client.ts';
import { addCommand } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import { processRoles } from '../world.ts';
import type { ProcessRole } from '../world.ts';

export function addServerCommands(program: RosterdCommand, runner: Runner): void {
  addCommand<{ readonly role?: ProcessRole }>(program, runner, {
    call: 'start',
    summary: 'run the daemon: API, schedule and syncs, until it is stopped',
    details: 'A terminal gets a readable log, everything else one JSON object per line.',
    options: [['--role <ROLE>', 'what this process does (default: all)', processRoles]],
    talks: 'none',
    run: async ({ world, configFile }, _args, { role = 'all' }) => {
      const daemon = await world.loadDaemon();
      await daemon.startDaemon({ configFile, redactor: world.redactor, role });
      return undefined;
    },
  });
  addCommand(program, runner, {
    call: 'migrate',
    summary: "bring the database's schema to this version; needed once after an update with PostgreSQL",
    talks: 'local',
    run: async ({ world, configFile, json, out }) => {
      const daemon = await world.loadDaemon();
      const { applied } = await daemon.migrateDatabase({ configFile, redactor: world.redactor });
      if (json) await out.json({ applied });
      else await out.line(applied.length === 0 ? 'The schema is up to date.' : `Applied: ${applied.join(', ')}`);
      return undefined;
    },
  });
  addCommand(program, runner, {
    call: 'openapi',
    summary: 'the description of the API as an OpenAPI document (JSON)',
    run: async (context) => {
      const client = await context.api('read');
      const document = await ask(client, 'GET', apiPath('openapi.json'));
      if (context.json) await context.out.json(document);
      else await context.out.line(JSON.stringify(document, null, 2));
      return undefined;
    },
  });
  addCommand(program, runner, {
    call: 'version',
    summary: 'the version of rosterd and of Node',
    talks: 'local',
    run: async ({ json, out }) => {
      const { version } = product;
      const node = process.versions.node;
      if (json) await out.json({ version, node });
      else await out.line(`${product.name} ${version} (Node ${node})`);
      return undefined;
    },
  });
}

import { addCommand, addGroup } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import type { Context } from '../context.ts';
import { tableFor } from '../listing.ts';
import type { Settings } from '../../settings/settings.ts';

export function addConfigCommands(program: RosterdCommand, runner: Runner): void {
  const config = addGroup(program, 'config', 'check, show: the configuration', 'The configuration of this machine');
  addCommand(config, runner, {
    call: 'check',
    summary: 'is the configuration right, secrets included? names every problem at once',
    talks: 'local',
    run: async (context) => {
      const settings = await read(context, 'check');
      const { sources, dataDir } = settings;
      const ids = sources.map((source) => source.id);
      const { plaintextAllowed } = await import('../../settings/transport.ts');
      const warnings = await plaintextAllowed(settings);
      const { waysToSignIn } = await import('../../settings/sign-in.ts');
      const signIn = waysToSignIn(settings.signIn);
      if (context.json)
        await context.out.json({
          configFile: context.configFile,
          valid: true,
          dataDir,
          sources: ids,
          signIn,
          warnings,
        });
      else {
        for (const warning of warnings) await context.err.line(`warning: ${warning}`);
        await context.out.line(
          `${context.configFile} is right. Sources: ${ids.join(', ') || 'none yet'}. Data: ${dataDir}`,
        );
        if (signIn.length > 1) await context.out.line(`People sign in with ${signIn.join('; ')}.`);
      }
      return undefined;
    },
  });
  addCommand(config, runner, {
    call: 'show',
    summary: 'every setting in effect and where it comes from; secrets are masked',
    talks: 'local',
    run: async (context) => {
      const { describeSettings } = await import('../../settings/describe-settings.ts');
      const rows = describeSettings(await read(context, 'leave'));
      if (context.json) await context.out.json(...rows);
      else {
        const render = tableFor<(typeof rows)[number]>(context, [
          { head: 'KEY', value: (row) => row.key, whole: true },
          { head: 'VALUE', value: (row) => row.value },
          { head: 'FROM', value: (row) => row.origin },
        ]);
        await context.out.write(render(rows));
      }
      return undefined;
    },
  });
}

async function read({ world, configFile }: Context, secrets: 'check' | 'leave'): Promise<Settings> {
  const daemon = await world.loadDaemon();
  return daemon.readSettings({ configFile, redactor: world.redactor, secrets });
}

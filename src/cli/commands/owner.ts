import { apiPath, ask } from '../api-client.ts';
import { addCommand } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import { tableFor } from '../listing.ts';
import type { Owner } from '../shapes.ts';
import { parseTime } from '../times.ts';

export function addOwnerCommand(program: RosterdCommand, runner: Runner): void {
  addCommand<{ readonly at?: string }>(program, runner, {
    call: 'owner <SOURCE> <EXTERNAL-ID>',
    summary: 'who held an id of a source, and when',
    arguments: {
      SOURCE: 'the id of the source',
      'EXTERNAL-ID': 'such as an Avaya login id, or the ACD id that people know (UCCE: agent id)',
    },
    options: [['--at <TIME>', 'only then: 2026-03-03, "2026-03-03 15:00", or a span ago such as 12h, 7d']],
    run: async (context, [source, externalId], { at }) => {
      const client = await context.api('read');
      const time = at === undefined ? undefined : parseTime(at, context.world.now(), 'past');
      const query = { source, externalId, at: time };
      const { items } = (await ask(client, 'GET', apiPath('owners'), { query })) as { items: readonly Owner[] };
      if (context.json) await context.out.json(...items);
      else
        await context.out.write(
          tableFor<Owner>(context, [
            { head: 'USER', value: (owner) => owner.userId, align: 'right', whole: true },
            { head: 'NAME', value: (owner) => owner.names.join(' or ') },
            { head: 'FROM', value: (owner) => context.time(owner.from) },
            { head: 'TO', value: (owner) => context.time(owner.to) },
            { head: 'NOTE', value: (owner) => (owner.disputed ? 'disputed' : owner.as === 'acdId' ? 'as ACD id' : '') },
          ])(items),
        );
      if (items.length === 0)
        await context.hint(`Nobody held ${externalId ?? ''} at ${source ?? ''}${at === undefined ? '' : ' then'}.`);
      return undefined;
    },
  });
}

import { apiPath, ask } from '../api-client.ts';
import { addCommand, addGroup } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import type { Context } from '../context.ts';
import { needConsent } from '../consent.ts';
import { UsageError } from '../errors.ts';
import { printListing } from '../listing.ts';
import type { AcknowledgedMany, WorklistEntry } from '../shapes.ts';
import type { Column } from '../table.ts';
import { parseTime } from '../times.ts';

/** Which entries: as the API takes them. */
interface Selection {
  readonly why?: string;
  readonly source?: string;
  readonly run?: string;
  readonly user?: string;
  readonly team?: string;
}

const whys = [
  ...['account-gone', 'gone-refused', 'account-disabled', 'account-renamed', 'account-returned', 'agent-without-user'],
  ...['id-in-use', 'no-longer-an-agent', 'supervisor-without-privileges'],
];
const selectionOptions = [
  ['--why <REASON>', 'only for this reason', whys],
  ['--source <SOURCE>', 'only with evidence of this source'],
  ['--run <RUN>', 'only with evidence of this run'],
  ['--user <USER>', 'only this user: id or username'],
  ['--team <TEAM>', 'only members of this team'],
] as const;

/** `worklist` (spec 9.2). */
export function addWorklistCommands(program: RosterdCommand, runner: Runner): void {
  const worklist = addGroup(
    program,
    'worklist',
    'users that a person should look at, with the evidence; ack: seen',
    'Users that a person should look at, with the evidence',
  );
  addCommand<Selection & { readonly all?: boolean }>(worklist, runner, {
    call: 'list',
    isDefault: true,
    summary: 'users that a person should look at, with the evidence',
    details: [
      'The sync never deactivates anybody: whose account is gone or disabled stands here instead. Where one run has renamed',
      'more than twenty accounts of a source they are one entry; --run shows each.',
    ].join('\n'),
    options: [...selectionOptions, ['--all', 'those that were acknowledged, too']],
    run: async (context, _args, { all, ...options }) => {
      await printListing<WorklistEntry>(context, {
        path: apiPath('worklist'),
        query: { ...selectionOf(options), all },
        columns: [
          { head: 'USER', value: (entry) => entry.userId, align: 'right', whole: true },
          { head: 'USERNAME', value: (entry) => entry.username ?? `(${String(entry.count)} accounts)` },
          { head: 'NAME', value: (entry) => entry.displayName },
          { head: 'ACTIVE', value: (entry) => (entry.userId === null ? '' : entry.active ? 'yes' : 'no') },
          { head: 'WHY', value: (entry) => entry.reasons.join(', ') },
          {
            head: 'EVIDENCE',
            value: (entry) =>
              entry.evidence
                .slice(0, 3)
                .map((each) => evidenceText(context, each))
                .join('; '),
          },
          { head: 'SUGGESTED', value: (entry) => entry.suggestions.join('; ') },
          ...(all === true ? [acknowledgedColumn(context)] : []),
        ],
        empty: 'Nobody to look at.',
      });
      return undefined;
    },
  });
  addCommand<AckOptions>(worklist, runner, {
    call: 'ack [USER]',
    summary: 'seen: the entry stays away until its evidence changes, or until a date',
    details: 'Without USER the entries that `worklist` shows with the same options, which are counted first.',
    arguments: { USER: 'id or username' },
    options: [
      ...selectionOptions,
      ['--reason <NOTE>', 'what you found; kept in the history'],
      ['--until <TIME>', 'back at this time: 2026-03-31, "2026-03-31 15:00", or a span such as 12h, 7d'],
      ['--yes', 'do not ask'],
    ],
    run: (context, [user], options) => acknowledge(context, user, options),
  });
}

interface AckOptions extends Selection {
  readonly reason?: string;
  readonly until?: string;
  readonly yes?: boolean;
}

async function acknowledge(context: Context, one: string | undefined, options: AckOptions): Promise<undefined> {
  const { reason, until, yes } = options;
  const selection = selectionOf(options);
  const isOfMany = Object.keys(selection).length > 0;
  if (isOfMany === (one !== undefined)) throw new UsageError('say which: a user, or what narrows the worklist down');
  if (reason === undefined) throw new UsageError('say what you found, with --reason NOTE');
  const end = until === undefined ? {} : { until: parseTime(until, context.world.now(), 'future') };
  const till = end.until === undefined ? 'its evidence changes' : context.time(end.until);
  const client = await context.api('write');
  if (one !== undefined) {
    const answer = await ask(client, 'POST', apiPath('worklist', one, 'ack'), { body: { reason, ...end } });
    if (context.json) await context.out.json(answer);
    else await context.out.line(`User ${one} is off the worklist until ${till}.`);
    return undefined;
  }
  const asked = async (preview: boolean): Promise<AcknowledgedMany> => {
    const run = selection.run === undefined ? {} : { run: Number(selection.run) };
    const body = { ...selection, ...run, ...end, reason, preview };
    return (await ask(client, 'POST', apiPath('worklist', 'ack'), { body })) as AcknowledgedMany;
  };
  if (yes !== true) {
    const preview = await asked(true);
    if (preview.count > 0) await needConsent(context, `${manyText(preview)} would be off the worklist. Go on?`, yes);
  }
  const done = await asked(false);
  if (context.json) await context.out.json(done);
  else if (done.count === 0) await context.out.line('Nobody to look at.');
  else await context.out.line(`${manyText(done)} are off the worklist, each until ${till}.`);
  return undefined;
}

function manyText({ count, first }: AcknowledgedMany): string {
  const rest = count - first.length;
  return `${String(count)} users (${first.join(', ')}${rest > 0 ? ` and ${String(rest)} more` : ''})`;
}

function selectionOf({ why, source, run, user, team }: Selection): Selection {
  if (run !== undefined && !/^[1-9]\d{0,9}$/.test(run)) throw new UsageError(`--run takes a number, not "${run}"`);
  const given = Object.entries({ why, source, run, user, team });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

function acknowledgedColumn(context: Context): Column<WorklistEntry> {
  return {
    head: 'SEEN BY',
    value: ({ acknowledged }) => {
      if (acknowledged === null) return '';
      const { by, note, until } = acknowledged;
      return `${by}: ${note}${until === null ? '' : ` (until ${context.time(until)})`}`;
    },
  };
}

function evidenceText(context: Context, evidence: WorklistEntry['evidence'][number]): string {
  const { reason, source, externalId, since, proof, changes } = evidence;
  const at = since === null ? '' : ` ${reason.startsWith('account-re') ? 'at' : 'since'} ${context.time(since)}`;
  const renamed = changes.map(({ field, before, after }) => `${field}: ${before} → ${after}`).join(', ');
  const how = renamed === '' ? proof : renamed;
  return `${source} ${externalId} ${reason.replace('account-', '')}${at}${how === null ? '' : ` (${how})`}`;
}

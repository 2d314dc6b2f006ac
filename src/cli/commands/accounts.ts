import { accountCsv, reasonText } from '../../api/account-export.ts';
import { apiPath, ask, pages } from '../api-client.ts';
import type { Query } from '../api-client.ts';
import { addCommand, addGroup } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { printListing } from '../listing.ts';
import { paintState } from '../paint.ts';
import type { Account } from '../shapes.ts';
import type { Column } from '../table.ts';
import { addAccountRefresh } from './refresh.ts';

interface AccountListOptions {
  readonly matched?: boolean;
  readonly notMatched?: boolean;
  readonly csv?: boolean;
  readonly source?: string;
  readonly state?: string;
  readonly match?: string;
}

const matches = ['linked', 'unmatched', 'waiting', 'question', 'ignored', 'unlinked'];

export function addAccountCommands(program: RosterdCommand, runner: Runner): void {
  const account = addGroup(
    program,
    'account',
    'list, refresh, ignore, unignore: the accounts of the sources, matched and not',
    'The user objects of the sources, and whom they belong to',
  );
  addCommand<AccountListOptions>(account, runner, {
    call: 'list',
    summary: 'accounts as the sources said them last, matched and not matched',
    options: [
      ['--source <SOURCE>', 'only of this source'],
      ['--state <STATE>', 'only in this state', ['present', 'disabled', 'gone']],
      ['--match <MATCH>', 'only these: linked, unmatched, waiting, …', matches],
      ['--matched', 'only those that are linked to a user'],
      ['--not-matched', 'only those that are not, with the reason'],
      ['--csv', 'as CSV, for a spreadsheet'],
    ],
    run: async (context, _args, { source, state, match, matched, notMatched, csv }) => {
      if (matched === true && notMatched === true)
        throw new UsageError('--matched and --not-matched exclude each other');
      const query = { source, state, match, matched: matched ?? (notMatched === true ? false : undefined) };
      if (csv === true) return printCsv(context, query);
      await printListing<Account>(context, {
        path: apiPath('accounts'),
        query,
        columns: columns(context),
        empty: 'No such accounts. `rosterd sync` reads the sources, `rosterd source list` shows them.',
      });
      return undefined;
    },
  });
  addAccountRefresh(account, runner);
  for (const action of ['ignore', 'unignore'] as const)
    addCommand<ReasonOption>(account, runner, {
      call: `${action} <SOURCE> <EXTERNAL-ID>`,
      summary: ignoreSummaries[action],
      arguments: { SOURCE: 'the id of the source', 'EXTERNAL-ID': "the source's own id of the account" },
      options: [['--reason <TEXT>', 'why; kept in the history']],
      run: async (context, [source = '', externalId = ''], { reason }) => {
        const client = await context.api('write');
        const body = reason === undefined ? {} : { reason };
        const path = apiPath('accounts', source, externalId, action);
        const answer = (await ask(client, 'POST', path, { body })) as Account & { readonly changed: boolean };
        if (context.json) await context.out.json(answer);
        else if (answer.changed) await context.out.line(`Account ${externalId} of ${source} is ${stateAfter(answer)}.`);
        else await context.out.line(unchanged(action, answer));
        return undefined;
      },
    });
}

/** What stands although the command changed nothing, and what would help. */
function unchanged(action: 'ignore' | 'unignore', { source, externalId, match, reason }: Account): string {
  const account = `Account ${externalId} of ${source}`;
  if (action === 'ignore') return `${account} was ignored already; the first reason stays.`;
  const because = reason === null ? '' : ` (${reason})`;
  if (match === 'ignored') return `${account} is ignored by the configuration${because}; nothing was changed.`;
  return `${account} is not ignored; nothing was changed. It is ${match}${because}; what is refused of it: rosterd refusal list --source ${source}`;
}

interface ReasonOption {
  readonly reason?: string;
}

const ignoreSummaries = {
  ignore: 'it belongs to nobody (service, test, IVR): no user, no link, no question',
  unignore: 'it is decided on again',
};

function stateAfter(account: Account): string {
  const { ignored } = account;
  if (ignored === null) return 'decided on again';
  return ignored.by === 'person' ? 'ignored' : `still ignored ${reasonText(account)}`;
}

async function printCsv(context: Context, query: Query): Promise<undefined> {
  if (context.json) throw new UsageError('--csv and --json exclude each other');
  const client = await context.api('read');
  await context.out.write(accountCsv.head);
  for await (const page of pages(client, apiPath('accounts'), query))
    await context.out.write((page.items as readonly Account[]).map(accountCsv.line).join(''));
}

function columns(context: Context): readonly Column<Account>[] {
  const state = (text: string): string => paintState(context.paint, text);
  return [
    { head: 'SOURCE', value: (account) => account.source, whole: true },
    { head: 'EXTERNAL ID', value: (account) => account.externalId, whole: true },
    { head: 'NAME', value: nameOf },
    { head: 'STATE', value: (account) => account.state, paint: state },
    { head: 'MATCH', value: (account) => account.match, paint: state },
    { head: 'USER', value: (account) => account.userId, align: 'right', whole: true },
    { head: 'REASON', value: reasonText },
  ];
}

function nameOf({ values }: Account): string {
  const full = [values['firstName'], values['lastName']].filter(Boolean).join(' ');
  return [values['displayName'], full, values['username']].find(Boolean) ?? '';
}

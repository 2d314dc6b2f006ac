import { apiPath } from '../api-client.ts';
import { addCommand, addGroup } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import type { Context } from '../context.ts';
import { printListing } from '../listing.ts';
import { paintState } from '../paint.ts';
import type { Account } from '../shapes.ts';
import type { Column } from '../table.ts';

interface AccountListOptions {
  readonly source?: string;
  readonly state?: string;
  readonly match?: string;
}

const matches = ['linked', 'unmatched', 'waiting', 'question', 'ignored', 'unlinked'];

export function addAccountCommands(program: RosterdCommand, runner: Runner): void {
  const account = addGroup(
    program,
    'account',
    'list: the accounts of the sources, matched and not',
    'The user objects of the sources, and whom they belong to',
  );
  addCommand<AccountListOptions>(account, runner, {
    call: 'list',
    summary: 'accounts as the sources said them last, matched and not matched',
    options: [
      ['--source <SOURCE>', 'only of this source'],
      ['--state <STATE>', 'only in this state', ['present', 'disabled', 'gone']],
      ['--match <MATCH>', 'only these: linked, unmatched, waiting, …', matches],
    ],
    run: async (context, _args, { source, state, match }) => {
      await printListing<Account>(context, {
        path: apiPath('accounts'),
        query: { source, state, match },
        columns: columns(context),
        empty: 'No such accounts. `rosterd sync` reads the sources, `rosterd source list` shows them.',
      });
      return undefined;
    },
  });
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
    { head: 'REASON', value: (account) => account.reason },
  ];
}

function nameOf({ values }: Account): string {
  const full = [values['firstName'], values['lastName']].filter(Boolean).join(' ');
  return [values['displayName'], full, values['username']].find(Boolean) ?? '';
}

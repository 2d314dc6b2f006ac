import { csvLine } from '../domain/spreadsheet.ts';
import type { Account } from './schemas/accounts.ts';

const columns: readonly (readonly [head: string, value: (account: Account) => string | number | null])[] = [
  ['Source', ({ source }) => source],
  ['External ID', ({ externalId }) => externalId],
  ['State', ({ state }) => state],
  ['Match', ({ match }) => match],
  ['Reason', (account) => reasonText(account)],
  ['User ID', ({ userId }) => userId],
  ['User', ({ username }) => username],
  ['First Name', ({ values }) => values['firstName'] ?? null],
  ['Last Name', ({ values }) => values['lastName'] ?? null],
  ['Display Name', ({ values }) => values['displayName'] ?? null],
  ['Login', ({ values }) => values['username'] ?? null],
  ['Email', ({ values }) => values['email'] ?? null],
  ['Windows Login', ({ values }) => values['windowsLogin'] ?? null],
  ['Employee ID', ({ values }) => values['employeeId'] ?? null],
  ['ACD ID', ({ values }) => values['acdId'] ?? null],
  ['First Seen', ({ firstSeenAt }) => firstSeenAt],
  ['Changed', ({ changedAt }) => changedAt],
  ['Gone Since', ({ goneSince }) => goneSince],
  ['Disabled Since', ({ disabledSince }) => disabledSince],
];

/** The list of accounts as CSV. */
export const accountCsv = {
  head: csvLine(columns.map(([head]) => head)),
  line: (account: Account): string => csvLine(columns.map(([, value]) => value(account))),
};

/** Why an account stands as it does, for people; empty where there is nothing to add. */
export function reasonText(account: Account): string {
  const { match, reason, ignored, reviewItem, userId } = account;
  if (ignored?.by === 'person') return withReason(`by ${ignored.name ?? 'a person'}`, ignored.reason);
  if (ignored?.by === 'filter') return withReason('by the configuration', ignored.reason);
  if (reviewItem !== null) return `review item ${String(reviewItem)} (${reason ?? match})`;
  if (match === 'unlinked') return 'by a person; waits for one';
  if (match === 'waiting') return waitingText(reason, userId);
  return reason ?? (match === 'new' ? 'not decided on yet' : '');
}

function withReason(who: string, reason: string | null): string {
  return reason === null ? who : `${who}: ${reason}`;
}

function waitingText(reason: string | null, userId: number | null): string {
  if (reason === 'sync-off') return `for the sync of user ${String(userId)}, which is off`;
  if (reason === 'disabled') return 'for the account to be enabled';
  if (reason === 'id-in-doubt')
    return `until it is clear whose account user ${String(userId)} has: it matches only by what that account says`;
  return reason === 'no-username' ? 'for a login: nothing names one' : (reason ?? '');
}

import type { LinkedSubject } from '../../apply/ports.ts';
import type { World } from '../../reconcile/decide.ts';
import { ignoringRule } from '../../reconcile/ignore.ts';
import { changesWhenOn } from '../../reconcile/waiting.ts';
import { noReadRules, type IgnoringRuleOf } from '../read-rules.ts';
import { reconcileReads } from '../reconcile-reads.ts';
import { query, type Db } from '../sql.ts';
import { waitingAccounts } from '../user-sync.ts';
import type { RulesOf } from './explanation.ts';

/** A change that waits; one of `link.SOURCE` is an account that waits to be linked. */
export interface WaitingChange {
  readonly field: string;
  readonly before: string | readonly string[] | null;
  readonly after: string | readonly string[] | null;
}

/** What waits for each of these users until their sync is on again (spec 6.5); some statements per source, however many users. */
export async function waitingChanges(
  db: Db,
  userIds: readonly number[],
  rulesOf: RulesOf,
): Promise<ReadonlyMap<number, readonly WaitingChange[]>> {
  const ignoringRuleOf: IgnoringRuleOf = (source, account) => ignoringRule(rulesOf(source)?.ignore ?? [], account);
  const reads = reconcileReads(db, { ...noReadRules, ignoringRuleOf });
  const linked = await query<{ source: string }>(
    db,
    'select distinct source_id as source from link where user_id = any(?) and until is null order by 1',
    [[...userIds]],
  );
  const teamNames = new Map((await reads.teams()).map((team) => [team.id, team.name]));
  const now = await reads.now();
  const accountsOf = new Map<number, { readonly row: LinkedSubject; readonly world: World }[]>();
  for (const { source } of linked) {
    const configured = rulesOf(source);
    if (configured === undefined) continue;
    const sharedKeys = await reads.sharedKeys();
    const rules = { ...configured, roleMeanings: await reads.roleMeanings(source), sharedKeys };
    const bindings = new Map((await reads.sourceTeams(source)).map((team) => [team.externalId, team.teamId]));
    const world = { rules, teamNames, bindings, now };
    for (const row of await reads.subjects(source, userIds, false)) {
      const { id } = row.subject.user;
      accountsOf.set(id, [...(accountsOf.get(id) ?? []), { row, world }]);
    }
  }
  const links = Map.groupBy(await waitingAccounts(db, userIds), (account) => account.userId);
  return new Map(
    userIds.map((userId) => {
      const accounts = (accountsOf.get(userId) ?? []).map(({ row, world }) => ({ ...row, world }));
      const [first] = accounts;
      const values = first === undefined ? [] : changesWhenOn(first.subject, accounts, teamNames);
      const waiting = (links.get(userId) ?? []).map(({ source, externalId }) => ({
        field: `link.${source}`,
        before: null,
        after: externalId,
      }));
      return [userId, [...values, ...waiting]];
    }),
  );
}

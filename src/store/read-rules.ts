import type { AccountContent } from '../domain/account.ts';
import type { SourceId } from '../domain/user.ts';
import type { Matching } from '../reconcile/match-keys.ts';
import type { SourceRules } from '../reconcile/rules.ts';
import type { Db } from './sql.ts';

/** The rule of the configuration by which a source's account is ignored, or null (spec 2.7). */
export type IgnoringRuleOf = (
  source: SourceId,
  account: { readonly externalId: string; readonly content: AccountContent },
) => string | null;

/** What the configuration says of the sources, as far as the store reads by it. */
export interface ReadRules {
  /** A source's correlation rules. */
  readonly matchOf: (source: SourceId) => Matching;
  /** The names of a source's rules whose match links although it is contradicted (spec 4.12). */
  readonly trustedRulesOf: (source: SourceId) => readonly string[];
  readonly ignoringRuleOf: IgnoringRuleOf;
  /** The sources that give ids to other people (spec 8). */
  readonly reusableIds: ReadonlyMap<SourceId, NonNullable<SourceRules['reusableIds']>>;
  /** At the end of a person's transaction: fails it where another configuration has been set up meanwhile. */
  readonly stillInForce?: (transaction: Db) => Promise<void>;
}

/** For reads that correlate nothing. */
export const noReadRules: ReadRules = {
  matchOf: () => ({ match: [], placeholders: [] }),
  trustedRulesOf: () => [],
  ignoringRuleOf: () => null,
  reusableIds: new Map(),
};

import type { Sight } from '../../domain/scope.ts';
import type { Knex } from 'knex';
import { managingRoles, type RoleCatalogue } from '../../domain/privileges.ts';
import { createAccountQueries } from './accounts.ts';
import { createBulkQueries } from './bulk.ts';
import { createPeopleImportQueries } from './people-imports.ts';
import { createPeopleQueries } from './people-csv.ts';
import { createEventQueries } from './events.ts';
import { explainUser, type RulesOf } from './explanation.ts';
import { ownersOf } from './owners.ts';
import { createGroupQueries } from './groups.ts';
import { createMergeQueries } from './merges.ts';
import { createNumericIdQueries } from './numeric-ids.ts';
import { createRefusalQueries } from './refusals.ts';
import { createReviewItemQueries } from './review-items.ts';
import { createRunQueries } from './runs.ts';
import { createSourceQueries, type ConfiguredSource } from './sources.ts';
import { createTeamQueries } from './teams.ts';
import { createUserQueries } from './users.ts';
import { createWorklistQueries } from './worklist.ts';

/** What the read models need to know of the configuration. */
export interface ReadModelSettings {
  /** In the order of the configuration, disabled ones included. */
  readonly sources: readonly ConfiguredSource[];
  readonly rulesOf: RulesOf;
  readonly roleCatalogue: RoleCatalogue;
  /** The next slots of a source's schedule, ISO; the scheduler knows them. */
  readonly nextRuns: (source: string) => readonly string[];
}

/**
 * Every read model of the API, on one pool, for who sees this: what is out of an operator's scope is not there for them (spec
 * 19.1). Explanation and lists read what is stored and need no engine.
 */
export function createApiQueries(knex: Knex, settings: ReadModelSettings) {
  return ({ sight }: { readonly sight: Sight | null }) => queriesFor(knex, settings, sight);
}

function queriesFor(knex: Knex, settings: ReadModelSettings, sight: Sight | null) {
  const acds = settings.sources.filter((source) => source.as === 'acd').map((source) => source.id);
  const managing = managingRoles(settings.roleCatalogue);
  return {
    users: createUserQueries(knex, settings.rulesOf, managing, sight),
    numericIds: createNumericIdQueries(knex, sight),
    accounts: createAccountQueries(knex, sight),
    sources: createSourceQueries(knex, settings.sources, settings.nextRuns),
    refusals: createRefusalQueries(knex, sight),
    runs: createRunQueries(knex, sight),
    events: createEventQueries(knex, sight),
    reviewItems: createReviewItemQueries(knex, sight),
    groups: createGroupQueries(knex, sight),
    teams: createTeamQueries(knex, sight),
    bulk: createBulkQueries(knex, sight),
    people: createPeopleQueries(knex, sight),
    imports: createPeopleImportQueries(knex, sight),
    merges: createMergeQueries(knex, sight),
    worklist: createWorklistQueries(knex, { acds, managing }, sight),
    owners: (filter: Parameters<typeof ownersOf>[1]) => ownersOf(knex, filter, sight),
    explain: (userId: number) => explainUser(knex, userId, settings.rulesOf, managing),
  };
}

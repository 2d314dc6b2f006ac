import type { Page, Read, ReadEnd, Session } from '../../../src/connector-kit/contract.ts';
import type { RunnableSource } from '../../../src/runs/ports.ts';
import type { GuardLimits } from '../../../src/reconcile/guard.ts';
import type { SourceRules } from '../../../src/reconcile/rules.ts';
import type { WorldConfig, WorldSource } from './config.ts';
import type { NaiveRead } from './naive-import.ts';

/** What the in-memory sources answer with; the driver changes it between runs. */
export interface Answers {
  /** By source. */
  readonly reads: Map<string, NaiveRead>;
  pageSize: number;
}

/** A source of a world as the engine runs it: a session over an array. */
export function memorySource(config: WorldConfig, source: WorldSource, answers: Answers): RunnableSource {
  return {
    id: source.id,
    as: source.as,
    rules: rulesOf(config, source),
    guard: { firstImport: 'apply', ...guardOf(config) },
    configDigest: 'unchanged',
    delta: true,
    open: () => Promise.resolve(session(source.id, answers)),
    secretFingerprint: () => Promise.resolve('none'),
  };
}

/** Limits that nothing exceeds; where `counts`, only after every decision was counted. Where `tight`, everything exceeds them. */
export function guardOf(config: WorldConfig): GuardLimits {
  const wide = config.counts ? { number: 0, percent: Infinity } : { number: 1e9, percent: 100 };
  const limit = config.tight ? { number: 0, percent: 0 } : wide;
  return {
    created: limit,
    // More contradictions than links are allowed would be one question of the whole source (spec 4.12).
    linked: wide,
    fieldChanged: limit,
    fieldBlanked: limit,
    teamMoved: limit,
    roleTaken: limit,
    gone: limit,
  };
}

/** The rules as the configuration would give them. */
export function rulesOf(config: WorldConfig, source: WorldSource): SourceRules {
  return {
    id: source.id,
    as: source.as,
    match: source.match,
    trustedRules: [],
    placeholders: [],
    createsUsers: source.createsUsers,
    fromDisabled: config.fromDisabled,
    newUsersActive: true,
    roles: source.roles.map((rule) =>
      rule.when === 'supervisor'
        ? { when: { supervisor: true }, role: rule.role }
        : { when: rule.when === 'group' ? { group: rule.name } : { profile: rule.name }, role: rule.role },
    ),
    catalogue: config.catalogue,
    teams: source.teams,
    ownsSupervision: false,
    blanks: source.blanks,
    ignore: [],
    reusableIds: source.reusableIds ? { nameMapping: 'one' } : null,
  };
}

function session(source: string, answers: Answers): Session {
  const readOf = (): NaiveRead => answers.reads.get(source) ?? { records: [], complete: false };
  return {
    systemId: `system of ${source}`,
    readAll: () => read(readOf(), answers.pageSize),
    readChanges: (cursor) => changesSince(Number(cursor), readOf(), answers.pageSize),
    lookup: () => Promise.resolve('unsupported'),
    close: () => Promise.resolve(),
  };
}

async function* read({ records, complete, changes }: NaiveRead, pageSize: number): Read {
  for (let start = 0; start < records.length; start += pageSize) {
    const page: Page = { records: records.slice(start, start + pageSize), gone: [], rejected: [] };
    yield await Promise.resolve(page);
  }
  const cursor = changes === undefined || changes.now === null ? {} : { cursor: String(changes.now) };
  const end: ReadEnd = complete
    ? { whole: complete, ...cursor }
    : { whole: complete, reason: 'the connection was cut' };
  return end;
}

/** What has changed since, and then who has gone since. */
async function* changesSince(since: number, { records, changes, complete }: NaiveRead, pageSize: number): Read {
  const changed = (id: string): boolean => (changes?.at.get(id) ?? 0) > since;
  const present = new Set(records.map((record) => record.externalId));
  const gone = [...(changes?.at.keys() ?? [])].filter((id) => !present.has(id) && changed(id));
  const end = yield* read(
    { records: records.filter(({ externalId }) => changed(externalId)), complete, ...(changes && { changes }) },
    pageSize,
  );
  yield { records: [], gone: gone.map((externalId) => ({ externalId, how: 'deleted' as const })), rejected: [] };
  return end;
}

import type { AccountContent, AccountRecord, RoleFacts, SourceTeam } from '../../../src/domain/account.ts';
import type { Field } from '../../../src/domain/fields.ts';
import { halfIsMissing } from './naive-model.ts';
import { accountsOf, clean, foldedText, type NaiveState } from './naive-state.ts';

/** What a source knows of the times at which its accounts changed. */
interface Changes {
  /** When it was read; null where the read is not one to go on from. */
  readonly now: number | null;
  /** When each account was seen to have changed last, those that it has no more included; by external id. */
  readonly at: ReadonlyMap<string, number>;
}

/** What one full read of a source shows. */
export interface NaiveRead {
  /** In the order in which they arrive; a second record of one id is rejected (spec 2.2). */
  readonly records: readonly AccountRecord[];
  /** False when it was cut off (spec 3.2). */
  readonly complete: boolean;
  /** For a source that tells its changes; what it tells comes to the same as reading everything, and the model does that. */
  readonly changes?: Changes;
}

/** Observes a read: writes accounts only (spec 2.1–2.4, 3.1). */
export function naiveImport(state: NaiveState, source: string, read: NaiveRead): void {
  if (!halfIsMissing(state, source))
    state.presentBefore[source] = accountsOf(state, source).flatMap(([key, account]) => (account.gone ? [] : [key]));
  const seen = new Set<string>();
  let provable = read.complete;
  for (const record of read.records) {
    const id = clean(record.externalId);
    const key = `${source}:${id}`;
    if (id === '' || seen.has(key)) {
      provable = false;
      continue;
    }
    seen.add(key);
    observe(state, source, id, cleanContent(record));
  }
  if (read.complete && (seen.size > 0 || read.records.length === 0) && !state.readOnce.includes(source))
    state.readOnce.push(source);
  if (!provable) return;
  for (const [key, account] of accountsOf(state, source)) if (!seen.has(key)) account.absent = true;
}

function observe(state: NaiveState, source: string, externalId: string, said: AccountContent): void {
  const key = `${source}:${externalId}`;
  const known = state.accounts[key];
  for (const team of [...(said.teams ?? []), ...(said.supervises ?? [])])
    state.sourceTeams[source] = {
      ...state.sourceTeams[source],
      [team.id]: { team: null, ...state.sourceTeams[source]?.[team.id], name: team.name },
    };
  if (known === undefined) {
    state.accounts[key] = {
      source,
      externalId,
      content: said,
      absent: false,
      gone: false,
      ignored: false,
      unlinked: false,
      refusals: {},
      standing: 'new',
      reason: null,
      seen: null,
    };
    return;
  }
  known.absent = false;
  // What was not read keeps what was known (spec 2.3).
  known.content = {
    ...known.content,
    ...said,
    values: { ...known.content.values, ...said.values },
    roleFacts: { ...known.content.roleFacts, ...said.roleFacts },
  };
}

function cleanContent(record: AccountRecord): AccountContent {
  // What cannot be used is not read (spec 2.2).
  const usable = (Object.entries(record.values) as [Field, string | null][]).filter(
    ([, text]) => text?.includes('\u0001') !== true,
  );
  const values = usable.map(([field, text]) => {
    const cleaned = clean(text ?? '');
    return [field, cleaned === '' ? null : cleaned] as const;
  });
  const facts = Object.entries(record.roleFacts ?? {}).map(([name, fact]: [string, boolean | readonly string[]]) => [
    name,
    typeof fact === 'boolean' ? fact : [...new Set(fact.map(clean))].sort(),
  ]);
  return {
    values: Object.fromEntries(values),
    roleFacts: Object.fromEntries(facts) as RoleFacts,
    ...(record.disabled === undefined ? {} : { disabled: record.disabled }),
    ...(record.teams === undefined ? {} : { teams: cleanTeams(record.teams) }),
    ...(record.supervises === undefined ? {} : { supervises: cleanTeams(record.supervises) }),
  };
}

function cleanTeams(teams: readonly SourceTeam[]): SourceTeam[] {
  const cleaned = teams
    .map(({ id, name }) => ({ id: clean(id), name: clean(name) }))
    .filter(({ id }) => foldedText(id) !== '');
  return cleaned.filter((team, index) => cleaned.findIndex((other) => other.id === team.id) === index);
}

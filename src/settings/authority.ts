import { sourceFields } from '../domain/fields.ts';
import type { ConfigurationProblem } from './errors.ts';
import { problemAt, show, suggestion } from './explain.ts';
import { isMapping, valueAt } from './key-path.ts';
import type { Top } from './schema.ts';
import type { FieldAuthority, SourceRole } from './settings.ts';

/** What ranking needs of a source. */
export interface RankedSource {
  readonly id: string;
  readonly as: SourceRole;
}

type Written = Top['authority'];
type WrittenField = Partial<FieldAuthority>;

/** The complete ranking of every field: the sources named, then the others, directories before ACDs (spec 5.1). */
export function completeAuthority(
  written: Written,
  sources: readonly RankedSource[],
  attributes: readonly string[],
): Record<string, FieldAuthority> {
  const rankings = new Map<string, WrittenField>(Object.entries(written));
  const fields = new Set([...sourceFields, ...rankings.keys(), ...attributes]);
  return Object.fromEntries([...fields].map((field) => [field, authorityOf(field, rankings.get(field), sources)]));
}

function authorityOf(field: string, written: WrittenField = {}, sources: readonly RankedSource[]): FieldAuthority {
  const { rank: named = [], blanks = [] } = written;
  const others = usualOrder(sources)
    .filter((source) => field !== 'acdId' || source.as === 'acd')
    .map((source) => source.id)
    .filter((id) => !named.includes(id));
  return { rank: [...named, ...others], blanks };
}

function usualOrder(sources: readonly RankedSource[]): RankedSource[] {
  return [...sources.filter((source) => source.as === 'directory'), ...sources.filter((source) => source.as === 'acd')];
}

/**
 * Names that are no source, that stand twice, or that spec 5.1 does not let supply the field. `written` is the key as the
 * file has it: what has another shape is the schema's to name and is passed over here.
 */
export function checkAuthority(
  written: unknown,
  sources: readonly RankedSource[],
  origins: ReadonlyMap<string, string>,
): ConfigurationProblem[] {
  if (!isMapping(written)) return [];
  return Object.entries(written).flatMap(([field, lists]) => {
    if (field === 'username') return [usernameRanked(origins)];
    return (['rank', 'blanks'] as const).flatMap((list) =>
      checkList(field, list, valueAt(lists, [list]), sources, origins),
    );
  });
}

function usernameRanked(origins: ReadonlyMap<string, string>): ConfigurationProblem {
  return problemAt(
    ['authority', 'username'],
    { at: [], origins },
    'cannot be ranked: the username follows the source that created the user',
  );
}

function checkList(
  field: string,
  list: 'rank' | 'blanks',
  ids: unknown,
  sources: readonly RankedSource[],
  origins: ReadonlyMap<string, string>,
): ConfigurationProblem[] {
  const allowed = sources.filter((source) => field !== 'acdId' || source.as === 'acd').map((source) => source.id);
  if (!Array.isArray(ids)) return [];
  return ids.flatMap((id: unknown, index) => {
    if (typeof id !== 'string') return [];
    const fault = faultOf(id, ids.indexOf(id) < index, sources, allowed);
    return fault === undefined ? [] : [problemAt(['authority', field, list, index], { at: [], origins }, fault)];
  });
}

function faultOf(
  id: string,
  repeated: boolean,
  sources: readonly RankedSource[],
  allowed: readonly string[],
): string | undefined {
  if (repeated) return `is ${show(id)}, which stands in the list already`;
  if (allowed.includes(id)) return undefined;
  const known = sources.some((source) => source.id === id);
  const reason = known
    ? 'a directory; an ACD id comes from ACDs only'
    : `no source of this configuration${suggestion(id, allowed)}`;
  return `is ${show(id)}, which is ${reason}; allowed: ${allowed.join(', ')}`;
}

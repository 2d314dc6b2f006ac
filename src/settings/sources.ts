import { isAbsolute, resolve } from 'node:path';
import type { ZodType } from 'zod';
import type { Field } from '../domain/fields.ts';
import type { ConfigurationProblem } from './errors.ts';
import { explainIssues, problemAt, show } from './explain.ts';
import { withLimits } from './guard.ts';
import { isMapping, valueAt } from './key-path.ts';
import type { RankedSource } from './authority.ts';
import { commonSourceSchema } from './schema.ts';
import type { CommonSource } from './schema.ts';
import type { ConnectorDefinition, GuardSettings, ScheduleSettings, SourceSettings } from './settings.ts';

/** What the sources of a configuration are judged with. */
export interface SourceContext {
  readonly connectors: ReadonlyMap<string, ConnectorDefinition>;
  readonly validateCron: (expression: string) => boolean;
  readonly origins: ReadonlyMap<string, string>;
  /** Where relative paths start. */
  readonly folder: string;
  readonly guard: GuardSettings;
  /** The organisation's, for schedules that name none. */
  readonly timeZone: string;
}

/** A source that is right, by its index in the list, and everything that is wrong with the others. */
export interface SourcesRead {
  readonly sources: readonly { readonly index: number; readonly settings: SourceSettings }[];
  readonly problems: readonly ConfigurationProblem[];
}

/** Judges every source: the common keys here, the remaining ones by the schema of the kind's connector. */
export function readSources(written: readonly unknown[], context: SourceContext): SourcesRead {
  const outcomes = written.map((source, index) => readSource(source, index, context));
  return {
    sources: outcomes.flatMap(({ settings }, index) => (settings === undefined ? [] : [{ index, settings }])),
    problems: [...outcomes.flatMap(({ problems }) => problems), ...repeatedIds(written, context.origins)],
  };
}

/** Ids and roles of all sources that say who they are, the wrong ones included, so that other keys can refer to them. */
export function namedSources(written: readonly unknown[], connectors: SourceContext['connectors']): RankedSource[] {
  return written.flatMap((source) => {
    const [id, kind, as] = ['id', 'kind', 'as'].map((key) => valueAt(source, [key]));
    if (typeof id !== 'string') return [];
    const usual = typeof kind === 'string' ? connectors.get(kind)?.as : undefined;
    return [{ id, as: as === 'acd' || as === 'directory' ? as : (usual ?? 'directory') }];
  });
}

interface Outcome {
  readonly settings?: SourceSettings;
  readonly problems: readonly ConfigurationProblem[];
}

function readSource(written: unknown, index: number, context: SourceContext): Outcome {
  const schema = commonSourceSchema([...context.connectors.keys()], context.validateCron);
  const at = ['sources', index];
  const kind = valueAt(written, ['kind']);
  const connector = typeof kind === 'string' ? context.connectors.get(kind) : undefined;
  const commonKeys = Object.keys(schema.shape);
  const { common, own } = split(written, commonKeys);
  const judged = schema.safeParse(common);
  const problems = explainIssues(judged.error?.issues ?? [], { schema, input: common, at, origins: context.origins });
  if (connector === undefined || !isMapping(own)) return { problems };

  const config = readOwnKeys(own, connector.configSchema, at, commonKeys, context);
  problems.push(...config.problems);
  if (judged.data !== undefined)
    problems.push(
      ...misusedIdsLike(judged.data, connector, at, context),
      ...uselessDelta(judged.data, connector, at, context),
    );
  if (judged.data === undefined || problems.length > 0) return { problems };
  return { settings: complete(judged.data, config.value, connector, context), problems };
}

/** The keys that every source may have, and the rest for its connector; something else than a mapping stays whole. */
function split(written: unknown, commonKeys: readonly string[]): { common: unknown; own: unknown } {
  if (!isMapping(written)) return { common: written, own: undefined };
  const entries = Object.entries(written);
  return {
    common: Object.fromEntries(entries.filter(([key]) => commonKeys.includes(key))),
    own: withoutPrototype(entries.filter(([key]) => !commonKeys.includes(key))),
  };
}

function withoutPrototype(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const mapping = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of entries) mapping[key] = value;
  return mapping;
}

function readOwnKeys(
  own: Record<string, unknown>,
  schema: ZodType,
  at: readonly PropertyKey[],
  commonKeys: readonly string[],
  { origins, folder }: SourceContext,
): { value?: unknown; problems: ConfigurationProblem[] } {
  const input = withAbsolutePaths(own, folder);
  const judged = schema.safeParse(input);
  if (judged.success) return { value: judged.data, problems: [] };
  return { problems: explainIssues(judged.error.issues, { schema, input, at, origins, furtherKeys: commonKeys }) };
}

/**
 * The two keys of a connection that are paths by agreement (architecture 9), made absolute. Connectors get them ready to
 * use, because only the settings know the folder of the configuration.
 */
function withAbsolutePaths(own: Record<string, unknown>, folder: string): Record<string, unknown> {
  const { connection } = own;
  if (!isMapping(connection)) return own;
  const { tls } = connection;
  const resolved = isMapping(tls) ? { ...connection, tls: withAbsolute(tls, 'caFile', folder) } : connection;
  return { ...own, connection: withAbsolute(resolved, 'path', folder) };
}

function withAbsolute(mapping: Record<string, unknown>, key: string, folder: string): Record<string, unknown> {
  const path = mapping[key];
  if (typeof path !== 'string' || path === '' || isAbsolute(path)) return mapping;
  return { ...mapping, [key]: resolve(folder, path) };
}

/** Spec 8.2: the rules for re-used ids can be asked for where ids are an ACD's. */
function misusedIdsLike(
  common: CommonSource,
  connector: ConnectorDefinition,
  at: readonly PropertyKey[],
  { origins }: SourceContext,
): ConfigurationProblem[] {
  if (common.idsLike === undefined || (common.as ?? connector.as) === 'acd') return [];
  return [
    problemAt(['idsLike'], { at, origins }, `is ${show(common.idsLike)}; allowed only for a source with as: acd`),
  ];
}

/** A delta of a kind that has none would be a full import, as often as a delta is wanted. */
function uselessDelta(
  common: CommonSource,
  connector: ConnectorDefinition,
  at: readonly PropertyKey[],
  { origins }: SourceContext,
): ConfigurationProblem[] {
  if (connector.delta || common.schedule.delta === undefined) return [];
  const message = `is set, but the kind ${common.kind} has no delta: every import reads in full, as schedule.full says`;
  return [problemAt(['schedule', 'delta'], { at, origins }, message)];
}

function complete(
  common: CommonSource,
  config: unknown,
  connector: ConnectorDefinition,
  context: SourceContext,
): SourceSettings {
  const as = common.as ?? connector.as;
  return {
    id: common.id,
    kind: common.kind,
    as,
    enabled: common.enabled,
    createsUsers: common.createsUsers ?? as === 'acd',
    schedule: completeSchedule(common.schedule, context.timeZone),
    ...completeMatch(common.match ?? connector.defaultMatch),
    ignore: common.ignore,
    mapping: common.mapping,
    reusableIds: connector.reusableIds || common.idsLike === 'avaya',
    ...(common.idsLike === undefined ? {} : { idsLike: common.idsLike }),
    roles: common.roles.map(({ when, role }) => ({ when: oneCondition(when), role })),
    teams: common.teams,
    supervision: common.supervision,
    ownsSupervision: connector.ownsSupervision && common.supervision === 'mirror',
    guard: withLimits(context.guard, common.guard),
    config,
  };
}

function completeMatch(
  written: readonly (
    readonly Field[] | { readonly fields: readonly Field[]; readonly contradiction?: 'ignore' | undefined }
  )[],
): Pick<SourceSettings, 'match' | 'trustedRules'> {
  const rules = written.map((rule) => ('fields' in rule ? rule : { fields: rule }));
  return {
    match: rules.map(({ fields }) => fields),
    trustedRules: rules.flatMap((rule) =>
      'contradiction' in rule && rule.contradiction === 'ignore' ? [rule.fields.join('+')] : [],
    ),
  };
}

function completeSchedule(written: CommonSource['schedule'], timeZone: string): ScheduleSettings {
  const { full, delta } = written;
  return { full, ...(delta === undefined ? {} : { delta }), timeZone: written.timeZone ?? timeZone };
}

function oneCondition(when: CommonSource['roles'][number]['when']): SourceSettings['roles'][number]['when'] {
  if (when.group !== undefined) return { group: when.group };
  return when.profile !== undefined ? { profile: when.profile } : { supervisor: true };
}

function repeatedIds(written: readonly unknown[], origins: ReadonlyMap<string, string>): ConfigurationProblem[] {
  const ids = written.map((source) => valueAt(source, ['id']));
  return ids.flatMap((id, index) => {
    const first = ids.indexOf(id);
    if (typeof id !== 'string' || first === index) return [];
    return [
      problemAt(
        ['sources', index, 'id'],
        { at: [], origins },
        `is ${show(id)}, which sources[${first}] has already; every source needs its own id`,
      ),
    ];
  });
}

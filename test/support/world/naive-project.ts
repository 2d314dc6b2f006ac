import type { Field } from '../../../src/domain/fields.ts';
import type { WorldConfig, WorldRoleRule, WorldSource } from './config.ts';
import { naiveBids, type NaiveBidder, type NaiveClaim } from './naive-bids.ts';
import { naiveFold } from './naive-fold.ts';
import {
  foldedText,
  isOff,
  must,
  sourceOf,
  type AccountKey,
  type NaiveAccount,
  type NaiveSlot,
  type NaiveState,
  type NaiveUser,
  type NaiveValue,
  type Values,
} from './naive-state.ts';

/** What becomes of one slot when its account is applied, and what is held back of it. */
interface NaiveProjection {
  readonly slot: NaiveSlot;
  readonly unknownRoles: readonly string[];
  readonly undecidedTeams: boolean;
  readonly refused: boolean;
}

/** An account that is applied to a user in this run, with what it would take and give up. */
export interface NaiveApplication {
  readonly account: NaiveAccount;
  readonly user: NaiveUser;
  readonly creates: boolean;
  projection: NaiveProjection;
  value: NaiveValue;
  lost: readonly NaiveClaim[];
}

/** Why nothing of a linked account is applied (spec 5.3). */
export function holdReason(user: NaiveUser, account: NaiveAccount): string | null {
  if (!user.active) return 'inactive';
  if (isOff(user, account.source)) return 'sync-off';
  if (account.absent) return 'gone';
  if (account.content.disabled === true) return 'disabled';
  return account.ignored ? 'ignored' : null;
}

/** What the source says of a part, as a refusal remembers it. */
export function naiveSaid(account: NaiveAccount, part: string): string {
  const { content } = account;
  if (part === 'roles') return JSON.stringify(content.roleFacts ?? {});
  if (part === 'teams') return JSON.stringify((content.teams ?? []).map((team) => team.id).sort());
  return content.values[part as Field] ?? '';
}

/** Decides all these applications together, unique names included (spec 4.7). */
export function applyTogether(
  config: WorldConfig,
  state: NaiveState,
  accounts: readonly { account: NaiveAccount; user: NaiveUser; creates: boolean }[],
): NaiveApplication[] {
  const decide = (
    entry: { account: NaiveAccount; user: NaiveUser },
    lost: readonly NaiveClaim[],
  ): Pick<NaiveApplication, 'projection' | 'value'> => {
    const projection = project(
      config,
      state,
      entry,
      lost.map((claim) => claim.field),
    );
    const slots = { ...entry.user.slots, [entry.account.source]: projection.slot };
    return { projection, value: naiveFold(config, state, entry.user, slots) };
  };
  const applications = accounts.map((entry): NaiveApplication => ({ ...entry, ...decide(entry, []), lost: [] }));
  const { lost } = naiveBids(applications.map(bidderOf), holdersOf(state));
  for (const [index, application] of applications.entries()) {
    application.lost = must(lost[index]);
    if (application.lost.length > 0 && !application.creates)
      Object.assign(application, decide(application, application.lost));
  }
  return applications;
}

/** The unique names that a value stands for. */
export function claimsOfValue(value: NaiveValue): NaiveClaim[] {
  const kinds: [Field, string][] = [
    ['username', 'username'],
    ['numericId', 'numericId'],
    ['windowsLogin', 'windowsLogin'],
    ['employeeId', 'employeeId'],
    ['acdId', `acdId:${value.acdSource ?? 'local'}`],
  ];
  return kinds.flatMap(([field, kind]) => {
    const text = value.fields[field];
    return text === undefined ? [] : [{ field, name: `${kind}=${foldedText(text)}` }];
  });
}

/** Who holds each unique name now. */
function holdersOf(state: NaiveState): Record<string, string> {
  const users = Object.values(state.users);
  return Object.fromEntries(users.flatMap((user) => claimsOfValue(user.value).map((claim) => [claim.name, user.key])));
}

/** Who holds this unique name now. */
export function holderOfName(state: NaiveState, name: string): string | undefined {
  return holdersOf(state)[name];
}

function bidderOf({ account, user, creates, value }: NaiveApplication): NaiveBidder {
  const had = claimsOfValue(user.value);
  const has = claimsOfValue(value);
  const missing = (from: NaiveClaim[], list: NaiveClaim[]): NaiveClaim[] =>
    from.filter((claim) => !list.some((other) => other.name === claim.name));
  return {
    user: creates ? null : user.key,
    externalId: account.externalId,
    wants: missing(has, had),
    gives: missing(had, has),
  };
}

function project(
  config: WorldConfig,
  state: NaiveState,
  { account, user }: { account: NaiveAccount; user: NaiveUser },
  lost: readonly string[],
): NaiveProjection {
  const prior = user.slots[account.source];
  const source = sourceOf(config, account.source);
  const refused = Object.keys(account.refusals).filter((part) => account.refusals[part] === naiveSaid(account, part));
  const values: Values = { ...prior?.values };
  const silent = new Set(prior?.silent);
  for (const [field, said] of Object.entries(account.content.values) as [Field, string | null][]) {
    if (refused.includes(field) || lost.includes(field)) continue;
    if (said !== null) {
      values[field] = said;
      silent.delete(field);
    } else if (source.blanks.includes(field)) {
      Reflect.deleteProperty(values, field);
      silent.delete(field);
    } else if (values[field] !== undefined && !(field === 'username' && isDerived(source, values))) silent.add(field);
  }
  // An ACD without logins of its own is logged on to with the agent id (spec 4.6).
  const named = values.username !== undefined || refused.includes('username') || lost.includes('username');
  if (!named && source.as === 'acd' && user.origin === source.id && values.acdId !== undefined)
    values.username = values.acdId;
  const roles = projectRoles(config, account, prior, refused.includes('roles'));
  const teams = projectTeams(state, account, prior, 'teams', refused.includes('teams'), source.teams);
  const supervises = projectTeams(state, account, prior, 'supervises', false, 'mirror');
  return {
    slot: {
      ...{ values, silent: [...silent].sort(), roles: roles.roles, teams: teams.teams, supervises: supervises.teams },
      voice: 'living',
    },
    unknownRoles: roles.unknown,
    undecidedTeams: teams.undecided || supervises.undecided,
    refused: refused.length > 0,
  };
}

/** A username that only repeats the agent id was never said, so the source does not fall silent about it. */
function isDerived(source: WorldSource, values: Values): boolean {
  return source.as === 'acd' && values.username === values.acdId;
}

function projectRoles(
  config: WorldConfig,
  account: NaiveAccount,
  prior: NaiveSlot | undefined,
  refused: boolean,
): { roles: string[]; unknown: string[] } {
  const source = sourceOf(config, account.source);
  const before = prior?.roles ?? [];
  const said = new Set(account.content.roleFacts?.roles ?? []);
  for (const rule of source.roles) if (holds(rule, account) ?? before.includes(rule.role)) said.add(rule.role);
  const unknown = [...said].filter((role) => !config.catalogue.includes(role)).sort();
  const roles = new Set(unknown.length > 0 || refused ? before : said);
  if (source.as === 'acd' || before.includes('agent')) roles.add('agent');
  return { roles: [...roles].sort(), unknown };
}

/** Undefined where the source's answer did not include it (spec 2.3). */
function holds(rule: WorldRoleRule, account: NaiveAccount): boolean | undefined {
  const facts = account.content.roleFacts;
  if (rule.when === 'supervisor') return facts?.supervisor;
  const list = rule.when === 'group' ? facts?.groups : facts?.profiles;
  return list?.some((item) => foldedText(item) === foldedText(rule.name));
}

function projectTeams(
  state: NaiveState,
  account: NaiveAccount,
  prior: NaiveSlot | undefined,
  part: 'teams' | 'supervises',
  refused: boolean,
  mode: 'mirror' | 'add-only',
): { teams: number[]; undecided: boolean } {
  const before = prior?.[part] ?? [];
  const said = account.content[part];
  if (said === undefined || refused) return { teams: before, undecided: false };
  const bound = said.map((team) => state.sourceTeams[account.source]?.[team.id]?.team ?? null);
  if (bound.includes(null)) return { teams: before, undecided: true };
  const teams = [...bound.flatMap((team) => team ?? []), ...(mode === 'add-only' ? before : [])];
  return { teams: [...new Set(teams)].sort((a, b) => a - b), undecided: false };
}

/** The key of an account in the state. */
export function keyOf(account: NaiveAccount): AccountKey {
  return `${account.source}:${account.externalId}`;
}

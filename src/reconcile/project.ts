import type { AccountContent, SourceTeam } from '../domain/account.ts';
import { isUniqueField, type Field, type UniqueField } from '../domain/fields.ts';
import { compareText, fold } from '../domain/text.ts';
import { agentRole, type RoleName, type Snapshot, type TeamId, type UserState } from '../domain/user.ts';
import { fieldKey } from './match-keys.ts';
import { saysNothing } from './nobody.ts';
import type { RoleRule, SourceRules } from './rules.ts';

/** A part of an account that a refusal or a review item can hold on its own (spec section 1, refusal; 4.10). */
export type Part = Field | 'roles' | 'teams' | 'supervises' | 'gone';

/** Which of rosterd's teams a source's team is bound to; null while a person has to decide (spec 11.1). */
export type TeamBindings = ReadonlyMap<SourceTeam['id'], TeamId | null>;

/** Stands in bindings for no team at all: a person has said that this one of the source is left out (spec 4.10). */
export const noTeam: TeamId = 0;

export interface ProjectInput {
  readonly content: AccountContent;
  readonly prior: Snapshot | undefined;
  readonly rules: SourceRules;
  readonly origin: UserState['origin'];
  readonly bindings: TeamBindings;
  /** Per part, the value said that must not be applied. */
  readonly refusals: ReadonlyMap<string, string>;
  /** Unique fields that lost against another user; they wait in the snapshot (spec 4.7). */
  readonly lost: ReadonlySet<UniqueField>;
  /** ISO time of the decision; dates a silence (spec 5.2). */
  readonly now: string;
}

export interface Projection {
  /** The slot as it would be after applying. */
  readonly snapshot: Snapshot;
  readonly unknownRoles: readonly RoleName[];
  /** Teams of the source that wait for a person. */
  readonly undecidedTeams: readonly SourceTeam['id'][];
  /** Parts for which a refusal of this very value stands. */
  readonly refused: readonly Part[];
  /** Refusals whose value the source no longer says: they have ended. */
  readonly spentRefusals: readonly string[];
}

/** What the slot becomes when this account is applied, part by part (spec 5.2, 5.3, 10.2, 11.2). */
export function project(input: ProjectInput): Projection {
  const refused = new Set<Part>();
  const spent: string[] = [];
  for (const [part, said] of input.refusals) {
    if (part === 'gone') continue;
    if (valueSaid(input.content, part as Part) === said) refused.add(part as Part);
    else spent.push(part);
  }
  const fields = projectFields(input, refused);
  const roles = projectRoles(input, refused);
  const teams = projectTeams(input, 'teams', refused);
  const supervises = projectTeams(input, 'supervises', refused);
  return {
    snapshot: {
      source: input.rules.id,
      ...fields,
      roles: roles.roles,
      teams: teams.teams,
      supervises: supervises.teams,
    },
    unknownRoles: roles.unknown,
    undecidedTeams: [...new Set([...teams.undecided, ...supervises.undecided])],
    refused: [...refused],
    spentRefusals: spent,
  };
}

/** What a source says for a part, as one text: what a refusal remembers. */
export function valueSaid(content: AccountContent, part: Part): string {
  if (part === 'roles') return JSON.stringify(content.roleFacts ?? null);
  if (part === 'teams' || part === 'supervises')
    // By id: a team's rename is no other membership (spec 11.1).
    return JSON.stringify(content[part]?.map((team) => team.id).sort(compareText) ?? null);
  return part === 'gone' ? '' : (content.values[part] ?? '');
}

function projectFields(input: ProjectInput, refused: ReadonlySet<Part>): Pick<Snapshot, 'values' | 'silentSince'> {
  const values = new Map(Object.entries(input.prior?.values ?? {}) as [Field, string][]);
  const silentSince = new Map(Object.entries(input.prior?.silentSince ?? {}) as [Field, string][]);
  const kept = (field: Field): boolean =>
    refused.has(field) || input.lost.has(field as UniqueField) || namesNobody(field, input);
  // An ACD without a login of its own is logged on to with the agent id, so that is the source's login (spec 4.6).
  const said = kept('acdId') ? undefined : valueOf(input, 'acdId');
  const login = said ?? values.get('acdId');
  const creates = input.rules.as === 'acd' && input.origin === input.rules.id;
  const copiesLogin = creates && values.get('username') === login;
  for (const field of Object.keys(input.content.values) as Field[]) {
    const said = valueOf(input, field);
    if (kept(field)) continue;
    if (typeof said === 'string') {
      values.set(field, said);
      silentSince.delete(field);
    } else if (input.rules.blanks.includes(field)) {
      values.delete(field);
      silentSince.delete(field);
    } else if (values.has(field) && !silentSince.has(field) && !(field === 'username' && copiesLogin))
      silentSince.set(field, input.now);
  }
  if (!values.has('username') && login !== undefined && creates && !kept('username')) values.set('username', login);
  return { values: Object.fromEntries(values), silentSince: Object.fromEntries(silentSince) };
}

/** What the source says for a field; of several values the one that is applied, while it is among them (spec 2.4). */
function valueOf({ content, prior }: ProjectInput, field: Field): string | null | undefined {
  const applied = prior?.values[field];
  return applied !== undefined && content.several?.[field]?.includes(applied) === true
    ? applied
    : content.values[field];
}

/** A unique field's value that identifies nobody counts as not read (spec 4.11). */
function namesNobody(field: Field, input: ProjectInput): boolean {
  const said = valueOf(input, field);
  if (said === null || said === undefined || !isUniqueField(field)) return false;
  return (
    saysNothing(fold(said), input.rules.placeholders) || input.rules.sharedKeys?.has(fieldKey(field, said)) === true
  );
}

function projectRoles(input: ProjectInput, refused: ReadonlySet<Part>): { roles: RoleName[]; unknown: RoleName[] } {
  const prior = input.prior?.roles ?? [];
  const said = new Set(input.content.roleFacts?.roles);
  for (const rule of input.rules.roles) {
    const holds = ruleHolds(rule, input.content);
    if (holds ?? prior.includes(rule.role)) said.add(rule.role);
  }
  const meant = [...said].map((role) => ({ role, means: meaningOf(role, input.rules) }));
  const unknown = meant.flatMap(({ role, means }) => (means === undefined ? [role] : []));
  const known = meant.flatMap(({ means }) => means ?? []);
  const roles = new Set(unknown.length > 0 || refused.has('roles') ? prior : known);
  if (input.rules.as === 'acd' || prior.includes(agentRole)) roles.add(agentRole);
  return { roles: [...roles].sort(compareText), unknown: unknown.sort(compareText) };
}

/** Undefined for a role that does not exist, null for one that means nothing. The case of a role's name does not count. */
function meaningOf(role: RoleName, { catalogue, roleMeanings }: SourceRules): RoleName | null | undefined {
  if (catalogue.includes(role)) return role;
  const spelled = catalogue.find((known) => fold(known) === fold(role));
  if (spelled !== undefined) return spelled;
  const means = roleMeanings?.get(role);
  return means === undefined || means === null || catalogue.includes(means) ? means : undefined;
}

/** Whether a rule of the table of equivalents holds; undefined where the source's answer did not include it (spec 2.3). */
function ruleHolds(rule: RoleRule, content: AccountContent): boolean | undefined {
  const facts = content.roleFacts;
  if ('supervisor' in rule.when) return facts?.supervisor;
  const [named, list] = 'group' in rule.when ? [rule.when.group, facts?.groups] : [rule.when.profile, facts?.profiles];
  return list?.some((item) => fold(item) === fold(named));
}

function projectTeams(
  input: ProjectInput,
  part: 'teams' | 'supervises',
  refused: ReadonlySet<Part>,
): { teams: TeamId[]; undecided: string[] } {
  const prior = input.prior?.[part] ?? [];
  const said = input.content[part];
  if (said === undefined || refused.has(part)) return { teams: [...prior], undecided: [] };
  const undecided = said.map((team) => team.id).filter((id) => (input.bindings.get(id) ?? null) === null);
  if (undecided.length > 0) return { teams: [...prior], undecided };
  const bound = said.flatMap((team) => input.bindings.get(team.id) ?? []).filter((team) => team !== noTeam);
  // A team that people ignore says nothing of where its members are: they stay in the team that they have (spec 11.6).
  if (bound.length === 0 && said.length > 0) return { teams: [...prior], undecided: [] };
  const kept = part === 'teams' && input.rules.teams === 'add-only' ? prior : [];
  return { teams: [...new Set([...bound, ...kept])].sort((a, b) => a - b), undecided: [] };
}

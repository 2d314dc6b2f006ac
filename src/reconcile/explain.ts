import type { Field } from '../domain/fields.ts';
import { inRankOrder, speaking, teamName, voices, voiceUnder } from '../domain/fold.ts';
import { missingPrivileges } from '../domain/privileges.ts';
import { compareText } from '../domain/text.ts';
import type { RoleName, Snapshot, SourceId, TeamId, UserId } from '../domain/user.ts';
import type { Subject } from './decide.ts';
import { explainAccount, type AccountExplanation } from './explain-account.ts';
import type { ExplainInput, SpokenWord } from './explain-input.ts';

/** One who has a value for a field. */
interface Voice {
  readonly kind: 'override' | 'source' | 'local' | 'default';
  readonly source: SourceId | null;
  readonly value: string;
  /** Why it counts, or why it does not. */
  readonly rule: string;
  readonly by: string | null;
  readonly reason: string | null;
  readonly since: string | null;
  readonly silentSince: string | null;
  /** False for a value kept from an ended link; null for what no source said. */
  readonly linked: boolean | null;
}

/** One value of a user: whose it is, and what others say. */
interface FieldExplanation {
  readonly field: Field;
  readonly value: string | null;
  /** Shown, but not the field's own value: an employee id that is a copy of the ACD id (spec 4.6). */
  readonly derived: boolean;
  readonly winner: Voice | null;
  readonly losers: readonly Voice[];
}

/** Why a role or a team is held, or not. */
interface HoldingExplanation {
  readonly held: boolean;
  /** `operator`, and the sources that supply it. */
  readonly givenBy: readonly string[];
  /** The person who took it away. */
  readonly takenBy: string | null;
  readonly since: string | null;
}

/** Where every value of a user comes from, and what holds changes back (spec 5.7). */
export interface Explanation {
  readonly userId: UserId;
  /** Who has taken everything over, where the user was merged (spec 18). */
  readonly mergedInto: UserId | null;
  readonly active: boolean;
  readonly syncEnabled: boolean;
  readonly fields: readonly FieldExplanation[];
  readonly roles: readonly (HoldingExplanation & { readonly role: RoleName })[];
  readonly teams: readonly (HoldingExplanation & { readonly team: string; readonly main: boolean })[];
  /** What "can manage" needs and no role of this supervisor has (spec 10.6). */
  readonly missingPrivileges: readonly string[];
  readonly accounts: readonly AccountExplanation[];
}

/** Explains a user by the same rules that decide (spec 5.7). Pure. */
export function explain(input: ExplainInput): Explanation {
  const { user } = input.subject;
  return {
    userId: user.id,
    mergedInto: user.mergedInto,
    active: user.active,
    syncEnabled: user.syncEnabled,
    fields: explainFields(input),
    roles: explainRoles(input),
    teams: explainTeams(input),
    missingPrivileges: missingPrivileges(
      { roles: user.value.roles.map(({ role }) => role), supervises: user.value.supervises },
      input.managingRoles,
    ),
    accounts: input.accounts.map((linked) => explainAccount(input, linked)),
  };
}

function explainFields(input: ExplainInput): FieldExplanation[] {
  const { user, words, snapshots } = input.subject;
  const said = [user.value.fields, words.overrides, words.localValues, ...snapshots.map((snapshot) => snapshot.values)];
  const fields = [...new Set(said.flatMap((values) => Object.keys(values) as Field[]))];
  const explained = fields.map((field) => explainField(input, field));
  const copy = copiedEmployeeId(explained);
  return copy === null ? explained : [...explained.filter(({ field }) => field !== 'employeeId'), copy];
}

function explainField(input: ExplainInput, field: Field): FieldExplanation {
  const [winner, ...losers] = voicesIn(input, field);
  const value = input.subject.user.value.fields[field] ?? null;
  // A value that has a voice but is not the user's waits for the next fold: nobody has won yet.
  const won = winner?.value === value && winner.rule !== noVoice && winner.rule !== agentLeft;
  return {
    field,
    value,
    derived: false,
    winner: won ? winner : null,
    losers: [...(won || !winner ? [] : [winner]), ...losers],
  };
}

const noVoice = 'has no voice in this field';
const agentLeft = 'the agent has left it, and another ACD has them';

/** All who have a value, the one that counts first. */
function voicesIn(input: ExplainInput, field: Field): Voice[] {
  const { user, words, snapshots, policy } = input.subject;
  const ranked = voices(field, { origin: user.origin, policy }, inRankOrder(snapshots, policy));
  const silent = snapshots.filter((snapshot) => !ranked.includes(snapshot));
  const overridden = words.overrides[field] !== undefined;
  const supplied = rankedVoices(input, field, ranked, overridden);
  return [
    ...personsVoice(input, 'override', field, words.overrides[field], 'an override wins over every source'),
    ...supplied,
    ...personsVoice(
      input,
      'local',
      field,
      words.localValues[field],
      overridden || supplied.length > 0
        ? 'a local value counts only where nobody else supplies one'
        : 'no source supplies it',
    ),
    ...defaultVoice(policy.defaults[field]),
    ...silent.flatMap((snapshot) => sourceVoice(input, field, snapshot, whySilent(input, field, snapshot), false)),
  ];
}

/** An ACD that has lost the agent is silent where a living one supplies the ACD id (spec 5.8). */
function whySilent({ subject: { policy } }: ExplainInput, field: Field, slot: Snapshot): string {
  const isAcd = policy.rank.some(({ id, as }) => id === slot.source && as === 'acd');
  if (field !== 'acdId' || !isAcd || voiceUnder(slot, policy) !== 'ended') return noVoice;
  return agentLeft;
}

/** The sources that have a voice and a value, the highest rank first. */
function rankedVoices(input: ExplainInput, field: Field, ranked: readonly Snapshot[], overridden: boolean): Voice[] {
  const [top, ...below] = ranked.filter((snapshot) => snapshot.values[field] !== undefined);
  if (top === undefined) return [];
  return [
    ...sourceVoice(input, field, top, ruleOf(field, overridden, input.subject), !overridden),
    ...below.flatMap((snapshot) => sourceVoice(input, field, snapshot, `ranks below ${top.source}`, false)),
  ];
}

/** Why the source that ranks first counts, or what it yields to. */
function ruleOf(field: Field, overridden: boolean, subject: Subject): string {
  if (overridden) return 'overridden by a person';
  if (field === 'username') return 'the username follows the source that created the user';
  if (subject.policy.fieldRank[field] !== undefined) return `ranks first for ${field}`;
  return field === 'acdId' ? 'the first ACD in rank' : 'ranks first by default: directories, then ACDs';
}

function personsVoice(
  input: ExplainInput,
  kind: 'override' | 'local',
  field: Field,
  value: string | undefined,
  rule: string,
): Voice[] {
  if (value === undefined) return [];
  const word = spoken(input, kind === 'local' ? 'local-value' : kind, field);
  const { by = null, at = null, reason = null } = word ?? {};
  return [{ kind, source: null, value, rule, by, reason, since: at, silentSince: null, linked: null }];
}

function defaultVoice(value: string | undefined): Voice[] {
  if (value === undefined) return [];
  const rule = "the organisation's default, where nobody else supplies a value";
  return [
    {
      kind: 'default',
      source: null,
      value,
      rule,
      by: null,
      reason: null,
      since: null,
      silentSince: null,
      linked: null,
    },
  ];
}

function sourceVoice(input: ExplainInput, field: Field, snapshot: Snapshot, rule: string, counts: boolean): Voice[] {
  const value = snapshot.values[field];
  if (value === undefined) return [];
  const { source } = snapshot;
  return [
    {
      kind: 'source',
      source,
      value,
      rule,
      by: null,
      reason: null,
      since: (counts ? input.changedAt.get(field) : undefined) ?? input.appliedAt.get(source) ?? null,
      silentSince: snapshot.silentSince[field] ?? null,
      linked: input.accounts.some((linked) => linked.source === source && linked.link.until === null),
    },
  ];
}

/** Where no source supplies an employee id, the ACD id is shown as one (spec 4.6). */
function copiedEmployeeId(fields: readonly FieldExplanation[]): FieldExplanation | null {
  const [own, acd] = ['employeeId', 'acdId'].map((name) => fields.find(({ field }) => field === name));
  if (acd === undefined || acd.value === null || (own?.value ?? null) !== null) return null;
  const winner =
    acd.winner === null ? null : { ...acd.winner, rule: 'a copy of the ACD id, because no source supplies one' };
  return { field: 'employeeId', value: acd.value, derived: true, winner, losers: own?.losers ?? [] };
}

function explainRoles(input: ExplainInput): Explanation['roles'] {
  const { user, words, snapshots } = input.subject;
  const names = new Set([...words.rolesGiven, ...words.rolesTaken, ...snapshots.flatMap((snapshot) => snapshot.roles)]);
  return [...names].sort(compareText).map((role) => ({
    role,
    held: user.value.roles.some((each) => each.role === role),
    ...holding(input, 'role', role, 'roles', (snapshot) => snapshot.roles.includes(role)),
  }));
}

function explainTeams(input: ExplainInput): Explanation['teams'] {
  const { user, words, snapshots } = input.subject;
  const supplied = snapshots.flatMap((snapshot) => snapshot.teams);
  const ids = new Set<TeamId>([...user.value.teams, ...words.teamsGiven, ...words.teamsTaken, ...supplied]);
  return [...ids]
    .map((id) => ({
      team: teamName(id, input.teamNames),
      main: user.value.mainTeam === id,
      held: user.value.teams.includes(id),
      ...holding(input, 'team', String(id), 'teams', (snapshot) => snapshot.teams.includes(id)),
    }))
    .sort((a, b) => compareText(a.team, b.team));
}

function holding(
  input: ExplainInput,
  what: 'role' | 'team',
  ref: string,
  part: 'roles' | 'teams',
  supplies: (snapshot: Snapshot) => boolean,
): Omit<HoldingExplanation, 'held'> {
  const [given, taken] = [spoken(input, `${what}-given`, ref), spoken(input, `${what}-taken`, ref)];
  const { snapshots, policy } = input.subject;
  const sources = speaking(part, inRankOrder(snapshots, policy), policy)
    .filter(supplies)
    .map(({ source }) => source);
  const [first] = sources;
  return {
    givenBy: [...(given ? ['operator'] : []), ...sources],
    takenBy: taken?.by ?? null,
    since: taken?.at ?? given?.at ?? (first === undefined ? null : (input.appliedAt.get(first) ?? null)),
  };
}

function spoken(input: ExplainInput, kind: SpokenWord['kind'], ref: string): SpokenWord | undefined {
  return input.words.find((word) => word.kind === kind && word.ref === ref);
}

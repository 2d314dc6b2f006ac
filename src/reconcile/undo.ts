import type { AccountContent } from '../domain/account.ts';
import { changesBetween, isSupervisionWord, shownPart, type Change } from '../domain/change.ts';
import { isField, type UniqueField } from '../domain/fields.ts';
import { fold, teamName, type TeamNames } from '../domain/fold.ts';
import { compareText } from '../domain/text.ts';
import { withVoice, type Snapshot, type SourceId, type TeamId, type UserValue } from '../domain/user.ts';
import type { Subject } from './decide.ts';
import { withFormer, type FormerSlot } from './former-slot.ts';
import { project, valueSaid, type Part, type TeamBindings } from './project.ts';
import { refusedParts } from './refused-parts.ts';
import type { SourceRules } from './rules.ts';

/** A decision of the sync on one user, and everything that taking it back depends on. */
export interface UndoInput {
  readonly subject: Subject;
  readonly source: string;
  /** What the decision changed; of a single field only that. */
  readonly changes: readonly Change[];
  readonly former: FormerSlot;
  /** A person has changed the user since: everything stays as it is. */
  readonly leave: boolean;
  /** The source's slot is still that of the account. */
  readonly ownsSlot: boolean;
  /** Sources whose links end by it: their slots give way to the user's living ACDs (spec 5.8). */
  readonly ends: readonly SourceId[];
  /** What the account says now; null where it is not linked to this user any more. */
  readonly content: AccountContent | null;
  /** Null for a source that is not configured. */
  readonly rules: SourceRules | null;
  readonly bindings: TeamBindings;
  readonly teamNames: TeamNames;
  /** Unique names that somebody else has taken meanwhile. */
  readonly lost: ReadonlySet<UniqueField>;
  /** ISO time. */
  readonly now: string;
}

/** Something of a decision that stays as it is, and why. */
export interface KeptChange {
  readonly field: string;
  /** What the decision had made of it. */
  readonly undone: Change['after'];
  readonly now: Change['after'];
  readonly why: 'edited-since' | 'changed-since' | 'unique-taken';
}

export interface UndoDecision {
  /** Null where nothing of the slot goes back. */
  readonly slot: Snapshot | null;
  readonly after: UserValue;
  readonly changes: readonly Change[];
  /** Sources whose slots have no voice beside a living ACD any more; none where the user would lose a unique name by it. */
  readonly silenced: readonly SourceId[];
  /** What the source says of the parts that went back: not applied again until it says something else. */
  readonly refusals: readonly { readonly part: Part; readonly said: string }[];
  /** Shown, and not overwritten. */
  readonly kept: readonly KeptChange[];
}

/** What a user becomes when what one decision of the sync changed goes back to what it was before (spec 15.3). Pure. */
export function decideUndo(input: UndoInput): UndoDecision {
  const { subject, source } = input;
  const former = withoutRemoved(input.former, input.teamNames);
  const judged = input.changes.map((change) => ({ change, standing: standingOf(input, change) }));
  const going = judged.filter(({ standing }) => standing === 'as-left').map(({ change }) => change);
  const kept = judged.flatMap(({ change, standing }): KeptChange[] =>
    standing === 'as-left' || standing === 'as-before' ? [] : [keptChange(input, change, standing)],
  );
  const prior = subject.snapshots.find((slot) => slot.source === source);
  const parts = new Set(refusedParts(going));
  const goesBack = prior !== undefined && parts.size > 0;
  const silenced = input.lost.size > 0 ? [] : input.ends;
  if (!goesBack && silenced.length === 0)
    return { slot: null, after: subject.user.value, changes: [], silenced, refusals: [], kept };
  const put = goesBack ? withFormer(prior, former, parts) : null;
  const snapshots = subject.snapshots
    .map((each) => (put !== null && each.source === source ? put : each))
    .map((each) => (silenced.includes(each.source) ? withVoice(each, 'ended') : each));
  const after = fold({
    ...{ origin: subject.user.origin, words: subject.words, policy: subject.policy, teamNames: input.teamNames },
    snapshots,
    present: { ...subject.user.value, ...formerMain(former, going) },
  });
  return {
    slot: put === null ? null : (snapshots.find((each) => each.source === source) ?? null),
    after,
    changes: changesBetween(subject.user.value, after, input.teamNames),
    silenced,
    refusals: goesBack ? refusalsOf(input, prior, parts) : [],
    kept,
  };
}

type Standing = 'as-left' | 'as-before' | KeptChange['why'];

function standingOf(input: UndoInput, change: Change): Standing {
  const { subject, leave, ownsSlot, lost, former } = input;
  const now = shownNow(input, change);
  // What a source has ended of people's words is theirs to say again (spec 11.4).
  if (isSupervisionWord(change.field)) return 'changed-since';
  if (same(now, change.before)) return 'as-before';
  if (leave) return 'edited-since';
  const overridden = isField(change.field) && subject.words.overrides[change.field] !== undefined;
  if (!ownsSlot || overridden || !same(now, change.after)) return 'changed-since';
  // A voice goes back with everything that it says, or not at all.
  const loses = former.voice === undefined ? lost.has(change.field as UniqueField) : lost.size > 0;
  return loses ? 'unique-taken' : 'as-left';
}

function same(a: Change['after'], b: Change['after']): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function keptChange(input: UndoInput, change: Change, why: KeptChange['why']): KeptChange {
  return { field: change.field, undone: change.after, now: shownNow(input, change), why };
}

function shownNow({ subject: { user, words }, teamNames }: UndoInput, { field }: Change): Change['after'] {
  if (isSupervisionWord(field)) return words[field].map((team) => teamName(team, teamNames)).sort(compareText);
  return shownPart(user.value, field, teamNames);
}

/** Teams that people have removed since (spec 11.6) come back to nobody. */
function withoutRemoved(former: FormerSlot, teamNames: TeamNames): FormerSlot {
  const { teams, supervises, mainTeam } = former;
  const still = (team: TeamId): boolean => teamNames.has(team);
  return {
    ...former,
    ...(teams === undefined ? {} : { teams: teams.filter(still) }),
    ...(supervises === undefined ? {} : { supervises: supervises.filter(still) }),
    ...(mainTeam === undefined ? {} : { mainTeam: mainTeam !== null && still(mainTeam) ? mainTeam : null }),
  };
}

function formerMain({ mainTeam }: FormerSlot, going: readonly Change[]): Partial<Pick<UserValue, 'mainTeam'>> {
  return mainTeam === undefined || !going.some(({ field }) => field === 'mainTeam') ? {} : { mainTeam };
}

/** A part of which the source says something else by now needs no refusal: that value was never undone. */
function refusalsOf(input: UndoInput, prior: Snapshot, parts: ReadonlySet<Part>): UndoDecision['refusals'] {
  const { content, rules, former } = input;
  // That the account is gone moved nothing but the slot's voice: it is not taken to be gone until it has been back.
  if (former.voice !== undefined) return [{ part: 'gone', said: '' }];
  if (content === null) return [];
  const said = rules === null ? prior : projected(input, content, prior, rules);
  return [...parts]
    .filter((part) => same(partOf(said, part), partOf(prior, part)))
    .map((part) => ({ part, said: valueSaid(content, part) }));
}

function projected(input: UndoInput, content: AccountContent, prior: Snapshot, rules: SourceRules): Snapshot {
  const { bindings, now, subject } = input;
  const { origin } = subject.user;
  const nothingHeld = { refusals: new Map<string, string>(), lost: new Set<UniqueField>() };
  return project({ content, prior, rules, origin, bindings, now, ...nothingHeld }).snapshot;
}

function partOf(slot: Snapshot, part: Part): Change['after'] {
  if (part === 'roles') return slot.roles;
  if (part === 'teams' || part === 'supervises') return slot[part].map(String);
  return part === 'gone' ? null : (slot.values[part] ?? null);
}

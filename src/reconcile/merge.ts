import { isUniqueField, type Field } from '../domain/fields.ts';
import { fold, teamName, type TeamNames } from '../domain/fold.ts';
import {
  noWords,
  withVoice,
  type FieldValues,
  type RoleName,
  type Snapshot,
  type SourceId,
  type TeamId,
  type UserValue,
  type Words,
} from '../domain/user.ts';
import type { Subject } from './decide.ts';
import { mergeRefusal, type MergeLink, type MergeRefusal, type MergeSide } from './merge-refusal.ts';

/** Whose value counts where both have one and they differ. */
export type Choice = 'primary' | 'other';

export interface MergeChoices {
  readonly fields: Readonly<Record<string, Choice>>;
  /** For every other field whose value would not stay the primary's; null: each has to be chosen. */
  readonly prefer: Choice | null;
}

/** A field of which both have a value, and not the same. */
export interface DifferingValue {
  readonly field: Field;
  readonly primary: string;
  readonly other: string;
  /** What the primary has afterwards. */
  readonly becomes: string;
  /** The primary's value would go, and nobody has chosen: until then nothing is merged (spec 18.3). */
  readonly open: boolean;
}

/** A user as a merge leaves them. */
export interface MergedUser {
  readonly words: Words;
  readonly snapshots: readonly Snapshot[];
  readonly linkedSources: readonly SourceId[];
  readonly value: UserValue;
}

export interface MergeDecision {
  readonly primary: MergedUser;
  readonly other: MergedUser;
  /** Links of the other that become the primary's. */
  readonly moved: readonly MergeLink[];
  /** Links of the other that end, since the primary has one to that source. */
  readonly ended: readonly MergeLink[];
  /** Sources whose slot the primary takes over. */
  readonly movedSlots: readonly SourceId[];
  readonly differing: readonly DifferingValue[];
  /** What the person should know beside what changes. */
  readonly warnings: readonly string[];
}

/** What becomes of two users of whom the first stays (spec 18), or why they are not merged. Pure. */
export function decideMerge(
  primary: MergeSide,
  other: MergeSide,
  choices: MergeChoices,
  teamNames: TeamNames,
): MergeDecision | MergeRefusal {
  const refusal = mergeRefusal(primary, other);
  if (refusal !== null) return refusal;
  const linked = new Set(primary.links.map(({ source }) => source));
  const moved = other.links.filter(({ source }) => !linked.has(source));
  const ended = other.links.filter(({ source }) => linked.has(source));
  const movedSlots = slotsToMove(primary, other, moved);
  const snapshots = [
    ...primary.subject.snapshots.filter(({ source }) => !movedSlots.includes(source)),
    ...other.subject.snapshots.filter(({ source }) => movedSlots.includes(source)),
  ];
  const links = [...primary.links, ...moved];
  const own = ownFields(primary.subject, teamNames);
  const { words, warnings } = joinedWords(primary.subject, other.subject, own, teamNames);
  const chosen = chooseValues(
    { own, theirs: ownFields(other.subject, teamNames), links, snapshots, primary: primary.subject, teamNames },
    words,
    choices,
  );
  if ('refused' in chosen) return chosen;
  return {
    primary: {
      words: chosen.words,
      snapshots,
      linkedSources: links.map(({ source }) => source),
      value: valueOf(primary.subject, chosen.words, snapshots, teamNames),
    },
    other: emptied(other.subject, teamNames),
    moved,
    ended,
    movedSlots,
    differing: chosen.differing,
    warnings: [...warnings, ...switchWarnings(primary.subject, other.subject)],
  };
}

/** The slot goes with its link; one that an ended link has left goes where the primary has none of that source. */
function slotsToMove(primary: MergeSide, other: MergeSide, moved: readonly MergeLink[]): SourceId[] {
  const linked = new Set(other.links.map(({ source }) => source));
  const has = new Set([...primary.subject.snapshots, ...primary.links].map(({ source }) => source));
  const going = new Set(moved.map(({ source }) => source));
  return other.subject.snapshots
    .map(({ source }) => source)
    .filter((source) => (linked.has(source) ? going.has(source) : !has.has(source)));
}

function valueOf(subject: Subject, words: Words, snapshots: readonly Snapshot[], teamNames: TeamNames): UserValue {
  const { user, policy } = subject;
  return fold({ origin: user.origin, words, snapshots, policy, teamNames, present: user.value });
}

/** The values that somebody has said of the user: without those that the organisation gives everybody. */
function ownFields(subject: Subject, teamNames: TeamNames): FieldValues {
  const policy = { ...subject.policy, defaults: {} };
  return valueOf({ ...subject, policy }, subject.words, subject.snapshots, teamNames).fields;
}

/** The primary's words, and of the other's those that say something of which nobody has said anything at the primary. */
function joinedWords(
  primary: Subject,
  other: Subject,
  own: FieldValues,
  teamNames: TeamNames,
): { words: Words; warnings: string[] } {
  const [ours, theirs] = [primary.words, other.words];
  const filling = (values: FieldValues): FieldValues =>
    Object.fromEntries(Object.entries(values).filter(([field]) => own[field as Field] === undefined));
  const { value } = primary.user;
  const roles = joined<RoleName>(
    { given: ours.rolesGiven, taken: ours.rolesTaken, held: value.roles.map(({ role }) => role) },
    { given: theirs.rolesGiven, taken: theirs.rolesTaken },
  );
  const teams = joined<TeamId>(
    { given: ours.teamsGiven, taken: ours.teamsTaken, held: value.teams },
    { given: theirs.teamsGiven, taken: theirs.teamsTaken },
  );
  const supervises = joined<TeamId>(
    { given: ours.supervisesGiven, taken: ours.supervisesTaken, held: value.supervises },
    { given: theirs.supervisesGiven, taken: theirs.supervisesTaken },
  );
  const hasNoTeam =
    ours.teamsGiven.length === 0 && primary.snapshots.every(({ teams: supplied }) => supplied.length === 0);
  const words: Words = {
    ...ours,
    overrides: { ...filling(theirs.overrides), ...ours.overrides },
    localValues: { ...filling(theirs.localValues), ...ours.localValues },
    ...{ rolesGiven: roles.given, rolesTaken: roles.taken },
    ...{ teamsGiven: teams.given, teamsTaken: teams.taken },
    ...{ supervisesGiven: supervises.given, supervisesTaken: supervises.taken },
    mainTeam: ours.mainTeam ?? (hasNoTeam ? theirs.mainTeam : null),
    fullScope: ours.fullScope || theirs.fullScope,
    scopeGroups: union(ours.scopeGroups, theirs.scopeGroups),
    scopeTeams: union(ours.scopeTeams, theirs.scopeTeams),
  };
  const id = String(primary.user.id);
  return {
    words,
    warnings: [
      ...roles.left.map((role) => `User ${id} does not get the role ${role}: a person took it from them.`),
      ...teams.left.map((team) => `User ${id} does not get the team ${teamName(team, teamNames)}: a person took it.`),
      ...supervises.left.map(
        (team) => `User ${id} does not get the supervision of ${teamName(team, teamNames)}: a person took it.`,
      ),
    ],
  };
}

/**
 * What was given to either is given, but for what a person took from the primary; what was taken from the other is taken
 * where the primary has not got it, so that it does not come back by the other's slots.
 */
function joined<Item>(
  ours: { readonly given: readonly Item[]; readonly taken: readonly Item[]; readonly held: readonly Item[] },
  theirs: { readonly given: readonly Item[]; readonly taken: readonly Item[] },
): { given: Item[]; taken: Item[]; left: Item[] } {
  const given = union(
    ours.given,
    theirs.given.filter((item) => !ours.taken.includes(item)),
  );
  const taken = theirs.taken.filter((item) => !ours.held.includes(item) && !given.includes(item));
  return {
    given,
    taken: union(ours.taken, taken),
    left: theirs.given.filter((item) => ours.taken.includes(item)),
  };
}

function union<Item>(ours: readonly Item[], theirs: readonly Item[]): Item[] {
  return [...new Set([...ours, ...theirs])];
}

interface Choosing {
  readonly own: FieldValues;
  readonly theirs: FieldValues;
  readonly links: readonly MergeLink[];
  readonly snapshots: readonly Snapshot[];
  readonly primary: Subject;
  readonly teamNames: TeamNames;
}

/** Shows what differs, and pins what was chosen where it does not come about by itself. */
function chooseValues(
  choosing: Choosing,
  words: Words,
  { fields: chosen, prefer }: MergeChoices,
): { words: Words; differing: DifferingValue[] } | MergeRefusal {
  const { own, theirs, primary, snapshots, teamNames } = choosing;
  const natural = valueOf(primary, words, snapshots, teamNames).fields;
  const differing: DifferingValue[] = [];
  let pinned = words;
  for (const field of Object.keys(own) as Field[]) {
    const ours = own[field] ?? '';
    const becomes = natural[field] ?? ours;
    const other = theirs[field] ?? becomes;
    if (other === ours && becomes === ours) continue;
    const goes = becomes !== ours;
    const readOnly = readOnlyBy(choosing, field);
    const choice = chosen[field] ?? (goes && readOnly === null ? prefer : null);
    const target = choice === null ? becomes : choice === 'primary' ? ours : other;
    if (target !== becomes) {
      if (readOnly !== null) return readOnlyRefusal(primary.user.id, field, readOnly);
      pinned = withPinned(pinned, snapshots, field, target);
    }
    const open = goes && choice === null && !(prefer !== null && readOnly !== null);
    differing.push({ field, primary: ours, other, becomes: target, open });
  }
  const unknown = Object.keys(chosen).find((field) => differing.every((each) => each.field !== field));
  if (unknown !== undefined)
    return {
      refused: 'value-not-needed',
      message: `There is nothing to choose of ${unknown} for user ${String(primary.user.id)}: both have the same, or one of them nothing.`,
    };
  return { words: pinned, differing };
}

/** The source that a field follows whatever people say, as by hand (spec 5.5, 5.6); null where people may say it. */
function readOnlyBy({ links, snapshots, primary }: Choosing, field: Field): SourceId | null {
  if (field === 'username') return links.find(({ source }) => source === primary.user.origin)?.source ?? null;
  if (field !== 'windowsLogin') return null;
  const speaksOfLogins = ({ as, kind, source }: MergeLink): boolean =>
    as === 'directory' &&
    (kind === 'active-directory' ||
      snapshots.some((slot) => slot.source === source && slot.values.windowsLogin !== undefined));
  return links.find(speaksOfLogins)?.source ?? null;
}

function readOnlyRefusal(userId: number, field: Field, source: SourceId): MergeRefusal {
  return {
    refused: 'field-read-only',
    message: `The ${field} of user ${String(userId)} is what ${source} says, and cannot be chosen: leave it out of the choices.`,
  };
}

/** As an edit by hand would say it (spec 5.4, 12.1). */
function withPinned(words: Words, snapshots: readonly Snapshot[], field: Field, value: string): Words {
  const supplied = snapshots.some((slot) => slot.values[field] !== undefined);
  const kind =
    supplied || words.overrides[field] !== undefined || field.startsWith('attribute.') ? 'overrides' : 'localValues';
  return { ...words, [kind]: { ...words[kind], [field]: value } };
}

/** What stays of who was merged into another: a name to recognise them by, and nothing that anybody could want. */
function emptied(subject: Subject, teamNames: TeamNames): MergedUser {
  const words: Words = {
    ...noWords,
    overrides: staying(subject.words.overrides),
    localValues: staying(subject.words.localValues),
  };
  const snapshots = subject.snapshots.map((slot) =>
    withVoice(
      {
        source: slot.source,
        values: staying(slot.values),
        silentSince: staying(slot.silentSince),
        ...{ roles: [], teams: [], supervises: [] },
      },
      'ended',
    ),
  );
  const { user, policy } = subject;
  const present = { teams: [], mainTeam: null };
  const value = fold({ origin: user.origin, words, snapshots, policy, teamNames, present });
  return { words, snapshots, linkedSources: [], value };
}

function staying(values: FieldValues): FieldValues {
  return Object.fromEntries(
    Object.entries(values).filter(([field]) => !isUniqueField(field) && !field.startsWith('attribute.')),
  );
}

/** The switch of who stays is the one that counts. */
function switchWarnings({ user: primary }: Subject, { user: other }: Subject): string[] {
  const off = !other.syncEnabled || other.syncOffSources.length > 0;
  if (!off || !primary.syncEnabled) return [];
  return [
    `The sync of user ${String(other.id)} is off and that of user ${String(primary.id)} is on, which counts from now on.`,
  ];
}

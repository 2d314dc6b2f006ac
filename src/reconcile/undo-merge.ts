import { isUniqueField, type Field, type UniqueField } from '../domain/fields.ts';
import { fold, type TeamNames } from '../domain/fold.ts';
import {
  withVoice,
  type FieldValues,
  type Snapshot,
  type SourceId,
  type UserValue,
  type Words,
} from '../domain/user.ts';
import type { Subject } from './decide.ts';
import type { MergedUser } from './merge.ts';
import type { KeptChange } from './undo.ts';

/** A link of the other before the merge, and whether it is as the merge left it. */
interface LinkOfOther {
  readonly source: SourceId;
  readonly externalId: string;
  /** It was a current one. */
  readonly current: boolean;
  /** The merge ended it, since the primary had one to that source. */
  readonly ended: boolean;
  readonly asLeft: boolean;
}

export interface UndoMergeInput {
  /** Both as they are now. */
  readonly primary: Subject;
  readonly primaryLinks: readonly SourceId[];
  readonly other: Subject;
  readonly before: { readonly primary: UserBefore; readonly other: UserBefore };
  readonly after: { readonly primary: MergedUser; readonly movedSlots: readonly SourceId[] };
  readonly links: readonly LinkOfOther[];
  /** Unique names of the other that somebody else has by now. */
  readonly lost: ReadonlySet<UniqueField>;
  readonly teamNames: TeamNames;
}

interface UserBefore {
  readonly words: Words;
  readonly snapshots: readonly Snapshot[];
  readonly value: UserValue;
}

interface UserBack {
  readonly words: Words;
  readonly snapshots: readonly Snapshot[];
  readonly linkedSources: readonly SourceId[];
  readonly value: UserValue;
  /** Shown, and not overwritten (spec 15.3). */
  readonly kept: readonly KeptChange[];
}

export interface UndoMergeDecision {
  readonly primary: UserBack;
  readonly other: UserBack;
}

/** What two users become whose merge is taken back; what changed since stays as it is (spec 15.3). Pure. */
export function decideUndoMerge(input: UndoMergeInput): UndoMergeDecision {
  const { links, before } = input;
  const current = links.filter((link) => link.current);
  const back = current.filter(({ asLeft }) => asLeft).map(({ source }) => source);
  const stayed = current.filter(({ asLeft }) => !asLeft);
  const slotsBack = input.after.movedSlots.filter((source) =>
    current.some((link) => link.source === source) ? back.includes(source) : !input.primaryLinks.includes(source),
  );
  return {
    primary: primaryBack(input, slotsBack, stayed),
    other: otherBack(input, { back, slots: slotsBack, before: before.other }),
  };
}

function primaryBack(input: UndoMergeInput, gone: readonly SourceId[], stayed: readonly LinkOfOther[]): UserBack {
  const { primary, before, after, primaryLinks, links, teamNames } = input;
  const { words, kept } = wordsBack(primary.words, before.primary.words, after.primary.words, teamNames);
  const snapshots = [
    ...primary.snapshots.filter(({ source }) => !gone.includes(source)),
    ...before.primary.snapshots.filter(({ source }) => gone.includes(source)),
  ];
  const left = links.filter(({ current, ended, asLeft }) => current && !ended && asLeft).map(({ source }) => source);
  const linkedSources = primaryLinks.filter((source) => !left.includes(source));
  const { mainTeam } = primary.user.value;
  const present = {
    teams: primary.user.value.teams,
    mainTeam: mainTeam === after.primary.value.mainTeam ? before.primary.value.mainTeam : mainTeam,
  };
  const { user, policy } = primary;
  return {
    ...{ words, snapshots, linkedSources },
    value: fold({ origin: user.origin, words, snapshots, policy, teamNames, present }),
    kept: [
      ...kept,
      ...stayed.map(({ source, externalId }): KeptChange => ({
        ...{ field: `link.${source}`, undone: externalId, now: null, why: 'changed-since' },
      })),
    ],
  };
}

function otherBack(
  input: UndoMergeInput,
  {
    back,
    slots,
    before,
  }: { readonly back: readonly SourceId[]; readonly slots: readonly SourceId[]; readonly before: UserBefore },
): UserBack {
  const { other, lost, after, teamNames } = input;
  const words = withoutLost(stillThere(before.words, teamNames), lost);
  const snapshots = before.snapshots.map((slot) => {
    const stays = after.movedSlots.includes(slot.source) && !slots.includes(slot.source);
    const now = other.snapshots.find(({ source }) => source === slot.source);
    if (stays && now !== undefined) return now;
    const put = slotWithoutLost(slotStillThere(slot, teamNames), lost);
    const linkedBefore = input.links.some(({ current, source }) => current && source === slot.source);
    return linkedBefore && !back.includes(slot.source) ? withVoice(put, 'ended') : put;
  });
  const { user, policy } = other;
  const present = { teams: before.value.teams, mainTeam: before.value.mainTeam };
  return {
    ...{ words, snapshots, linkedSources: back },
    value: fold({ origin: user.origin, words, snapshots, policy, teamNames, present }),
    kept: [...lost].map((field) => ({
      ...{ field, undone: null, now: null, why: 'unique-taken' },
    })),
  };
}

/** What the merge added goes, what it took away comes, and what was said since stays. */
function itemsBack<Item>(now: readonly Item[], before: readonly Item[], after: readonly Item[]): Item[] {
  const staying = now.filter((item) => before.includes(item) || !after.includes(item));
  return [...staying, ...before.filter((item) => !after.includes(item) && !now.includes(item))];
}

/** Each word that is as the merge left it is as it was before; the others stay. */
function wordsBack(
  now: Words,
  before: Words,
  after: Words,
  teamNames: TeamNames,
): { words: Words; kept: KeptChange[] } {
  const kept: KeptChange[] = [];
  const values = (kind: 'overrides' | 'localValues'): FieldValues => {
    const result = new Map(Object.entries(now[kind]) as [Field, string][]);
    for (const field of new Set([...Object.keys(before[kind]), ...Object.keys(after[kind])] as Field[])) {
      const [was, made, is] = [before[kind][field], after[kind][field], now[kind][field]];
      if (was === made) continue;
      if (is !== made && is !== was) kept.push({ field, undone: made ?? null, now: is ?? null, why: 'changed-since' });
      else if (was === undefined) result.delete(field);
      else result.set(field, was);
    }
    return Object.fromEntries(result);
  };
  return {
    words: stillThere(
      {
        ...{ ...now, overrides: values('overrides'), localValues: values('localValues') },
        ...{
          rolesGiven: itemsBack(now.rolesGiven, before.rolesGiven, after.rolesGiven),
          rolesTaken: itemsBack(now.rolesTaken, before.rolesTaken, after.rolesTaken),
        },
        ...{
          teamsGiven: itemsBack(now.teamsGiven, before.teamsGiven, after.teamsGiven),
          teamsTaken: itemsBack(now.teamsTaken, before.teamsTaken, after.teamsTaken),
        },
        ...{
          supervisesGiven: itemsBack(now.supervisesGiven, before.supervisesGiven, after.supervisesGiven),
          supervisesTaken: itemsBack(now.supervisesTaken, before.supervisesTaken, after.supervisesTaken),
        },
        ...{
          scopeGroups: itemsBack(now.scopeGroups, before.scopeGroups, after.scopeGroups),
          scopeTeams: itemsBack(now.scopeTeams, before.scopeTeams, after.scopeTeams),
        },
        mainTeam: now.mainTeam === after.mainTeam ? before.mainTeam : now.mainTeam,
        fullScope: now.fullScope === after.fullScope ? before.fullScope : now.fullScope,
      },
      teamNames,
    ),
    kept,
  };
}

/** Teams that people have removed since come back to nobody. */
function stillThere(words: Words, teamNames: TeamNames): Words {
  const still = (teams: readonly number[]): number[] => teams.filter((team) => teamNames.has(team));
  return {
    ...words,
    ...{ teamsGiven: still(words.teamsGiven), teamsTaken: still(words.teamsTaken) },
    ...{ supervisesGiven: still(words.supervisesGiven), supervisesTaken: still(words.supervisesTaken) },
    scopeTeams: still(words.scopeTeams),
    mainTeam: words.mainTeam !== null && teamNames.has(words.mainTeam) ? words.mainTeam : null,
  };
}

function slotStillThere(slot: Snapshot, teamNames: TeamNames): Snapshot {
  const still = (teams: readonly number[]): number[] => teams.filter((team) => teamNames.has(team));
  return { ...slot, teams: still(slot.teams), supervises: still(slot.supervises) };
}

function withoutLost(words: Words, lost: ReadonlySet<UniqueField>): Words {
  return { ...words, overrides: free(words.overrides, lost), localValues: free(words.localValues, lost) };
}

/** A unique value that somebody else has waits for the source to say it again. */
function slotWithoutLost(slot: Snapshot, lost: ReadonlySet<UniqueField>): Snapshot {
  return { ...slot, values: free(slot.values, lost), silentSince: free(slot.silentSince, lost) };
}

function free(values: FieldValues, lost: ReadonlySet<UniqueField>): FieldValues {
  return Object.fromEntries(Object.entries(values).filter(([field]) => !isUniqueField(field) || !lost.has(field)));
}

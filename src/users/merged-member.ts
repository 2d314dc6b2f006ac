import type { Snapshot, TeamId, UserValue, Words } from '../domain/user.ts';
import type { Subject } from '../reconcile/decide.ts';
import { teamWordLists, type MergedMember } from './team-ports.ts';

/** A user as a merge of two teams, or its undo, leaves them. */
interface MemberAfter {
  readonly words: Words;
  readonly snapshots: readonly Snapshot[];
  readonly present: Pick<UserValue, 'teams' | 'mainTeam'>;
}

const slotParts = ['teams', 'supervises'] as const;

/**
 * The user with one team in place of another, wherever it stood: in people's words and in what was applied of accounts (spec 11.6).
 * Whoever was in one of the two is in the one that stays; that a person took them out of one counts where they were in neither. Pure.
 */
export function mergedMember(
  { user, words, snapshots }: Subject,
  from: TeamId,
  into: TeamId,
): { readonly after: MemberAfter; readonly member: MergedMember } {
  const isIn = (list: readonly TeamId[]): boolean => list.includes(from) || list.includes(into);
  const kept: Record<(typeof teamWordLists)[number], boolean> = {
    teamsGiven: isIn(words.teamsGiven),
    teamsTaken: isIn(words.teamsTaken) && !isIn(user.value.teams) && !isIn(words.teamsGiven),
    supervisesGiven: isIn(words.supervisesGiven),
    supervisesTaken: isIn(words.supervisesTaken) && !isIn(user.value.supervises) && !isIn(words.supervisesGiven),
    scopeTeams: isIn(words.scopeTeams),
  };
  const lists = teamWordLists.filter((list) => isIn(words[list]));
  const slots = snapshots.flatMap(({ source, ...slot }) =>
    slotParts
      .filter((part) => slot[part].includes(from))
      .map((part) => ({ source, part, from: true, into: slot[part].includes(into), now: true })),
  );
  const stated = (list: readonly TeamId[], stays: boolean): TeamId[] =>
    withTeam(withTeam(list, from, false), into, stays);
  return {
    after: {
      words: {
        ...words,
        ...Object.fromEntries(lists.map((list) => [list, stated(words[list], kept[list])])),
        mainTeam: words.mainTeam === from ? into : words.mainTeam,
      },
      snapshots: snapshots.map((slot) => ({
        ...slot,
        ...Object.fromEntries(
          slotParts.filter((part) => slot[part].includes(from)).map((part) => [part, stated(slot[part], true)]),
        ),
      })),
      present: inPlace(user.value, from, into),
    },
    member: {
      user: user.id,
      words: Object.fromEntries(
        lists.map((list) => [
          list,
          { from: words[list].includes(from), into: words[list].includes(into), now: kept[list] },
        ]),
      ),
      chosenMain: words.mainTeam === from,
      main: user.value.mainTeam === from,
      slots,
    },
  };
}

/**
 * The user with the team that was merged away again, wherever it stood and nothing has changed since; `left`: the places that have
 * changed, and stay. Pure.
 */
export function unmergedMember(
  { user, words, snapshots }: Subject,
  { words: had, chosenMain, main, slots }: MergedMember,
  from: TeamId,
  into: TeamId,
): MemberAfter & { readonly left: readonly string[] } {
  const back = (list: readonly TeamId[], was: { readonly from: boolean; readonly into: boolean }): TeamId[] =>
    withTeam(withTeam(list, into, was.into), from, was.from);
  const places = teamWordLists.flatMap((list) => {
    const was = had[list];
    return was === undefined ? [] : [{ list, was, asLeft: words[list].includes(into) === was.now }];
  });
  const standing = slots.filter(({ source, part }) =>
    snapshots.some((slot) => slot.source === source && slot[part].includes(into)),
  );
  return {
    words: {
      ...words,
      ...Object.fromEntries(
        places.filter(({ asLeft }) => asLeft).map(({ list, was }) => [list, back(words[list], was)]),
      ),
      mainTeam: chosenMain && words.mainTeam === into ? from : words.mainTeam,
    },
    snapshots: snapshots.map((slot) => ({
      ...slot,
      ...Object.fromEntries(
        standing
          .filter(({ source }) => source === slot.source)
          .map(({ part, ...was }) => [part, back(slot[part], was)]),
      ),
    })),
    present: main && user.value.mainTeam === into ? inPlace(user.value, into, from) : user.value,
    left: [
      ...places.flatMap(({ list, asLeft }) => (asLeft ? [] : [list])),
      ...slots.flatMap((slot) => (standing.includes(slot) ? [] : [slot.part])),
    ],
  };
}

function withTeam(list: readonly TeamId[], team: TeamId, isIn: boolean): TeamId[] {
  const others = list.filter((each) => each !== team);
  return isIn ? [...others, team].sort((a, b) => a - b) : others;
}

function inPlace({ teams, mainTeam }: UserValue, from: TeamId, into: TeamId): MemberAfter['present'] {
  return {
    teams: [...new Set(teams.map((team) => (team === from ? into : team)))],
    mainTeam: mainTeam === from ? into : mainTeam,
  };
}

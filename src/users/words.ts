import { compareText } from '../domain/text.ts';
import { teamName, type TeamNames } from '../domain/fold.ts';
import type { GroupId, Words } from '../domain/user.ts';
import type { ShownChange } from './events.ts';

/** What a person may say of a role, a team or a supervised team. */
export type Word = 'give' | 'take' | 'withdraw';

/** As people say it of many: what was given by hand is withdrawn, and what a source supplies is taken (spec 10.3, 16). */
export type WordOfMany = Word | 'unassign';

type Lists = 'roles' | 'teams' | 'supervises';

/** The words with one item given or taken, or with neither said (spec 10.3, 11.2): both sets stay disjoint. */
export function withWord<Name extends Lists>(
  words: Words,
  list: Name,
  item: Words[`${Name}Given`][number],
  word: Word,
): Words {
  const without = (items: readonly (string | number)[]): (string | number)[] => items.filter((each) => each !== item);
  const [given, taken] = [without(words[`${list}Given`]), without(words[`${list}Taken`])];
  return {
    ...words,
    [`${list}Given`]: word === 'give' ? [...given, item] : given,
    [`${list}Taken`]: word === 'take' ? [...taken, item] : taken,
  };
}

/** What unassigning comes to for one user: nobody who has it by hand alone, or not at all, is left with it taken. */
export function wordFor(word: WordOfMany, supplied: boolean): Word {
  if (word !== 'unassign') return word;
  return supplied ? 'take' : 'withdraw';
}

/** The words with one field's override or local value set, or taken away where `value` is null. */
export function withValue(words: Words, kind: 'overrides' | 'localValues', field: string, value: string | null): Words {
  const others = Object.entries(words[kind]).filter(([name]) => name !== field);
  return { ...words, [kind]: Object.fromEntries(value === null ? others : [...others, [field, value]]) };
}

/** What of people's words differs, as events tell it: beside the user's value, which may stay the same. */
export function wordChanges(
  before: Words,
  after: Words,
  names: TeamNames,
  groupNames: ReadonlyMap<GroupId, string>,
): ShownChange[] {
  const values = (['overrides', 'localValues'] as const).flatMap((kind) => {
    const fields = new Set([...Object.keys(before[kind]), ...Object.keys(after[kind])]) as Set<
      keyof Words[typeof kind]
    >;
    return [...fields].map((field) => ({
      field: `${kind === 'overrides' ? 'override' : 'localValue'}.${field}`,
      before: before[kind][field] ?? null,
      after: after[kind][field] ?? null,
    }));
  });
  const nameOf = (team: number): string => teamName(team, names);
  const groupName = (group: number): string => groupNames.get(group) ?? `group ${String(group)}`;
  const lists = [
    ...(['rolesGiven', 'rolesTaken'] as const).map((list) => listChange(list, before[list], after[list])),
    ...(['teamsGiven', 'teamsTaken', 'supervisesGiven', 'supervisesTaken', 'scopeTeams'] as const).map((list) =>
      listChange(list, before[list].map(nameOf), after[list].map(nameOf)),
    ),
    listChange('scopeGroups', before.scopeGroups.map(groupName), after.scopeGroups.map(groupName)),
  ];
  const main = [before, after].map(({ mainTeam }) => (mainTeam === null ? null : nameOf(mainTeam)));
  const chosen = { field: 'mainTeamChosen', before: main[0] ?? null, after: main[1] ?? null };
  const group = [before, after].map(({ memberGroup }) => (memberGroup === null ? null : groupName(memberGroup)));
  const single = [
    chosen,
    { field: 'memberGroup', before: group[0] ?? null, after: group[1] ?? null },
    { field: 'fullScope', before: yesNo(before.fullScope), after: yesNo(after.fullScope) },
  ];
  return [...values, ...lists, ...single].filter(
    (change) => JSON.stringify(change.before) !== JSON.stringify(change.after),
  );
}

function yesNo(flag: boolean): string {
  return flag ? 'yes' : 'no';
}

function listChange(field: string, before: readonly string[], after: readonly string[]): ShownChange {
  return { field, before: [...before].sort(compareText), after: [...after].sort(compareText) };
}

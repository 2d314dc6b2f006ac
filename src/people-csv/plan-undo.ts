import { teamName } from '../domain/fold.ts';
import { permissionsFor } from '../domain/permitted.ts';
import type { UserValue, Words } from '../domain/user.ts';
import { wordChanges } from '../users/words.ts';
import { columnOfField, type ColumnName } from './columns.ts';
import { foldedFrom } from './plan-columns.ts';
import { lackingFor } from './plan-permitted.ts';
import type { PlanWorld } from './plan-world.ts';
import type { RowUndo } from './ports.ts';
import type { KeptCell, RowPlan, RowSubject } from './row-plan.ts';
import type { RowError } from './said-row.ts';
import { shownPlan } from './shown-plan.ts';

/**
 * What a user becomes when what an import did to them is taken back: every word that stands as the import left it goes back to
 * what it was; what somebody has said since stays and is named. A user whom it created is deactivated and loses the links.
 */
export function planUndo(undo: RowUndo, user: RowSubject, world: PlanWorld): RowPlan {
  const kept: KeptCell[] = [];
  const errors: RowError[] = [];
  const words = undo.created ? user.subject.words : wordsBack(undo, user, world, kept);
  const { active } = user.subject.user;
  if (undo.created)
    kept.push({
      ...{ column: null, why: 'not-taken-over' },
      message: 'The import created the user, who stays, inactive: users are not deleted.',
    });
  const activation = undoneActivation(undo, active);
  const value: UserValue = words === user.subject.words ? user.subject.user.value : foldedFrom(user, world, words);
  const ended = (undo.created ? user.linkedSources : []).map((source) => ({
    ...{ field: `link.${source}`, before: 'linked', after: null },
  }));
  const changes = wordChanges(user.subject.words, words, world.teamNames, world.groupNames);
  const needed = permissionsFor({ type: activation === null ? 'user-changed' : 'deactivated', changes });
  if (words !== user.subject.words || activation !== null) errors.push(...lackingFor({ world }, needed, null));
  return shownPlan({ user, world, errors, kept }, words, value, activation, () => false, ended);
}

function undoneActivation({ created, activation }: RowUndo, active: boolean): RowPlan['activation'] {
  if (created || activation === 'activate') return active ? 'deactivate' : null;
  return activation === 'deactivate' && !active ? 'activate' : null;
}

const pairs = [
  ['rolesGiven', 'rolesTaken'],
  ['teamsGiven', 'teamsTaken'],
] as const;

function wordsBack({ before, after }: RowUndo, { subject }: RowSubject, world: PlanWorld, kept: KeptCell[]): Words {
  const now = subject.words;
  const since = (field: string, message: string): void => {
    const column: ColumnName | null = columnOfField(field);
    kept.push({ column, why: 'changed-since', message });
  };
  let back: Words = now;
  for (const kind of ['overrides', 'localValues'] as const) {
    const values = new Map(Object.entries(now[kind]));
    for (const field of Object.keys({ ...before[kind], ...after[kind] }) as (keyof Words[typeof kind])[]) {
      const [was, left, is] = [before[kind][field], after[kind][field], now[kind][field]];
      if (was === left || is === was) continue;
      if (is !== left) since(field, `The ${field} was changed since and stays.`);
      else if (was === undefined) values.delete(field);
      else values.set(field, was);
    }
    const put = Object.fromEntries(values);
    if (!same(put, now[kind])) back = { ...back, [kind]: put };
  }
  for (const [given, taken] of pairs) back = listsBack(back, { before, after }, given, taken, world, since);
  for (const list of ['scopeGroups', 'scopeTeams'] as const) {
    const items = itemsBack(before[list], after[list], now[list]);
    const known = items.filter((id) => (list === 'scopeTeams' ? world.teamNames : world.groupNames).has(id));
    if (!same(known, now[list])) back = { ...back, [list]: known };
  }
  for (const single of ['mainTeam', 'memberGroup', 'fullScope'] as const) {
    if (same(before[single], after[single]) || same(now[single], before[single])) continue;
    if (same(now[single], after[single])) back = { ...back, [single]: before[single] };
    else since(single, `The ${single} was changed since and stays.`);
  }
  return back;
}

/** What was given or taken and stands so is withdrawn; what had been said before is said again, unless the opposite is by now. */
function listsBack(
  words: Words,
  { before, after }: Pick<RowUndo, 'before' | 'after'>,
  given: (typeof pairs)[number][0],
  taken: (typeof pairs)[number][1],
  world: PlanWorld,
  since: (field: string, message: string) => void,
): Words {
  const goesBack = { [given]: [...words[given]], [taken]: [...words[taken]] } as Record<string, (string | number)[]>;
  for (const [list, opposite] of [
    [given, taken],
    [taken, given],
  ] as const) {
    const items = itemsBack<string | number>(before[list], after[list], words[list]);
    goesBack[list] = items.filter((item) => {
      if ((words[list] as readonly unknown[]).includes(item)) return true;
      const removed = typeof item === 'number' && !world.teamNames.has(item);
      const against =
        (words[opposite] as readonly unknown[]).includes(item) &&
        !(after[opposite] as readonly unknown[]).includes(item);
      const name = typeof item === 'number' ? teamName(item, world.teamNames) : item;
      if (removed || against)
        since(list.startsWith('roles') ? 'roles' : 'teams', `"${name}" was changed since and stays.`);
      return !removed && !against;
    });
  }
  const next: Words = { ...words, ...goesBack };
  return same(next[given], words[given]) && same(next[taken], words[taken]) ? words : next;
}

/** A list with what was added taken out and what was removed put back; everything else stays. */
function itemsBack<Item>(before: readonly Item[], after: readonly Item[], now: readonly Item[]): Item[] {
  const added = after.filter((item) => !before.includes(item));
  const removed = before.filter((item) => !after.includes(item));
  return [...now.filter((item) => !added.includes(item)), ...removed.filter((item) => !now.includes(item))];
}

function same(a: unknown, b: unknown): boolean {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return [...(value as unknown[])].sort();
    return value !== null && typeof value === 'object' ? Object.entries(value).sort() : value;
  };
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

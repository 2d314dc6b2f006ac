import type { Field } from '../../../src/domain/fields.ts';
import type { WorldConfig } from './config.ts';
import { naiveImportPeople, type NaiveRow } from './naive-csv.ts';
import { naiveMerge } from './naive-merge.ts';
import { naiveEdit, naiveLocalUser, naiveRefuse, naiveSwitch, naiveUnlink, type WordEdit } from './naive-people.ts';
import { must, type NaiveState, type NaiveUser } from './naive-state.ts';
import {
  realActivate,
  realEdit,
  realIgnore,
  realImportPeople,
  realLocalUser,
  realMerge,
  realRefuse,
  realSwitch,
  realUnlink,
} from './real-people.ts';
import type { RealWorld } from './real-world.ts';
import { textOf } from './source-truth.ts';
import type { PeopleRow, PersonStep } from './steps.ts';

/** Both sides of a world in which a person acts. */
interface Acting {
  readonly config: WorldConfig;
  readonly model: NaiveState;
  readonly real: RealWorld;
}

const editable: readonly Field[] = ['firstName', 'email', 'employeeId', 'department', 'displayName'];
const roles = ['agent', 'supervisor', 'trainer'];
const parts = ['email', 'employeeId', 'department', 'roles', 'teams'];

/** What a person does, on both sides. `skip`: there is nothing to do it to. True where it is done, false where it is refused. */
export interface Act {
  readonly model: (state: NaiveState) => boolean | 'skip';
  readonly real: () => Promise<boolean>;
}

/** Whom a step is about is picked as the model is now; null where there is nobody. */
export function actOf(play: Acting, step: PersonStep): Act | null {
  const { config, model, real } = play;
  if (step.do === 'local') return localUserAct(play, localValues(step));
  if (step.do === 'refuse' || step.do === 'ignore') return accountAct(play, step);
  // Nothing is asked of who was merged into another (spec 18.3).
  const users = Object.values(model.users).filter(({ mergedInto }) => mergedInto === undefined);
  if (step.do === 'import') return importAct(play, step, users);
  const key = picked(users, step.user, (each) => each.key)?.key;
  if (key === undefined) return null;
  const userOf = (state: NaiveState): NaiveUser => must(state.users[key]);
  if (step.do === 'switch') {
    const source = step.source === null ? null : (config.sources[step.source]?.id ?? null);
    return {
      model: (state) => naiveSwitch(userOf(state), step.on, source),
      real: () => realSwitch(real, key, step.on, source),
    };
  }
  if (step.do === 'activate')
    return {
      model: (state) => {
        userOf(state).active = step.active;
        return true;
      },
      real: () => realActivate(real, key, step.active).then(() => true),
    };
  if (step.do === 'unlink')
    return {
      model: (state) => naiveUnlink(state, userOf(state), 'ad') || 'skip',
      real: () => realUnlink(real, key, 'ad').then(() => true),
    };
  if (step.do === 'merge') {
    const other = must(picked(users, step.other, (each) => each.key)).key;
    return {
      model: (state) => naiveMerge(config, state, userOf(state), must(state.users[other]), step.prefer),
      real: () => realMerge(real, key, other, step.prefer),
    };
  }
  const edit = editOf(model, step);
  return {
    model: (state) => naiveEdit(config, state, userOf(state), edit),
    real: () => realEdit(real, key, edit),
  };
}

function importAct(
  { config, model, real }: Acting,
  { rows: told, rowsTogether }: Extract<PersonStep, { do: 'import' }>,
  users: readonly NaiveUser[],
): Act | null {
  const rows = told.flatMap((each) => {
    const user = picked(users, each.user, ({ key }) => key);
    return user === undefined ? [] : [rowOf(model, user, each)];
  });
  // One row about each: that a second one is a mistake needs no worlds.
  const once = [...new Map(rows.map((row) => [row.user, row])).values()];
  if (once.length === 0) return null;
  return {
    model: (state) => naiveImportPeople(config, state, once),
    real: () => realImportPeople(real, once, rowsTogether),
  };
}

function rowOf(model: NaiveState, { key, value }: NaiveUser, said: PeopleRow): NaiveRow {
  const cell = (field: 'firstName' | 'email' | 'employeeId'): string | null =>
    said[field] === 'same'
      ? (value.fields[field] ?? null)
      : said[field] === null
        ? null
        : textOf(field, said[field]).normalize('NFC');
  const teamOf = (team: number): string => must(model.teams[team]);
  const picks = (list: readonly number[]): string[] =>
    list.map((number) => must(picked(Object.values(model.teams), number, (name) => name)));
  const main = value.mainTeam === null ? [] : [value.mainTeam];
  const { teams } = value;
  return {
    user: key,
    fields: {
      ...{ email: cell('email'), firstName: cell('firstName'), lastName: null, employeeId: cell('employeeId') },
    },
    roles: said.roles === 'same' ? Object.keys(value.roles) : (said.roles?.map((role) => must(roles[role])) ?? null),
    // As an export has them: the main team first.
    teams:
      said.teams === 'same'
        ? [...main, ...teams.filter((team) => team !== value.mainTeam)].map(teamOf)
        : said.teams === null
          ? null
          : picks(said.teams),
  };
}

function localUserAct({ config, real }: Acting, values: ReturnType<typeof localValues>): Act {
  return {
    model: (state) => {
      if (Object.keys(state.users).includes(`local:${values.username}`)) return 'skip';
      naiveLocalUser(config, state, values);
      return true;
    },
    real: () => realLocalUser(real, values).then(() => true),
  };
}

function accountAct({ model, real }: Acting, step: Extract<PersonStep, { do: 'refuse' | 'ignore' }>): Act | null {
  const key = picked(Object.keys(model.accounts), step.account, (each) => each);
  if (key === undefined) return null;
  if (step.do === 'ignore')
    return {
      model: (state) => {
        must(state.accounts[key]).ignored = step.ignored;
        return true;
      },
      real: () => realIgnore(real, key, step.ignored).then(() => true),
    };
  const part = must(parts[step.part]);
  return {
    model: (state) => naiveRefuse(state, key, part) || 'skip',
    real: () => realRefuse(real, key, part).then(() => true),
  };
}

function localValues(step: Extract<PersonStep, { do: 'local' }>): {
  username: string;
  email: string;
  employeeId: string;
} {
  return {
    username: `local${String(step.name)}`,
    email: textOf('email', step.email),
    employeeId: textOf('employeeId', step.employeeId),
  };
}

function editOf(
  model: NaiveState,
  step: Exclude<
    PersonStep,
    { do: 'switch' | 'activate' | 'unlink' | 'merge' | 'import' | 'refuse' | 'ignore' | 'local' }
  >,
): WordEdit {
  const team = (number: number): string => must(picked(Object.values(model.teams), number, (name) => name));
  if (step.do === 'role') return { role: must(roles[step.role]), how: step.how };
  if (step.do === 'team') return { team: team(step.team), how: step.how };
  if (step.do === 'mainTeam') return { mainTeam: step.team === null ? null : team(step.team) };
  const field = must(editable[step.field]);
  const value = step.value === null ? null : textOf(field, step.value).trim();
  return { field, value: value === '' ? null : value };
}

/** One of some things by number, in the order of their names. */
function picked<T>(items: readonly T[], number: number, nameOf: (item: T) => string): T | undefined {
  const ordered = [...items].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return ordered.length === 0 ? undefined : ordered[number % ordered.length];
}

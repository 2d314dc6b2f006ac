import type { Knex } from 'knex';
import type { Field } from '../../../src/domain/fields.ts';
import { digests, inconsistencies, momentOf, syncOffences, unexplained, type Moment } from './checks.ts';
import { configOf, type WorldChoice, type WorldConfig } from './config.ts';
import { naiveImportPeople, type NaiveRow } from './naive-csv.ts';
import { naiveImport } from './naive-import.ts';
import { halfIsMissing, naiveReconcile, naiveRefold } from './naive-model.ts';
import { naiveMerge } from './naive-merge.ts';
import { naiveEdit, naiveLocalUser, naiveRefuse, naiveSwitch, naiveUnlink, type WordEdit } from './naive-people.ts';
import { emptyState, must, type NaiveState, type NaiveUser } from './naive-state.ts';
import {
  realActivate,
  realApprove,
  realEdit,
  realIgnore,
  realImportPeople,
  realLocalUser,
  realMerge,
  realRefuse,
  realSwitch,
  realUnlink,
} from './real-people.ts';
import { viewOfStore } from './real-view.ts';
import { openRealWorld, type RealWorld } from './real-world.ts';
import { happen, readsOf, sourceTruth, textOf, type SourceTruth } from './source-truth.ts';
import {
  wholeSync,
  type ConfigureStep,
  type PeopleRow,
  type PersonStep,
  type Step,
  type Story,
  type SyncStep,
} from './steps.ts';
import { differences, viewOfModel, type WorldView } from './view.ts';

/** A world in which the store and the rules disagree; the message names every place. */
class Disagreement extends Error {
  override readonly name = 'Disagreement';
}

/** How a story is played on a store; what is null is as the steps say. */
export interface Variation {
  readonly batchSize: number | null;
  /** Turns the order of sources and records around. */
  readonly reversed: boolean;
}
const asTold: Variation = { batchSize: null, reversed: false };

interface Play {
  choice: WorldChoice;
  config: WorldConfig;
  readonly truth: SourceTruth;
  model: NaiveState;
  readonly real: RealWorld;
  readonly variation: Variation;
  /** The store as it was left by the last step. */
  moment: Moment;
}

/**
 * Plays a story on a migrated, empty store and on the naive model, and compares both after each step that the store sees.
 * Gives the number of steps and the view of the store at the end.
 *
 * @throws Disagreement
 */
export async function playStory(
  db: Knex,
  story: Story,
  variation: Variation = asTold,
): Promise<{ steps: number; view: WorldView }> {
  const config = configOf(story.choice);
  const real = await openRealWorld(db, config);
  const moment = await momentOf(real.db);
  const { choice } = story;
  const play: Play = { choice, config, truth: sourceTruth(config), model: emptyState(config), real, variation, moment };
  const steps = [...story.steps, wholeSync];
  for (const [index, step] of steps.entries()) await playStep(play, step, index);
  return { steps: steps.length, view: await viewOfStore(db) };
}

const sourceSteps: ReadonlySet<Step['do']> = new Set([
  'put',
  'set',
  'swap',
  'remove',
  'empty',
  'disable',
  'join',
  'rename',
  'facts',
  'crowd',
  'shift',
]);

async function playStep(play: Play, step: Step, index: number): Promise<void> {
  if (isSourceStep(step)) {
    happen(play.truth, step);
    return;
  }
  const { db } = play.real;
  const before = play.moment;
  let bySync = true;
  if (step.do === 'sync') bySync = await sync(play, step);
  else if (step.do === 'configure') await configure(play, step);
  else if (step.do === 'restart') await play.real.restart(play.variation.batchSize ?? step.batchSize);
  else {
    await playPerson(play, step);
    bySync = false;
  }
  await approveAll(play);
  const after = await momentOf(db);
  play.moment = after;
  const problems = [
    ...differences(await viewOfStore(db), viewOfModel(play.config, play.model)),
    ...(await inconsistencies(db, heldSources(play))),
    ...(bySync ? syncOffences(before, after) : []),
    ...(await unexplained(db, before, after)),
  ];
  if (problems.length === 0) problems.push(...(await restless(play)));
  if (problems.length > 0)
    throw new Disagreement(`after step ${String(index)} (${JSON.stringify(step)}):\n  ${problems.join('\n  ')}`);
}

function heldSources({ config, model }: Play): string[] {
  return config.sources.map(({ id }) => id).filter((id) => halfIsMissing(model, id));
}

function isSourceStep(step: Step): step is Parameters<typeof happen>[1] {
  return sourceSteps.has(step.do);
}

/** What another look changes although nothing is due (spec 20.5). */
async function restless({ real }: Play): Promise<string[]> {
  const before = await digests(real.db);
  await real.reconcileNow();
  return differences(await digests(real.db), before, '20.5');
}

/** Syncs on both sides; false where a person acted in the middle. */
async function sync(play: Play, asked: SyncStep): Promise<boolean> {
  const { truth, real, variation } = play;
  // What the guard would hold of an import that broke off is neither applied nor held: nobody can approve it (spec 13.2).
  const uncut = asked.sources.map((each) => ({ ...each, cut: null }));
  const step = play.config.tight ? { ...asked, sources: uncut } : asked;
  const reads = readsOf(truth, step);
  if (reads.length === 0) return true;
  const turned = reads
    .map(([source, read]) => [source, { ...read, records: [...read.records].reverse() }] as const)
    .reverse();
  // Where a read was cut off or names an account twice, the order of the records is part of what was said.
  const turnable = variation.reversed && step.sources.every(({ cut, fault }) => cut === null && fault !== 'duplicate');
  const { pageSize, crashAfter, during } = step;
  const batchSize = variation.batchSize ?? step.batchSize;
  const toldReads = turnable ? turned : reads;
  if (!during) {
    modelSync(play, play.model, reads);
    await real.sync(toldReads, { pageSize, crashAfter, batchSize });
    return true;
  }
  const act = actOf(play, during.step);
  const acted = structuredClone(play.model);
  const outcomes = [act?.model(acted) ?? 'skip'];
  modelSync(play, acted, reads);
  modelSync(play, play.model, reads);
  const other = structuredClone(play.model);
  if (act !== null) outcomes.push(act.model(other));
  naiveReconcile(play.config, other);
  let done: boolean | 'skip' = 'skip';
  const person = async (): Promise<void> => {
    if (act !== null && outcomes.every((outcome) => outcome !== 'skip')) done = await act.real();
  };
  await real.sync(toldReads, { pageSize, crashAfter, batchSize, during: { after: during.after, act: person } });
  if (!outcomes.includes(done)) throw new Disagreement(`${JSON.stringify(during.step)} is refused by one side only`);
  await approveAll(play);
  // Who acts in the middle of a sync acts before or after the decision on that user: both are right.
  const seen = await viewOfStore(real.db);
  play.model = differences(seen, viewOfModel(play.config, acted)).length === 0 ? acted : other;
  return false;
}

function modelSync({ config }: Play, model: NaiveState, reads: ReturnType<typeof readsOf>): void {
  for (const [source, read] of reads) naiveImport(model, source, read);
  naiveReconcile(config, model);
}

/** Another configuration on both sides: every user is folded anew under it (spec 14.4). */
async function configure(play: Play, { change }: ConfigureStep): Promise<void> {
  play.choice = { ...play.choice, ...change };
  play.config = configOf(play.choice);
  naiveRefold(play.config, play.model);
  naiveReconcile(play.config, play.model);
  await play.real.configure(play.config);
}

/**
 * What the guard holds a person approves, until none is left but those of which half is missing (spec 3.3): where it holds every run,
 * and where five of a small source are more than half of it, whatever the limits (spec 13.1).
 */
async function approveAll(play: Play): Promise<void> {
  for (let round = 0; await realApprove(play.real, heldSources(play)); round++)
    if (round > 20) throw new Disagreement('approving never ends');
}

const editable: readonly Field[] = ['firstName', 'email', 'employeeId', 'department', 'displayName'];
const roles = ['agent', 'supervisor', 'trainer'];
const parts = ['email', 'employeeId', 'department', 'roles', 'teams'];

/** What a person does, on both sides. `skip`: there is nothing to do it to. True where it is done, false where it is refused. */
interface Act {
  readonly model: (state: NaiveState) => boolean | 'skip';
  readonly real: () => Promise<boolean>;
}

async function playPerson(play: Play, step: PersonStep): Promise<void> {
  const act = actOf(play, step);
  const done = act?.model(play.model) ?? 'skip';
  if (done === 'skip' || act === null) return;
  naiveReconcile(play.config, play.model);
  if ((await act.real()) !== done) throw new Disagreement(`${JSON.stringify(step)} is refused by one side only`);
}

/** Whom a step is about is picked as the model is now; null where there is nobody. */
function actOf(play: Play, step: PersonStep): Act | null {
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
  { config, model, real }: Play,
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

function localUserAct({ config, real }: Play, values: ReturnType<typeof localValues>): Act {
  return {
    model: (state) => {
      if (Object.keys(state.users).includes(`local:${values.username}`)) return 'skip';
      naiveLocalUser(config, state, values);
      return true;
    },
    real: () => realLocalUser(real, values).then(() => true),
  };
}

function accountAct({ model, real }: Play, step: Extract<PersonStep, { do: 'refuse' | 'ignore' }>): Act | null {
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

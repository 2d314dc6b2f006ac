import type { Field } from '../../../src/domain/fields.ts';
import { digests, inconsistencies, momentOf, syncOffences, unexplained, type Moment } from './checks.ts';
import { configOf, type WorldConfig } from './config.ts';
import { naiveImport } from './naive-import.ts';
import { halfIsMissing, naiveReconcile } from './naive-model.ts';
import { naiveEdit, naiveLocalUser, naiveRefuse, naiveSwitch, naiveUnlink, type WordEdit } from './naive-people.ts';
import { emptyState, must, type NaiveState, type NaiveUser } from './naive-state.ts';
import {
  realActivate,
  realEdit,
  realIgnore,
  realLocalUser,
  realRefuse,
  realSwitch,
  realUnlink,
} from './real-people.ts';
import { viewOfStore } from './real-view.ts';
import { openRealWorld, type RealWorld } from './real-world.ts';
import { happen, readsOf, sourceTruth, textOf, type SourceTruth } from './source-truth.ts';
import { wholeSync, type PersonStep, type Step, type Story, type SyncStep } from './steps.ts';
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
  readonly config: WorldConfig;
  readonly truth: SourceTruth;
  readonly model: NaiveState;
  readonly real: RealWorld;
  readonly variation: Variation;
  /** The store as it was left by the last step. */
  moment: Moment;
}

/**
 * Plays a story on a store and on the naive model, and compares both after each step that the store sees.
 * Gives the number of steps and the view of the store at the end.
 *
 * @throws Disagreement
 */
export async function playStory(
  url: string,
  story: Story,
  variation: Variation = asTold,
): Promise<{ steps: number; view: WorldView }> {
  const config = configOf(story.choice);
  const real = await openRealWorld(url, config);
  const moment = await momentOf(real.db);
  const play: Play = { config, truth: sourceTruth(config), model: emptyState(config), real, variation, moment };
  const steps = [...story.steps, wholeSync];
  try {
    for (const [index, step] of steps.entries()) await playStep(play, step, index);
    return { steps: steps.length, view: await viewOfStore(real.db) };
  } finally {
    await real.close();
  }
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
]);

async function playStep(play: Play, step: Step, index: number): Promise<void> {
  if (isSourceStep(step)) {
    happen(play.truth, step);
    return;
  }
  const { db } = play.real;
  const before = play.moment;
  let bySync = true;
  if (step.do === 'sync') await sync(play, step);
  else if (step.do === 'restart') await play.real.restart(play.variation.batchSize ?? step.batchSize);
  else {
    await playPerson(play, step);
    bySync = false;
  }
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

async function sync({ config, truth, model, real, variation }: Play, step: SyncStep): Promise<void> {
  const reads = readsOf(truth, step);
  for (const [source, read] of reads) naiveImport(model, source, read);
  if (reads.length > 0) naiveReconcile(config, model);
  const turned = reads
    .map(([source, read]) => [source, { ...read, records: [...read.records].reverse() }] as const)
    .reverse();
  // Where a read was cut off or names an account twice, the order of the records is part of what was said.
  const turnable = variation.reversed && step.sources.every(({ cut, fault }) => cut === null && fault !== 'duplicate');
  const { pageSize, crashAfter } = step;
  if (reads.length > 0)
    await real.sync(turnable ? turned : reads, {
      pageSize,
      crashAfter,
      batchSize: variation.batchSize ?? step.batchSize,
    });
}

const editable: readonly Field[] = ['firstName', 'email', 'employeeId', 'department', 'displayName'];
const roles = ['agent', 'supervisor', 'trainer'];
const parts = ['email', 'employeeId', 'department', 'roles', 'teams'];

async function playPerson(play: Play, step: PersonStep): Promise<void> {
  const { config, model, real } = play;
  if (step.do === 'local') {
    const values = localValues(step);
    if (Object.keys(model.users).includes(`local:${values.username}`)) return;
    naiveLocalUser(config, model, values);
    naiveReconcile(config, model);
    await realLocalUser(real, values);
    return;
  }
  if (step.do === 'refuse' || step.do === 'ignore') {
    await playAccount(play, step);
    return;
  }
  const user = picked(Object.values(model.users), step.user, (each) => each.key);
  if (user === undefined) return;
  if (step.do === 'switch') {
    const source = step.source === null ? null : (config.sources[step.source]?.id ?? null);
    const done = naiveSwitch(user, step.on, source);
    naiveReconcile(config, model);
    if ((await realSwitch(real, user.key, step.on, source)) !== done)
      throw new Disagreement('the switch of the sync is refused by one side only');
  } else if (step.do === 'activate') {
    user.active = step.active;
    naiveReconcile(config, model);
    await realActivate(real, user.key, step.active);
  } else if (step.do === 'unlink') {
    if (!naiveUnlink(model, user, 'ad')) return;
    naiveReconcile(config, model);
    await realUnlink(real, user.key, 'ad');
  } else {
    const edit = editOf(model, user, step);
    const done = naiveEdit(config, model, user, edit);
    naiveReconcile(config, model);
    if ((await realEdit(real, user.key, edit)) !== done)
      throw new Disagreement(`${JSON.stringify(edit)} is refused by one side only`);
  }
}

async function playAccount(
  { config, model, real }: Play,
  step: Extract<PersonStep, { do: 'refuse' | 'ignore' }>,
): Promise<void> {
  const key = picked(Object.keys(model.accounts), step.account, (each) => each);
  if (key === undefined) return;
  const part = step.do === 'refuse' ? must(parts[step.part]) : '';
  if (step.do === 'ignore') must(model.accounts[key]).ignored = step.ignored;
  else if (!naiveRefuse(model, key, part)) return;
  naiveReconcile(config, model);
  await (step.do === 'ignore' ? realIgnore(real, key, step.ignored) : realRefuse(real, key, part));
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
  _user: NaiveUser,
  step: Exclude<PersonStep, { do: 'switch' | 'activate' | 'unlink' | 'refuse' | 'ignore' | 'local' }>,
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

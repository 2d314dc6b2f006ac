import type { Knex } from 'knex';
import { queryOne } from '../../../src/store/sql.ts';
import { digests, inconsistencies, momentOf, syncOffences, unexplained, type Moment } from './checks.ts';
import { configOf, type WorldChoice, type WorldConfig } from './config.ts';
import { naiveImport } from './naive-import.ts';
import { halfIsMissing, naiveReconcile, naiveRefold } from './naive-model.ts';
import { accountsOf, emptyState, type NaiveState } from './naive-state.ts';
import { realApprove, realDiscard, realReopen, realUndoSince } from './real-people.ts';
import { viewOfStore } from './real-view.ts';
import { openRealWorld, type RealWorld } from './real-world.ts';
import { happen, readsOf, sourceTruth, type SourceTruth } from './source-truth.ts';
import { wholeSync, type ConfigureStep, type PersonStep, type Step, type Story, type SyncStep } from './steps.ts';
import { actOf } from './story-acts.ts';
import { differences, viewOfModel, type UserView, type WorldView } from './view.ts';

/** A world in which the store and the rules disagree; the message names every place. */
class Disagreement extends Error {
  override readonly name = 'Disagreement';
}

/** How a story is played on a store; what is null is as the steps say. */
export interface Variation {
  readonly batchSize: number | null;
  /** Turns the order of sources and records around. */
  readonly reversed: boolean;
  /** Undoes the last sync at the end. */
  readonly undoesLast?: boolean;
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
  /** The store has gone a way of its own, which the model does not know: the rest is not played. */
  apart: boolean;
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
  const play: Play = {
    choice,
    config,
    truth: sourceTruth(config),
    model: emptyState(config),
    real,
    variation,
    moment,
    apart: false,
  };
  const steps = [...story.steps, wholeSync];
  for (const [index, step] of steps.entries()) {
    const undone = variation.undoesLast === true && index === steps.length - 1 ? await undoable(play) : null;
    await playStep(play, step, index);
    if (play.apart) return { steps: index + 1, view: await viewOfStore(db) };
    await undone?.();
  }
  return { steps: steps.length, view: await viewOfStore(db) };
}

/** Notes what is now; the function that it gives undoes all that the sync has decided since, and looks whether that is back (spec 15.3). */
async function undoable(play: Play): Promise<() => Promise<void>> {
  const { db } = play.real;
  const { users: former } = await viewOfStore(db);
  const { now } = await queryOne<{ now: Date }>(db, 'select clock_timestamp() as now', []);
  return async () => {
    const before = play.moment;
    await realUndoSince(play.real, now);
    const { users } = await viewOfStore(db);
    const own = Object.entries(users).map(([key, user]): [string, UserView] => [
      key,
      // Whoever came to be in that time stays, inactive and without a link.
      former[key] ?? { ...user, active: false, links: [] },
    ]);
    const problems = differences(users, Object.fromEntries(own));
    await play.real.reconcileNow();
    await approveAll(play);
    const after = await momentOf(db);
    problems.push(...(await inconsistencies(db, heldSources(play))), ...(await unexplained(db, before, after)));
    if (problems.length === 0) problems.push(...(await restless(play)));
    if (problems.length > 0) throw new Disagreement(`after undoing the last sync:\n  ${problems.join('\n  ')}`);
  };
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
  if (step.do === 'sync' && step.discards === true) await discardAndReopen(play);
  if (play.apart) return;
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
  const mode = isDelta(play, step, reads) ? 'delta' : 'full';
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
    await real.sync(toldReads, { mode, pageSize, crashAfter, batchSize });
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
  await real.sync(toldReads, { mode, pageSize, crashAfter, batchSize, during: { after: during.after, act: person } });
  if (!outcomes.includes(done)) throw new Disagreement(`${JSON.stringify(during.step)} is refused by one side only`);
  await approveAll(play);
  // Who acts in the middle of a sync acts before or after the decision on that user: both are right.
  const seen = await viewOfStore(real.db);
  play.model = differences(seen, viewOfModel(play.config, acted)).length === 0 ? acted : other;
  return false;
}

/**
 * Whether only changes are asked for. A delta comes to the same as reading everything (spec 3.5), which is what the model does:
 * but for reads that are cut off or have a fault, and but for many who have gone at once, of whom a source that reports each is
 * believed and one that shows only the others is not (spec 3.1, 3.3).
 */
function isDelta({ model }: Play, { delta, sources }: SyncStep, reads: ReturnType<typeof readsOf>): boolean {
  if (delta !== true || sources.some(({ cut, fault }) => cut !== null || fault !== 'none')) return false;
  return reads.every(([source, { records }]) => {
    const present = new Set(records.map(({ externalId }) => `${source}:${externalId}`));
    return accountsOf(model, source).filter(([key, { gone }]) => !gone && !present.has(key)).length < 5;
  });
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

/**
 * Discards what is held, sees that nothing of it is applied, and takes the discard back: it has to come to what approving at once
 * does, which is what the model knows. Where that lets through what another source had to wait with, the worlds part.
 */
async function discardAndReopen(play: Play): Promise<void> {
  const { real } = play;
  const before = await viewOfStore(real.db);
  const discarded = await realDiscard(real, heldSources(play));
  if (discarded.length === 0) return;
  const problems = differences((await viewOfStore(real.db)).users, before.users);
  if (problems.length > 0) throw new Disagreement(`discarding has moved users:\n  ${problems.join('\n  ')}`);
  await real.reconcileNow();
  const after = await viewOfStore(real.db);
  play.apart = differences([after.users, after.teams], [before.users, before.teams]).length > 0;
  if (!play.apart) await realReopen(real, discarded);
}

async function playPerson(play: Play, step: PersonStep): Promise<void> {
  const act = actOf(play, step);
  const done = act?.model(play.model) ?? 'skip';
  if (done === 'skip' || act === null) return;
  naiveReconcile(play.config, play.model);
  if ((await act.real()) !== done) throw new Disagreement(`${JSON.stringify(step)} is refused by one side only`);
}

import type { AccountContent } from '../../../src/domain/account.ts';
import { changesBetween } from '../../../src/domain/change.ts';
import { claimsOf } from '../../../src/domain/claim.ts';
import { fold } from '../../../src/domain/fold.ts';
import { permissions, type Asker } from '../../../src/domain/permissions.ts';
import { emptyValue, noWords, type Words } from '../../../src/domain/user.ts';
import { distinctRules, userKeys } from '../../../src/reconcile/match-keys.ts';
import { valueSaid, type Part } from '../../../src/reconcile/project.ts';
import { appendPersonsEvent } from '../../../src/store/append-event.ts';
import { csvLine } from '../../../src/domain/spreadsheet.ts';
import { createPeopleImports } from '../../../src/people-csv/import.ts';
import { defaultGuard } from '../../../src/settings/guard.ts';
import { createPeopleImportStore } from '../../../src/store/people-import-store.ts';
import { createHeldRunStore } from '../../../src/store/held-run-store.ts';
import { createRefusalStore } from '../../../src/store/refusal-store.ts';
import { createUndoStore } from '../../../src/store/undo-store.ts';
import { createMergeStore } from '../../../src/store/merge-store.ts';
import { noReadRules, type ReadRules } from '../../../src/store/read-rules.ts';
import { reconcileReads } from '../../../src/store/reconcile-reads.ts';
import { reconcileWrites } from '../../../src/store/reconcile-writes.ts';
import { query, queryOne } from '../../../src/store/sql.ts';
import { createUserStore } from '../../../src/store/user-store.ts';
import { saveWords } from '../../../src/store/user-words.ts';
import { wakeUser } from '../../../src/store/wake-user.ts';
import { createHeldRuns } from '../../../src/users/held-run.ts';
import { createRefusals } from '../../../src/users/refusals.ts';
import { createUndo } from '../../../src/users/undo.ts';
import { createMerges } from '../../../src/users/merge.ts';
import { ActionRefusedError } from '../../../src/users/errors.ts';
import type { ActionRules } from '../../../src/users/ports.ts';
import { createUserActions, type UserActions } from '../../../src/users/user-actions.ts';
import type { WorldSource } from './config.ts';
import { rulesOf } from './memory-source.ts';
import type { NaiveRow } from './naive-csv.ts';
import type { WordEdit } from './naive-people.ts';
import { operator, type RealWorld } from './real-world.ts';
import { userIdOf } from './real-view.ts';

/** What people do to the real store: by the product's own actions where it has them, else by SQL as it will. */

const person: Asker = { operator, may: new Set(permissions) };

/** Does what a person asks for; false where the product refuses it. */
async function done(act: Promise<unknown>): Promise<boolean> {
  try {
    await act;
    return true;
  } catch (error) {
    if (error instanceof ActionRefusedError) return false;
    throw error;
  }
}

/** What the product's actions on a world's users stand on. */
function basisOf(world: RealWorld): { rules: ActionRules; readRules: ReadRules } {
  const { sources, catalogue, reassertAgentRole } = world.config;
  const find = (id: string): WorldSource | undefined => sources.find((source) => source.id === id);
  const rulesOfSource: ActionRules['rulesOf'] = (id) => {
    const source = find(id);
    return source === undefined ? undefined : rulesOf(world.config, source);
  };
  const rules: ActionRules = {
    rulesOf: rulesOfSource,
    allMatchRules: allRules(world),
    roleCatalogue: catalogue,
    managingRoles: [],
    reassertsAgentRole: reassertAgentRole,
    hasReusableIds: () => false,
    ownsSupervision: () => false,
  };
  const matchOf: ReadRules['matchOf'] = (id) => ({ match: find(id)?.match ?? [], placeholders: [] });
  return { rules, readRules: { ...noReadRules, matchOf } };
}

/** The product's actions on a world's users; its sources cannot be asked. */
function actionsOn(world: RealWorld): UserActions {
  const { rules, readRules } = basisOf(world);
  const store = createUserStore(world.db, readRules);
  const requestReconcile = (): Promise<void> => world.reconcileNow();
  return createUserActions({ store, rules, requestReconcile }, () => Promise.resolve('unsupported'));
}

/** Merges the second user into the first; false where the product refuses it (spec 18). */
export async function realMerge(
  world: RealWorld,
  primaryKey: string,
  otherKey: string,
  prefer: 'primary' | 'other',
): Promise<boolean> {
  const { rules, readRules } = basisOf(world);
  const merges = createMerges(createMergeStore(world.db, readRules), rules, () => world.reconcileNow());
  const [primary, other] = [await userIdOf(world.db, primaryKey), await userIdOf(world.db, otherKey)];
  const request = { ...person, prefer, preview: false, expectedVersion: undefined };
  return done(merges.merge(request, { primary, other, choices: {} }));
}

/** Imports a people.csv of these rows; false where one of them has a mistake, and then nothing is done (spec 17.5). */
export async function realImportPeople(
  world: RealWorld,
  rows: readonly NaiveRow[],
  rowsTogether: number,
): Promise<boolean> {
  const { rules, readRules } = basisOf(world);
  const store = createPeopleImportStore(world.db, readRules);
  const imports = createPeopleImports({
    ...{ store, rules, rowsTogether, batchSize: 2 },
    askSource: () => Promise.resolve('unsupported'),
    policyInForce: () => Promise.resolve(world.policy),
    limits: defaultGuard,
    requestReconcile: () => Promise.resolve(),
    exclusively: (work) => work(new AbortController().signal),
    log: {
      error: ({ err }: { readonly err?: unknown }) => {
        throw err;
      },
    },
  });
  const lines = [['User ID', 'Email', 'First Name', 'Last Name', 'Employee ID', 'Roles', 'Team']];
  for (const { user, fields, roles, teams } of rows) {
    const id = String(await userIdOf(world.db, user));
    const { email, firstName, lastName, employeeId } = fields;
    const texts = [email, firstName, lastName, employeeId, roles?.join(';'), teams?.join(';')].map(
      (text) => text ?? '',
    );
    lines.push([id, ...texts]);
  }
  const content = Buffer.from(lines.map((line) => csvLine(line)).join(''));
  const file = { fileName: 'people.csv', content, mapping: { columns: {} }, keepMissing: true, reason: null };
  const id = await imports.check({ ...person, ...file });
  if (((await store.find(id))?.shown.errors ?? 0) > 0) return false;
  await store.begin(id, person, null);
  await imports.carryOut();
  const refused = await query<{ row: number; message: string | null }>(
    world.db,
    `select row, message from people_import_row where import_id = ? and coalesce(outcome, 'refused') = 'refused'`,
    [id],
  );
  if (refused.length > 0) throw new Error(`what was shown was refused: ${JSON.stringify(refused)}`);
  await world.reconcileNow();
  return true;
}

/** Says a word of a user; false where the product refuses it. */
export async function realEdit(world: RealWorld, userKey: string, edit: WordEdit): Promise<boolean> {
  const { editField, memberships } = actionsOn(world);
  const request = { userId: await userIdOf(world.db, userKey), ...person };
  if ('field' in edit) return done(editField({ ...request, ...edit }));
  if ('role' in edit) return done(memberships.role({ ...request, role: edit.role, word: edit.how }));
  if ('team' in edit) return done(memberships.team({ ...request, team: edit.team, word: edit.how }));
  return done(memberships.mainTeam({ ...request, team: edit.mainTeam }));
}

/** Activates or deactivates as an operator, whatever the ACDs say. */
export async function realActivate(world: RealWorld, userKey: string, active: boolean): Promise<void> {
  const { activation } = actionsOn(world);
  const request = { userId: await userIdOf(world.db, userKey), ...person, reason: 'test' };
  await (active ? activation.activate(request) : activation.deactivate({ ...request, insist: true }));
}

/** Ends a user's link; the account waits for a person (spec 7). */
export async function realUnlink(world: RealWorld, userKey: string, source: string): Promise<void> {
  const userId = await userIdOf(world.db, userKey);
  await actionsOn(world).links.unlink({ userId, ...person, source });
}

/** Switches the sync by the product's own action; true where it did. */
export async function realSwitch(
  world: RealWorld,
  userKey: string,
  enabled: boolean,
  source: string | null,
): Promise<boolean> {
  const { switchSync } = actionsOn(world);
  const userId = await userIdOf(world.db, userKey);
  return done(switchSync({ userId, enabled, ...person, ...(source === null ? {} : { source }) }));
}

/** Approves the held runs of these sources as they were shown; true where there was one (spec 13.2). */
export async function realApprove(world: RealWorld, except: readonly string[]): Promise<boolean> {
  const held = await query<{ id: number; digest: string }>(
    world.db,
    `select id, digest from run where state = 'held' and (source_id is null or source_id <> all(?)) order by id`,
    [[...except]],
  );
  const heldRuns = createHeldRuns(createHeldRunStore(world.db), () => world.reconcileNow());
  for (const { id, digest } of held) await heldRuns.approve({ run: id, digest, ...person });
  return held.length > 0;
}

/** Discards the held runs of these sources, as they were shown; gives the runs (spec 13.2). Nothing is looked at anew. */
export async function realDiscard(world: RealWorld, except: readonly string[]): Promise<readonly number[]> {
  const held = await query<{ id: number; digest: string }>(
    world.db,
    `select id, digest from run where state = 'held' and source_id <> all(?) order by id`,
    [[...except]],
  );
  const heldRuns = createHeldRuns(createHeldRunStore(world.db), () => Promise.resolve());
  for (const { id, digest } of held) await heldRuns.discard({ run: id, digest, ...person });
  return held.map(({ id }) => id);
}

/** Takes discards back: what they refused is proposed again (spec 13.2). */
export async function realReopen(world: RealWorld, runs: readonly number[]): Promise<void> {
  const { rules, readRules } = basisOf(world);
  const requestReconcile = (): Promise<void> => Promise.resolve();
  const basis = { store: createUserStore(world.db, readRules), rules, requestReconcile };
  const refusals = createRefusals(basis, createRefusalStore(world.db, readRules), requestReconcile);
  for (const run of runs) await refusals.reopen({ run, ...person });
  await world.reconcileNow();
}

/** Undoes all decisions of the sync since a moment (spec 15.3). Nothing is looked at anew. */
export async function realUndoSince(world: RealWorld, since: Date): Promise<void> {
  const { rules, readRules } = basisOf(world);
  const undo = createUndo(createUndoStore(world.db, readRules), rules, () => Promise.resolve(), 3, []);
  await undo({ ...person, target: { since }, preview: false });
}

/** Refuses what a linked account says now for one part. */
export async function realRefuse(world: RealWorld, accountKey: string, part: string): Promise<void> {
  const { id, content } = await accountOf(world, accountKey);
  await query(
    world.db,
    `insert into refusal (account_id, part, value_said, cause, operator_name) values (?, ?, ?, 'discard', ?)
     on conflict (account_id, part) do update set value_said = excluded.value_said`,
    [id, part, valueSaid(content, part as Part), operator],
  );
  await query(world.db, 'update account set wakes = wakes + 1 where id = ?', [id]);
  await world.reconcileNow();
}

/** Ignores an account, or no longer (spec 2.7). */
export async function realIgnore(world: RealWorld, accountKey: string, ignored: boolean): Promise<void> {
  const { id } = await accountOf(world, accountKey);
  await query(
    world.db,
    'update account set ignored_at = case when ? then now() end, ignored_by = case when ? then ? end, wakes = wakes + 1 where id = ?',
    [ignored, ignored, operator, id],
  );
  await world.reconcileNow();
}

async function accountOf(world: RealWorld, key: string): Promise<{ id: number; content: AccountContent }> {
  return queryOne(world.db, `select id, content from account where source_id || ':' || external_id = ?`, [key]);
}

/** Makes a user by hand, inactive at first; nothing where a unique name is taken (spec 12.4). */
export async function realLocalUser(world: RealWorld, values: Words['localValues']): Promise<void> {
  await world.db.transaction(async (tx) => {
    const [reads, writes] = [reconcileReads(tx, noReadRules), reconcileWrites(tx)];
    const [id = 0] = await reads.allocateUserIds(1);
    const words = { ...noWords, localValues: values };
    const teamNames = new Map((await reads.teams()).map((team) => [team.id, team.name]));
    const value = fold({
      ...{ origin: 'local', words, snapshots: [], policy: world.policy.content, teamNames, present: emptyValue },
    });
    const taken = await reads.claimHolders(claimsOf(value));
    if (taken.size > 0) return;
    await writes.insertUsers([{ userId: id, origin: 'local', active: false, value }], world.policy.id);
    await saveWords(tx, [{ userId: id, before: noWords, after: words }], { operator, reason: null });
    await writes.saveClaims([{ userId: id, take: claimsOf(value), release: [] }]);
    await writes.saveUserKeys([{ userId: id, keys: userKeys(value.fields, [], allRules(world)), before: [] }]);
    await wakeUser(tx, [id]);
    const changes = changesBetween(emptyValue, value, teamNames);
    const event = { ...person, type: 'user-changed', source: null, userId: id, changes, reason: null } as const;
    await appendPersonsEvent(tx, event);
  });
  await world.reconcileNow();
}

function allRules({ config }: RealWorld): ReturnType<typeof distinctRules> {
  return distinctRules(config.sources.map(({ match }) => ({ match, placeholders: [] })));
}

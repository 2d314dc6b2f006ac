import type { Asker } from '../domain/permissions.ts';
import { changesBetween } from '../domain/change.ts';
import { claimsOf } from '../domain/claim.ts';
import { valueProblem } from '../domain/field-values.ts';
import { isField, type Field } from '../domain/fields.ts';
import { fold } from '../domain/fold.ts';
import { memberGroupOf } from '../domain/groups.ts';
import { lackingOf } from '../domain/local-user.ts';
import { includesUser } from '../domain/scope.ts';
import { normalise } from '../domain/text.ts';
import {
  agentRole,
  emptyValue,
  noWords,
  type FieldValues,
  type Policy,
  type UserId,
  type UserValue,
  type Words,
} from '../domain/user.ts';
import { userKeys } from '../reconcile/match-keys.ts';
import { refuseUnpermitted } from '../domain/permitted.ts';
import { unknownField } from './edit-fields.ts';
import { eachUnrefused, withFreeNames, type Became } from './act-together.ts';
import { ActionRefusedError } from './errors.ts';
import { gathered } from './gathered.ts';
import { beyond, refuseForeign } from './own-scope.ts';
import type { UserTx } from './ports.ts';
import { knownGroup, teamNamed } from './said.ts';
import type { UserActionBasis } from './user-action.ts';
import { wordChanges } from './words.ts';

/** `user create` (spec 12.4). */
interface CreateUserRequest extends Asker {
  /** By name, attributes included; empty text stands for none. */
  readonly fields: Readonly<Record<string, string>>;
  /** By name; without one, the default team and the group of the team. */
  readonly team?: string | undefined;
  readonly group?: string | undefined;
  readonly reason?: string | undefined;
}

/** Gives the id of the new user. @throws ActionRefusedError */
export type CreateUser = (request: CreateUserRequest) => Promise<UserId>;

/**
 * Creates a local user (spec 12.4): inactive (4.6), with the agent role (10.4), without links until an account links to the
 * user, and therefore without sync (6.1).
 */
export function createCreateUser(
  basis: UserActionBasis,
  policyInForce: () => Promise<{ readonly id: number; readonly content: Policy }>,
): CreateUser {
  return async (request) => {
    const fields = givenFields(request.fields);
    const lacking = lackingOf(fields);
    if (lacking.length > 0)
      throw new ActionRefusedError(
        'field-required',
        `A local user needs ${lacking.join(', and ')}; nobody was created.`,
      );
    const policy = await policyInForce();
    const { userId, woken } = await basis.store.transaction(request.operator, 'keep', async (tx) => {
      const words = await wordsOf(tx, request, fields);
      const [id] = await tx.allocateUserIds(1);
      if (id === undefined) throw new Error('the database gave no id for a user');
      const made = await insertUsers(tx, basis, request, [{ userId: id, words }], policy);
      const one = made.became.get(id);
      if (one !== undefined && 'refused' in one) throw one.refused;
      return { userId: id, woken: made.woken };
    });
    if (woken.length > 0) await basis.requestReconcile(woken);
    return userId;
  };
}

function givenFields(given: CreateUserRequest['fields']): FieldValues {
  const fields: Partial<Record<Field, string>> = {};
  for (const [name, text] of Object.entries(given)) {
    if (!isField(name)) throw unknownField(name);
    const value = normalise(text);
    if (value === '') continue;
    const problem = valueProblem(name, value);
    if (problem !== null) throw new ActionRefusedError('value-invalid', `${name} ${problem}.`);
    fields[name] = value;
  }
  return fields;
}

async function wordsOf(tx: UserTx, { team, group }: CreateUserRequest, fields: FieldValues): Promise<Words> {
  const teamNames = await teamNamesOf(tx);
  // An attribute that a person has set is never overwritten (spec 12.1).
  const [attributes, others] = [true, false].map((attribute) =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => name.startsWith('attribute.') === attribute)),
  );
  return {
    ...noWords,
    overrides: attributes ?? {},
    localValues: others ?? {},
    rolesGiven: [agentRole],
    teamsGiven: team === undefined ? [] : [teamNamed({ teamNames }, team)],
    memberGroup: group === undefined ? null : knownGroup(await tx.groupTree(), group).id,
  };
}

async function teamNamesOf(tx: UserTx): Promise<Map<number, string>> {
  return new Map((await tx.teams()).map((team) => [team.id, team.name]));
}

/** Somebody to be created, under an id that was allocated for them. */
interface NewPerson {
  readonly userId: UserId;
  readonly words: Words;
}

/**
 * Makes inactive local users of these words, each wholly or not at all and all by a fixed number of statements, within a transaction
 * that may do more. Whom it refuses is named in `became`.
 */
export async function insertUsers(
  store: UserTx,
  { rules }: Pick<UserActionBasis, 'rules'>,
  asker: Asker & { readonly reason?: string | null | undefined },
  people: readonly NewPerson[],
  policy: { readonly id: number; readonly content: Policy },
): Promise<{ readonly became: ReadonlyMap<UserId, Became>; readonly woken: readonly string[] }> {
  const { tx } = gathered(store, []);
  const { operator, may, reason = null } = asker;
  const teamNames = await teamNamesOf(tx);
  const groupNames = new Map([...(await tx.groupTree()).groups.values()].map(({ id, name }) => [id, name]));
  const became = new Map<UserId, Became>();
  const permitted = await eachUnrefused(people, became, async ({ userId, words }) => {
    const value = fold({
      origin: 'local',
      words,
      snapshots: [],
      policy: policy.content,
      teamNames,
      present: emptyValue,
    });
    await refuseOutside(tx, operator, words, value);
    const changes = [
      ...changesBetween(emptyValue, value, teamNames),
      ...wordChanges(noWords, words, teamNames, groupNames),
    ];
    const event = { operator, may, type: 'user-created', source: null, userId, changes, reason } as const;
    refuseUnpermitted(event, event);
    return { userId, words, value, event, wants: claimsOf(value), gives: [] };
  });
  const made = await withFreeNames(tx, permitted, became);
  if (made.length === 0) return { became, woken: [] };
  await tx.insertUsers(
    made.map(({ userId, value }) => ({ userId, origin: 'local', active: false, value })),
    policy.id,
  );
  await tx.saveWordsOf(
    made.map(({ userId, words }) => ({ userId, before: noWords, after: words })),
    { operator, reason },
  );
  await tx.saveClaims(made.map(({ userId, wants }) => ({ userId, take: wants, release: [] })));
  await tx.saveUserKeys(
    made.map(({ userId, value }) => ({ userId, keys: userKeys(value.fields, [], rules.allMatchRules), before: [] })),
  );
  await tx.appendActs(made.map(({ event }) => event));
  for (const { userId, event } of made) became.set(userId, { changed: true, changes: event.changes, warnings: [] });
  return {
    became,
    woken: await tx.wakeUsers(
      made.map(({ userId }) => userId),
      [],
    ),
  };
}

/** Nobody assigns a team or group beyond their own scope (spec 10.5), nor makes somebody whom they could not change. */
async function refuseOutside(tx: UserTx, operator: string, words: Words, value: UserValue): Promise<void> {
  const scope = await tx.operatorScope(operator);
  if (scope.full) return;
  const tree = await tx.groupTree();
  const groups = words.memberGroup === null ? [] : [words.memberGroup];
  await refuseForeign(tx, { operator, scope, tree }, { teams: words.teamsGiven, groups });
  const own = { group: memberGroupOf(tree, words.memberGroup, value.mainTeam), teams: value.teams };
  if (!includesUser(scope, own, tree)) throw beyond(operator, 'The default team');
}

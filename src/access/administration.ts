import { randomBytes } from 'node:crypto';
import type { Asker, Permission } from '../domain/permissions.ts';
import type { PersonsAct } from '../domain/permitted.ts';
import type { Scope } from '../domain/scope.ts';
import { fold } from '../domain/text.ts';
import { AccessRefusedError } from './errors.ts';
import { refuseName } from './sign-in.ts';
import { hashToken, newToken } from './tokens.ts';

/** An operator as lists show them. */
export interface OperatorEntry {
  readonly id: number;
  readonly name: string;
  readonly kind: 'local' | 'person';
  readonly permissions: readonly Permission[];
  readonly scope: { readonly full: boolean; readonly groups: readonly string[]; readonly teams: readonly string[] };
  readonly disabled: boolean;
  /** Too many failed attempts (spec 19.2). */
  readonly blocked: boolean;
  readonly hasPassword: boolean;
  readonly lastSignInAt: Date | null;
}

/** A token as lists show it: never the token. */
export interface TokenEntry {
  readonly id: number;
  readonly label: string;
  readonly operator: string;
  readonly permissions: readonly Permission[];
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

interface Told {
  readonly type: PersonsAct;
  readonly changes: readonly {
    readonly field: string;
    readonly before: string | null;
    readonly after: string | null;
  }[];
}

/** What administering needs inside one transaction. */
export interface AccessTransaction {
  /** One change of operators at a time. */
  lockOperators(): Promise<readonly OperatorEntry[]>;
  add(name: string, permissions: readonly Permission[]): Promise<number>;
  setPermissions(operatorId: number, permissions: readonly Permission[]): Promise<void>;
  setScope(operatorId: number, scope: Scope): Promise<void>;
  /** Ends sessions and links too, and forgets who it was at the provider; tokens are worth nothing while it lasts. */
  setDisabled(operatorId: number, disabled: boolean): Promise<void>;
  unlock(operatorId: number): Promise<void>;
  /** Replaces the links that the operator has; null: of the first operator. */
  addLink(link: { operatorId: number | null; linkHash: string; madeBy: string; hours: number }): Promise<void>;
  addToken(token: {
    readonly operatorId: number;
    readonly tokenHash: string;
    readonly label: string;
    readonly permissions: readonly Permission[];
  }): Promise<TokenEntry>;
  /** Null where there is none that could be revoked. */
  revokeToken(id: number): Promise<TokenEntry | null>;
  /** Ids of groups or teams by name; null for one that there is not. */
  idsOf(kind: 'group' | 'team', names: readonly string[]): Promise<readonly (number | null)[]>;
  /** Whether somebody's own scope includes all of this one. */
  isWithin(operator: string, scope: Scope): Promise<boolean>;
  /** The entry of the audit log, in the same transaction. */
  tell(asker: Asker, told: Told, reason: string | null): Promise<void>;
}

export interface AccessStore {
  transaction<T>(work: (tx: AccessTransaction) => Promise<T>): Promise<T>;
  operators(): Promise<readonly OperatorEntry[]>;
  tokens(): Promise<readonly TokenEntry[]>;
}

/** A scope by names, as people write it. */
interface NamedScope {
  readonly full: boolean;
  readonly groups: readonly string[];
  readonly teams: readonly string[];
}

type Act<More = object> = Asker & { readonly name: string; readonly reason?: string | undefined } & More;

/** Who may come in, and what they may do (spec 19). Each throws an AccessRefusedError. */
export interface Administration {
  operators(): Promise<readonly OperatorEntry[]>;
  /** Makes an operator, and the link by which they choose their password: valid once, for 24 hours. */
  invite(request: Act<{ readonly permissions: readonly Permission[]; readonly scope: NamedScope }>): Promise<string>;
  setPermissions(request: Act<{ readonly permissions: readonly Permission[] }>): Promise<void>;
  setScope(request: Act<{ readonly scope: NamedScope }>): Promise<void>;
  setDisabled(request: Act<{ readonly disabled: boolean }>): Promise<void>;
  /** After too many failed attempts; an admin does it, who need not manage operators (spec 19.2). */
  unlock(request: Act): Promise<void>;
  /** A link for a new password; the ones before end. */
  link(request: Act): Promise<string>;
  /** The first operator's link: for one hour, and only while there is no other operator (spec 19.2). */
  firstLink(request: Asker): Promise<string>;
  tokens(): Promise<readonly TokenEntry[]>;
  /** The answer is the only place where the token can ever be read. */
  createToken(
    request: Act<{ readonly label: string; readonly permissions: readonly Permission[] }>,
  ): Promise<TokenEntry & { readonly token: string }>;
  revokeToken(request: Asker & { readonly id: number; readonly reason?: string | undefined }): Promise<void>;
}

const hours = { invitation: 24, first: 1 } as const;

export function createAdministration(store: AccessStore): Administration {
  const onOperator = (
    request: Act,
    work: (tx: AccessTransaction, operator: OperatorEntry) => Promise<Told>,
  ): Promise<void> =>
    store.transaction(async (tx) => {
      const operator = known(await tx.lockOperators(), request.name);
      const told = await work(tx, person(operator));
      await tx.tell(request, told, request.reason ?? null);
    });
  return {
    operators: () => store.operators(),
    tokens: () => store.tokens(),
    invite: (request) => invite(store, request),
    setPermissions: (request) =>
      onOperator(request, async (tx, { id, name, permissions: before }) => {
        refuseBeyond(request, [...request.permissions, ...before]);
        await tx.setPermissions(id, request.permissions);
        return told('operator-changed', name, change('permissions', before, request.permissions));
      }),
    setScope: (request) =>
      onOperator(request, async (tx, { id, name, scope: before }) => {
        await tx.setScope(id, await scopeFor(tx, request, request.scope, before));
        return told('operator-changed', name, change('scope', scopeText(before), scopeText(request.scope)));
      }),
    setDisabled: (request) =>
      onOperator(request, async (tx, { id, name, permissions }) => {
        refuseBeyond(request, permissions);
        await tx.setDisabled(id, request.disabled);
        return told(request.disabled ? 'operator-disabled' : 'operator-enabled', name);
      }),
    unlock: (request) =>
      onOperator(request, async (tx, { id, name }) => {
        await tx.unlock(id);
        return told('operator-unlocked', name);
      }),
    async link(request) {
      const { link, linkHash } = newLink();
      await onOperator(request, async (tx, { id, name, permissions, disabled }) => {
        // Whoever has the link can sign in as them.
        refuseBeyond(request, permissions);
        if (disabled)
          throw new AccessRefusedError('operator-disabled', `${name} is disabled: a link would be worth nothing.`);
        await tx.addLink({ operatorId: id, linkHash, madeBy: request.operator, hours: hours.invitation });
        return told('operator-link-made', name);
      });
      return link;
    },
    firstLink: (request) =>
      store.transaction(async (tx) => {
        const others = (await tx.lockOperators()).filter(({ kind }) => kind === 'person');
        if (others.length > 0)
          throw new AccessRefusedError(
            'not-the-first',
            `There are operators already (${others.length}): name one, or invite one with \`rosterd operator invite NAME\`.`,
          );
        const { link, linkHash } = newLink();
        await tx.addLink({ operatorId: null, linkHash, madeBy: request.operator, hours: hours.first });
        await tx.tell(request, told('operator-link-made', '(the first operator)'), null);
        return link;
      }),
    createToken: (request) =>
      store.transaction(async (tx) => {
        const operator = known(await tx.lockOperators(), request.name);
        refuseBeyond(request, request.permissions);
        const token = newToken();
        const { id: operatorId, name } = operator;
        const { label, permissions } = request;
        const entry = await tx.addToken({ operatorId, tokenHash: hashToken(token), label, permissions });
        await tx.tell(request, told('token-created', name, change('token', null, label)), request.reason ?? null);
        return { ...entry, token };
      }),
    revokeToken: (request) =>
      store.transaction(async (tx) => {
        const revoked = await tx.revokeToken(request.id);
        if (revoked === null)
          throw new AccessRefusedError('token-unknown', `There is no token ${request.id} that is valid.`);
        const { operator, label } = revoked;
        await tx.tell(request, told('token-revoked', operator, change('token', label, null)), request.reason ?? null);
      }),
  };
}

function invite(store: AccessStore, request: Parameters<Administration['invite']>[0]): Promise<string> {
  const { name, permissions, scope, operator } = request;
  refuseName(name);
  refuseBeyond(request, permissions);
  const { link, linkHash } = newLink();
  return store.transaction(async (tx) => {
    const taken = (await tx.lockOperators()).find((each) => fold(each.name) === fold(name));
    if (taken !== undefined)
      throw new AccessRefusedError('operator-exists', `There is an operator "${taken.name}": names are unique.`);
    const id = await tx.add(name, permissions);
    await tx.setScope(id, await scopeFor(tx, request, scope, null));
    await tx.addLink({ operatorId: id, linkHash, madeBy: operator, hours: hours.invitation });
    const changes = [...change('permissions', [], permissions), ...change('scope', null, scopeText(scope))];
    await tx.tell(request, told('operator-invited', name, changes), request.reason ?? null);
    return link;
  });
}

function known(operators: readonly OperatorEntry[], name: string): OperatorEntry {
  const found =
    operators.find((each) => each.name === name) ?? operators.find((each) => fold(each.name) === fold(name));
  if (found !== undefined) return found;
  throw new AccessRefusedError(
    'operator-unknown',
    `There is no operator "${name}"; \`rosterd operator list\` shows all.`,
  );
}

/** The command line's operators may everything and have no password (spec 19.3). */
function person(operator: OperatorEntry): OperatorEntry {
  if (operator.kind === 'person') return operator;
  throw new AccessRefusedError(
    'operator-local',
    `${operator.name} stands for a user of this machine who can read the data directory, and may everything.`,
  );
}

/** Nobody hands out, or takes away, a permission that they do not have themselves: with the proof that they came with. */
function refuseBeyond({ operator, may }: Asker, permissions: readonly Permission[]): void {
  const beyond = permissions.filter((permission) => !may.has(permission));
  if (beyond.length > 0)
    throw new AccessRefusedError(
      'beyond-permissions',
      `${operator} does not have ${beyond.join(', ')} and cannot give or take it.`,
    );
}

/** The scope by ids. Nobody gives, or takes away, a scope beyond their own (spec 10.5). */
async function scopeFor(
  tx: AccessTransaction,
  { operator }: Asker,
  scope: NamedScope,
  before: NamedScope | null,
): Promise<Scope> {
  const given = await byIds(tx, scope);
  for (const each of before === null ? [given] : [given, await byIds(tx, before)])
    if (!(await tx.isWithin(operator, each)))
      throw new AccessRefusedError('beyond-scope', `This scope goes beyond that of ${operator}.`);
  return given;
}

async function byIds(tx: AccessTransaction, { full, groups, teams }: NamedScope): Promise<Scope> {
  const ids = async (kind: 'group' | 'team', names: readonly string[]): Promise<number[]> =>
    (await tx.idsOf(kind, names)).map((id, index) => {
      if (id === null) throw new AccessRefusedError(`${kind}-unknown`, `There is no ${kind} "${names[index] ?? ''}".`);
      return id;
    });
  return { full, groups: await ids('group', groups), teams: await ids('team', teams) };
}

function newLink(): { readonly link: string; readonly linkHash: string } {
  const link = randomBytes(24).toString('base64url');
  return { link, linkHash: hashToken(link) };
}

function told(type: PersonsAct, name: string, changes: Told['changes'] = []): Told {
  return { type, changes: [{ field: 'operator', before: name, after: name }, ...changes] };
}

function change(
  field: string,
  before: readonly string[] | string | null,
  after: readonly string[] | string | null,
): Told['changes'] {
  const text = (value: readonly string[] | string | null): string | null =>
    value === null || typeof value === 'string' ? value : value.join(', ');
  return [{ field, before: text(before), after: text(after) }];
}

function scopeText({ full, groups, teams }: NamedScope): string {
  if (full) return 'everything';
  const parts = [...groups.map((name) => `group ${name}`), ...teams.map((name) => `team ${name}`)];
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}

import type { Knex } from 'knex';
import { ensureSearchTexts } from '../../../src/store/search-texts.ts';

/** What {@link fillStore} has made: an AD and an ACD with users in every state that lists tell apart. */
export type FilledStore = {
  /** Linked to both sources. */
  readonly novak: number;
  /** ACD account gone. */
  readonly muller: number;
  /** Made by hand, never linked. */
  readonly local: number;
  /** Inactive, with a living ACD account. */
  readonly left: number;
  /** An unlinked AD account that shares a match key with novak. */
  readonly waitingAccount: number;
};

const policy = {
  rank: [
    { id: 'ad', as: 'directory' },
    { id: 'acd', as: 'acd' },
  ],
  fieldRank: {},
  defaultTeam: 1,
  defaults: {},
  reassertAgentRole: false,
};

/** Fills an empty store by SQL, as the sync would leave it. */
export async function fillStore(knex: Knex): Promise<FilledStore> {
  await knex('operator').insert({ name: 'test:filler', kind: 'person', full_scope: true });
  await knex('team_group').insert({ name: 'Default', folded_name: 'default', is_default: true });
  await knex('policy').insert({ digest: 'p1', content: JSON.stringify(policy) });
  await knex('source_state').insert([
    {
      source_id: 'ad',
      kind: 'active-directory',
      role: 'directory',
      last_complete_at: at(3),
      last_success_at: at(3),
      system_id: 'S-1-5-21',
    },
    { source_id: 'acd', kind: 'csv-file', role: 'acd', last_complete_at: at(4), last_success_at: at(4), failures: 0 },
  ]);
  await knex('team').insert([
    { name: 'Default', folded_name: 'default' },
    { name: 'Sales', folded_name: 'sales' },
  ]);
  const novak = await addUser(knex, { first: 'Jan', last: 'Novák', username: 'jnovak', acdId: '0042' });
  const muller = await addUser(knex, { first: 'Eva', last: 'Müller', username: 'emueller', acdId: '0043' });
  const local = await addUser(knex, { first: 'Lo', last: "O'Cal", username: 'local1', origin: 'local' });
  const left = await addUser(knex, { first: 'Gone', last: 'Long', username: 'glong', acdId: '0044', active: false });
  await ensureSearchTexts(knex);
  const novakAcd = await addAccount(knex, 'acd', '0042', { firstName: 'Jan', lastName: 'Novák', acdId: '0042' }, novak);
  const novakAd = await addAccount(
    knex,
    'ad',
    'guid-1',
    { firstName: 'Jan', lastName: 'Novák', email: 'jan@x.test' },
    novak,
  );
  const mullerAcd = await addAccount(knex, 'acd', '0043', { firstName: 'Eva', lastName: 'Müller' }, muller);
  await addAccount(knex, 'acd', '0044', { firstName: 'New', lastName: 'Person' }, left);
  await knex('account')
    .where({ id: mullerAcd })
    .update({ gone_since: at(4), absent_since: at(4), absence_proof: 'complete-import', gone_run_id: 2 });
  const waitingAccount = await addAccount(knex, 'ad', 'guid-2', { firstName: 'Jan', lastName: 'Novák' }, null);
  await knex('match_key').insert([
    { key: 'email=jan@x.test', user_id: novak },
    { key: 'email=jan@x.test', account_id: waitingAccount },
  ]);
  await addSnapshot(knex, novak, 'acd', novakAcd, {
    firstName: 'Jan',
    lastName: 'Novák',
    acdId: '0042',
    username: 'jnovak',
  });
  await addSnapshot(knex, novak, 'ad', novakAd, { firstName: 'Jan', lastName: 'Novák', email: 'jan@x.test' });
  return { novak, muller, local, left, waitingAccount };
}

type NewUser = {
  readonly first: string;
  readonly last: string;
  readonly username: string;
  readonly acdId?: string;
  readonly origin?: string;
  readonly active?: boolean;
};

async function addUser(knex: Knex, user: NewUser): Promise<number> {
  const active = user.active ?? true;
  const [row] = await knex('user')
    .insert({
      origin: user.origin ?? 'acd',
      active,
      policy_id: 1,
      username: user.username,
      first_name: user.first,
      last_name: user.last,
      acd_id: user.acdId ?? null,
      acd_source: user.acdId === undefined ? null : 'acd',
      roles: JSON.stringify([
        { role: 'agent', givenBy: 'acd' },
        { role: 'supervisor', givenBy: 'operator' },
      ]),
      team_ids: [1, 2],
      main_team_id: 2,
      more_fields: JSON.stringify({ numericId: '7', 'attribute.agentId': user.acdId ?? 'none' }),
      deactivated_at: active ? null : at(2),
    })
    .returning<{ id: number }[]>('id');
  const id = idOf(row);
  await knex('claim').insert({ kind: 'username', value: user.username, user_id: id });
  if (user.acdId !== undefined) await knex('claim').insert({ kind: 'acdId:acd', value: user.acdId, user_id: id });
  return id;
}

async function addAccount(
  knex: Knex,
  source: string,
  externalId: string,
  values: Readonly<Record<string, string>>,
  userId: number | null,
): Promise<number> {
  const [row] = await knex('account')
    .insert({
      source_id: source,
      external_id: externalId,
      content: JSON.stringify({ values, teams: [{ id: 's', name: 'Sales' }] }),
      content_hash: 'h',
      decided_hash: 'h',
      decided_wakes: 0,
      standing: userId === null ? 'waiting' : 'linked',
      first_seen_at: at(1),
      changed_at: at(1),
    })
    .returning<{ id: number }[]>('id');
  const id = idOf(row);
  if (userId !== null)
    await knex('link').insert({ account_id: id, user_id: userId, source_id: source, origin: 'created', since: at(1) });
  return id;
}

async function addSnapshot(
  knex: Knex,
  userId: number,
  source: string,
  accountId: number,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const results = { values, silentSince: {}, roles: source === 'acd' ? ['agent'] : [], teams: [2], supervises: [] };
  await knex('snapshot').insert({
    user_id: userId,
    source_id: source,
    account_id: accountId,
    results: JSON.stringify(results),
    applied_at: at(1),
  });
}

function idOf(row: { readonly id: number } | undefined): number {
  if (row === undefined) throw new Error('the insert did not answer with an id');
  return row.id;
}

/** A fixed time on a day of March 2026. */
function at(day: number): string {
  return `2026-03-0${day}T08:00:00.000Z`;
}

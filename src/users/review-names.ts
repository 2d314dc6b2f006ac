import { fold, normalise } from '../domain/text.ts';
import type { SourceId } from '../domain/user.ts';
import type { Asker } from '../domain/permissions.ts';
import { ActionRefusedError } from './errors.ts';
import type { LockedItem, Said, UserTx } from './ports.ts';
import { rebind, renameTeam } from './team-bindings.ts';

/** An answer about a name that a source uses for a team or a role. */
interface NameAnswer {
  readonly item: LockedItem;
  readonly answer: string;
  readonly value: string | undefined;
}

/** Whose name it is, and which: what the questions `team-name-taken` and `unknown-role` keep as evidence. */
function asked({ evidence, source }: LockedItem, key: 'team' | 'role'): { source: SourceId; name: string } {
  const name = evidence[key];
  if (source === null || typeof name !== 'string') throw new Error(`the question about a ${key} does not say which`);
  return { source, name };
}

/**
 * Settles a team whose name another one has (spec 11.1): it shares that one, or the one that `value` names; it gets another
 * name; or its memberships are left out. What becomes of the binding is an act of its own, which is undone as such (spec 11.6).
 *
 * @throws ActionRefusedError
 */
export async function answerTeamName(
  tx: UserTx,
  { item, answer, value }: NameAnswer,
  by: Asker & { readonly reason?: string | undefined },
): Promise<void> {
  const { source, name: externalId } = asked(item, 'team');
  const own = await tx.sourceTeam({ source, externalId });
  if (own === null) throw new ActionRefusedError('team-unknown', `${source} has no team ${externalId} any more.`);
  const teams = await tx.teams();
  const named = fold(normalise(value ?? own.name));
  const holder = teams.find((team) => fold(team.name) === named);
  if (answer === 'map-to') {
    if (holder === undefined) throw new ActionRefusedError('team-unknown', `There is no team ${value ?? own.name}.`);
    await rebind(tx, by, own, { team: holder.id, ignored: false, undecided: false });
  } else if (answer === 'create') {
    if (value === undefined)
      throw new ActionRefusedError('value-needed', `Say what team ${own.name} is called instead.`);
    if (holder !== undefined)
      throw new ActionRefusedError(
        'unique-taken',
        `There is a team ${holder.name} already: give another name, or map to it.`,
      );
    const bound = teams.find((team) => team.id === own.team);
    if (bound === undefined) {
      await tx.createTeams([{ source, externalId, name: value }]);
      const created = (await tx.teams()).find((team) => fold(team.name) === named);
      await rebind(tx, by, own, { team: created?.id ?? null, ignored: false, undecided: false });
    } else await renameTeam(tx, by, bound, normalise(value));
  } else if (own.team === null) await rebind(tx, by, own, { team: null, ignored: true, undecided: false });
  await tx.settleSourceTeams(source, [externalId]);
}

/** Settles a role that the catalogue does not have (spec 10.2): it means another one, or nothing. @throws ActionRefusedError */
export async function answerRole(
  tx: UserTx,
  { item, answer, value }: NameAnswer,
  catalogue: readonly string[],
  by: Said,
): Promise<void> {
  const { source, name } = asked(item, 'role');
  if (answer === 'ignore') return tx.meanRole(source, name, null, by);
  if (value === undefined) throw new ActionRefusedError('value-needed', `Say which role ${name} of ${source} means.`);
  if (!catalogue.includes(value))
    throw new ActionRefusedError(
      'role-unknown',
      `There is no role ${value}: ${catalogue.join(', ') || 'the catalogue is empty'}. One that is added to roles.catalogue closes the question by itself.`,
    );
  await tx.meanRole(source, name, value, by);
}

/** Whom an answer about a team or a role of a source concerns, in a sentence, for people who have yet to give it (spec 11.6). */
export async function concernedSentences(tx: UserTx, item: LockedItem, operator: string): Promise<string[]> {
  const key = item.kind === 'unknown-role' ? 'role' : 'team';
  const { source, name } = asked(item, key);
  const { count, first } = await tx.concernedBy(source, key === 'role' ? { role: name } : { team: name }, operator);
  if (count === 0) return [];
  const more = count > first.length ? ` and ${String(count - first.length)} more` : '';
  return [
    `${source} names this ${key} for ${String(count)} ${count === 1 ? 'user' : 'users'}: ${first.join(', ')}${more}. The next run of ${source} applies the answer to them.`,
  ];
}

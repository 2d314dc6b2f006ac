import { groupNamed, type Group, type GroupTree } from '../domain/groups.ts';
import { fold } from '../domain/text.ts';
import type { TeamId, Words } from '../domain/user.ts';
import { ActionRefusedError } from './errors.ts';
import type { Act, ActingUser } from './user-action.ts';

/** An act that changes what people say of the user and nothing else; null where it was said before. */
export function said({ subject }: ActingUser, words: Words, warnings: readonly string[] = []): Act | null {
  const sorted = (each: Words): unknown =>
    Object.values(each).map((list: unknown) => (Array.isArray(list) ? [...(list as unknown[])].sort() : list));
  if (JSON.stringify(sorted(words)) === JSON.stringify(sorted(subject.words))) return null;
  return { event: { type: 'user-changed', source: null }, words, warnings };
}

/** @throws ActionRefusedError */
export function teamNamed({ teamNames }: Pick<ActingUser, 'teamNames'>, name: string): TeamId {
  const found = [...teamNames].find(([, each]) => fold(each) === fold(name));
  if (found !== undefined) return found[0];
  throw new ActionRefusedError('team-unknown', `There is no team "${name}".`);
}

/** @throws ActionRefusedError */
export function knownGroup(tree: GroupTree, name: string): Group {
  const group = groupNamed(tree, name);
  if (group !== null) return group;
  throw new ActionRefusedError('group-unknown', `There is no group "${name}"; \`rosterd group list\` shows all.`);
}

import type { World } from './world.ts';

/** What an environment variable says; one that is empty counts as not set. */
export function fromEnvironment({ env }: Pick<World, 'env'>, name: string): string | undefined {
  const text = env[name];
  return text === '' ? undefined : text;
}

import { afterEach, expect, it } from 'vitest';
import { createContext } from '../../../src/cli/context.ts';
import { fakeWorld, type FakeWorld } from './fake-world.ts';

let fake: FakeWorld | undefined;
afterEach(() => fake?.clean());

it.each([
  ['--config', 'a.yaml', 'b.yaml', 'a.yaml'],
  ['else ROSTERD_CONFIG', undefined, 'b.yaml', 'b.yaml'],
  ['else config/rosterd.yaml', undefined, '', 'config/rosterd.yaml'],
])('the configuration is %s', async (_which, config, named, expected) => {
  fake = await fakeWorld();
  const world = { ...fake.world, env: { ROSTERD_CONFIG: named } };
  expect(createContext(world, config === undefined ? {} : { config }).configFile).toBe(expected);
});

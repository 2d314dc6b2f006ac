import { isDeepStrictEqual } from 'node:util';
import type { WorldConfig } from './config.ts';
import { naiveDuplicates } from './naive-model.ts';
import { must, type NaiveSlot, type NaiveState } from './naive-state.ts';

/** What can be compared between two stores and the naive model: nothing in it depends on ids or times. */
export interface WorldView {
  readonly users: Readonly<Record<string, UserView>>;
  readonly accounts: Readonly<Record<string, { standing: string; reason: string | null; gone: boolean }>>;
  /** Name to the source teams that are bound to it. */
  readonly teams: Readonly<Record<string, readonly string[]>>;
  readonly items: readonly string[];
}

export interface UserView {
  readonly origin: string;
  readonly active: boolean;
  readonly off: readonly string[];
  readonly fields: Readonly<Partial<Record<string, string>>>;
  readonly acdSource: string | null;
  readonly roles: Readonly<Record<string, string>>;
  readonly teams: readonly string[];
  readonly mainTeam: string | null;
  readonly supervises: readonly string[];
  readonly links: readonly string[];
  readonly slots: Readonly<Record<string, SlotView>>;
}

export interface SlotView {
  readonly values: Readonly<Partial<Record<string, string>>>;
  readonly silent: readonly string[];
  readonly roles: readonly string[];
  readonly teams: readonly string[];
  readonly supervises: readonly string[];
  readonly voice: string;
}

/** What the naive model says the world is. */
export function viewOfModel(config: WorldConfig, state: NaiveState): WorldView {
  const names = (ids: readonly number[]): string[] => ids.map((id) => must(state.teams[id])).sort();
  const slotView = (slot: NaiveSlot): SlotView => ({
    ...slot,
    silent: [...slot.silent].sort(),
    teams: names(slot.teams),
    supervises: names(slot.supervises),
  });
  const users = Object.values(state.users).map((user): [string, UserView] => [
    user.key,
    {
      origin: user.origin,
      active: user.active,
      off: [...user.off].sort(),
      fields: user.value.fields,
      acdSource: user.value.acdSource,
      roles: user.value.roles,
      teams: names(user.value.teams),
      mainTeam: user.value.mainTeam === null ? null : must(state.teams[user.value.mainTeam]),
      supervises: names(user.value.supervises),
      links: Object.values(user.links).sort(),
      slots: Object.fromEntries(Object.entries(user.slots).map(([source, slot]) => [source, slotView(slot)])),
    },
  ]);
  const bound = (team: number): string[] =>
    Object.entries(state.sourceTeams)
      .flatMap(([source, teams]) =>
        Object.entries(teams).flatMap(([id, each]) => (each.team === team ? [`${source}:${id}`] : [])),
      )
      .sort();
  return {
    users: Object.fromEntries(users),
    accounts: Object.fromEntries(
      Object.entries(state.accounts).map(([key, { standing, reason, gone }]) => [key, { standing, reason, gone }]),
    ),
    teams: Object.fromEntries(Object.entries(state.teams).map(([id, name]) => [name, bound(Number(id))])),
    items: [...new Set([...Object.values(state.items).flat(), ...naiveDuplicates(config, state)])].sort(),
  };
}

/** Every place where two views differ, one line each; empty where they are the same. */
export function differences(is: unknown, should: unknown, path = ''): string[] {
  if (isDeepStrictEqual(is, should)) return [];
  if (isRecord(is) && isRecord(should)) {
    const keys = [...new Set([...Object.keys(is), ...Object.keys(should)])].sort();
    return keys.flatMap((key) => differences(is[key], should[key], `${path}/${key}`));
  }
  return [`${path}: is ${JSON.stringify(is)}, should be ${JSON.stringify(should)}`];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

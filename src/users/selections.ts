import type { UserId } from '../domain/user.ts';

/** Users whom somebody has chosen for a bulk action: these and no others, however the list looks by then. */
export interface Selection {
  readonly id: number;
  /** The list that they were chosen from, with its filters. */
  readonly address: string;
  readonly madeAt: Date;
  readonly users: number;
  /** The first of them, by id. */
  readonly first: readonly UserId[];
}

/** What is chosen lasts for a day, for whoever has chosen it. */
export interface Selections {
  /** Gives the id under which it is asked for. */
  add(operator: string, address: string, userIds: readonly UserId[]): Promise<number>;
  get(id: number, operator: string): Promise<Selection | null>;
  /** All of them. */
  userIds(id: number, operator: string): Promise<readonly UserId[] | null>;
}

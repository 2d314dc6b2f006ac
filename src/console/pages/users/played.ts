import type { Described } from '../../../api/problem.ts';
import type { User } from '../../../api/schemas/users.ts';
import type { UserActed } from '../../../users/user-action.ts';
import type { UserAct, Values } from './acts.ts';

/** What the page of an act is made from. */
export interface Played {
  readonly name: string;
  readonly act: UserAct;
  readonly user: User;
  readonly values: Values;
  readonly options: ReadonlyMap<string, readonly string[]>;
  /** What it would change; null where something is still to be filled in, or it is refused. */
  readonly preview: UserActed | null;
  readonly refusal: Described | null;
  readonly reason: string | undefined;
}

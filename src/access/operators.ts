import type { Permission } from './permissions.ts';

/** A person, or the operating-system user of the command line on the same machine (spec 19.3). */
export interface Operator {
  readonly id: number;
  /** Unique; the actor's name in events. */
  readonly name: string;
  readonly kind: 'local' | 'person';
  readonly permissions: readonly Permission[];
  readonly disabled: boolean;
}

/** A token's row as far as authentication needs it. */
interface StoredToken {
  readonly operator: Operator;
  /** What the token is limited to. */
  readonly permissions: readonly Permission[];
}

/** What access needs of the store. */
export interface OperatorStore {
  /** The local operator of that name, made when there is none. Safe to call from two processes at once. */
  ensureLocalOperator(name: string): Promise<Operator>;
  /** The token with this hash unless it is revoked; notes (not more than once a minute) that it was used. */
  findToken(tokenHash: string): Promise<StoredToken | null>;
  /** Stores a token's hash, never the token. */
  addToken(token: {
    readonly operatorId: number;
    readonly tokenHash: string;
    readonly label: string;
    readonly permissions: readonly Permission[];
  }): Promise<{ readonly id: number }>;
}

/** The name of the operator that stands for a user of the operating system. */
export function localOperatorName(osUser: string): string {
  return `local:${osUser}`;
}

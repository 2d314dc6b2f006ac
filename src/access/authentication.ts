import { localOperatorName, type Operator, type OperatorStore } from './operators.ts';
import { permissions, type Permission } from './permissions.ts';
import type { SignInStore } from './sign-in.ts';
import { hashToken, sameToken } from './tokens.ts';

/** Who asks, and what they may do. */
export interface Principal {
  readonly operatorId: number;
  readonly name: string;
  readonly permissions: ReadonlySet<Permission>;
  /** Came with the daemon's own token: can read its data directory. */
  readonly local: boolean;
}

/** The proof that came with a request. */
type Credentials =
  | {
      readonly token: string;
      /** The operating-system user who runs the command line; counts with the local token only. */
      readonly osUser: string | undefined;
      /** The connection does not come from another machine, nor through a proxy. */
      readonly fromThisMachine: boolean;
    }
  /** What the cookie of somebody's browser holds. */
  | { readonly session: string };

/** Tells who asks; null where the proof is worth nothing. */
export type Authenticate = (credentials: Credentials) => Promise<Principal | null>;

/** The user of the operating system and, beside it, who became that user by sudo. */
const osUserForm = /^([A-Za-z0-9._-]{1,64})(?: \(sudo [A-Za-z0-9._-]{1,64}\))?$/;
/** An API token as {@link newToken} makes it; what is none is not looked up. */
const tokenForm = /^rosterd_[A-Za-z0-9_-]{43}$/;

/**
 * Recognises the daemon's local token, which whoever can read the data directory has (spec 19.3), and API tokens. A token
 * of a disabled operator is worth nothing; an API token may do what both it and its operator may, a session what its
 * operator may.
 *
 * The local token is good on this machine only, and for `localUsers`: those who can read the data directory. Another name
 * would be a false one in the history.
 */
export function createAuthenticate(
  store: OperatorStore,
  localToken: string,
  localUsers: readonly string[],
  sessions: Pick<SignInStore, 'findSession'>,
): Authenticate {
  return async (credentials) => {
    if ('session' in credentials) {
      const operator = await sessions.findSession(hashToken(credentials.session));
      return operator === null ? null : principal(operator, false);
    }
    const { token, osUser, fromThisMachine } = credentials;
    if (sameToken(token, localToken)) {
      const [, user] = osUserForm.exec(osUser ?? '') ?? [];
      if (osUser === undefined || user === undefined || !localUsers.includes(user) || !fromThisMachine) return null;
      return principal(await store.ensureLocalOperator(localOperatorName(osUser)), true);
    }
    if (!tokenForm.test(token)) return null;
    const stored = await store.findToken(hashToken(token));
    return stored === null ? null : principal(stored.operator, false, stored.permissions);
  };
}

function principal(operator: Operator, local: boolean, limit: readonly Permission[] = permissions): Principal | null {
  if (operator.disabled) return null;
  const own: readonly Permission[] = operator.kind === 'local' ? permissions : operator.permissions;
  return {
    operatorId: operator.id,
    name: operator.name,
    local,
    permissions: new Set(limit.filter((permission) => own.includes(permission))),
  };
}

import type { LogInOutcome } from '../contract.ts';
import { openFirst } from './connection.ts';
import type { DirectoryConnection } from './connection-config.ts';
import { bindSubCode, resultCode, resultFailure } from './failures.ts';

/** Active Directory's sub-codes of a refused bind [Win32 error codes]; whatever else it says is a wrong name or password. */
const outcomes: Readonly<Record<string, LogInOutcome>> = {
  '530': 'not-now',
  '531': 'not-now',
  '532': 'password-expired',
  '533': 'disabled',
  '701': 'expired',
  '773': 'password-must-change',
  '775': 'locked',
};

/** A person waits for it. */
const longestMs = 10_000;

/**
 * Binds once as a person over a connection of its own, encrypted as the source's connection says, and closes it: nothing is
 * asked in their name. Throws a SourceError where the directory cannot be asked.
 */
export async function tryPersonsBind(
  connection: DirectoryConnection,
  { login, password }: { readonly login: string; readonly password: string },
  signal: AbortSignal,
): Promise<LogInOutcome> {
  // A bind without a password is one as nobody, and succeeds (RFC 4513, section 5.1.2).
  if (login === '' || password === '') return 'wrong';
  const limited = { ...connection, timeoutMs: Math.min(connection.timeoutMs, longestMs) };
  const opened = await openFirst(limited, signal);
  try {
    const result = await opened.askBind(login, password, signal);
    if (result.code === resultCode.success) return 'right';
    if (result.code === resultCode.invalidCredentials || result.code === resultCode.inappropriateAuthentication)
      return outcomes[bindSubCode(result.diagnostic) ?? ''] ?? 'wrong';
    throw resultFailure(result, 'the log-in of a person', [password, login]);
  } finally {
    await opened.close();
  }
}

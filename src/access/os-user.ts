import { userInfo } from 'node:os';
import process from 'node:process';

/** The name that the API accepts for `local:<OS user>`: /^[A-Za-z0-9._-]{1,64}$/. */
export function osUserName(): string {
  return systemUserName()
    .replace(/[^A-Za-z0-9._-]/g, '_')
    .slice(0, 64);
}

function systemUserName(): string {
  try {
    return userInfo().username || `uid-${process.getuid?.() ?? 'unknown'}`;
  } catch {
    // A user id without an entry in the password file, as containers often have it.
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}

import { userInfo } from 'node:os';
import process from 'node:process';

/** The name that the API accepts for `local:<OS user>`: /^[A-Za-z0-9._-]{1,64}$/. */
export function osUserName(): string {
  return systemUserName()
    .replace(/[^A-Za-z0-9._-]/g, '_')
    .slice(0, 64);
}

/** The same for the history: with who became that user by sudo beside it. */
export function actingOsUser(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const [user, sudoUser] = [osUserName(), env['SUDO_USER'] ?? ''];
  return sudoUser === user || !/^[A-Za-z0-9._-]{1,64}$/.test(sudoUser) ? user : `${user} (sudo ${sudoUser})`;
}

function systemUserName(): string {
  try {
    return userInfo().username || `uid-${process.getuid?.() ?? 'unknown'}`;
  } catch {
    // A user id without an entry in the password file, as containers often have it.
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}

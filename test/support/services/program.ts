import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ServiceError } from './service-error.ts';

const SYSTEM_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The full path of a program on PATH or in the system's usual directories (sbin is not on every user's PATH). */
export function findProgram(name: string): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), ...SYSTEM_PATH];
  return directories.map((directory) => join(directory, name)).find(isExecutable);
}

/** Like {@link findProgram}, for a program that must be there. */
export function programPath(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new ServiceError('service-missing', `The program ${name} is not on this machine.`);
  return path;
}

/** Whether this process may run the file. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.ts';
import { findProgram, isExecutable, programPath } from './program.ts';
import { ServiceError } from './service-error.ts';

/** A server that tests run against, or the browser that they look with. */
export type ServiceName = 'postgres' | 'redis' | 'slapd' | 'samba' | 'chromium';

type Need = { readonly isThere: () => boolean; readonly packages: readonly string[] };

const POSTGRES_HOME = '/usr/lib/postgresql';
const INSTALL_LIMIT_S = 900;

const openssl: Need = { isThere: () => findProgram('openssl') !== undefined, packages: ['openssl'] };

const needs: Readonly<Record<ServiceName, readonly Need[]>> = {
  postgres: [{ isThere: () => newestPostgresBin() !== undefined, packages: ['postgresql'] }],
  redis: [{ isThere: () => findProgram('redis-server') !== undefined, packages: ['redis-server'] }],
  slapd: [
    {
      isThere: () => existsSync('/usr/lib/ldap/back_mdb.so') && findProgram('slapd') !== undefined,
      packages: ['slapd'],
    },
    { isThere: () => findProgram('ldapsearch') !== undefined, packages: ['ldap-utils'] },
    openssl,
  ],
  samba: [
    {
      isThere: () => existsSync('/usr/share/samba/setup/provision.ldif') && isSambaDomainController(),
      packages: ['samba', 'samba-ad-dc', 'samba-ad-provision', 'samba-dsdb-modules', 'winbind', 'ldb-tools'],
    },
    openssl,
  ],
  chromium: [{ isThere: () => findProgram('chromium') !== undefined, packages: ['chromium'] }],
};

/**
 * Makes sure that the programs of these servers are there: installs what is missing where this is root on a machine
 * with apt (and prints that it does), else refuses with the command to run. It never lets a test be skipped.
 *
 * @throws ServiceError `service-missing`, `service-install-failed`
 */
export async function requireServices(...services: ServiceName[]): Promise<void> {
  if (missingPackages(services).length === 0) return;
  await withLock('apt', async () => {
    const missing = missingPackages(services);
    if (missing.length === 0) return;
    if (process.getuid?.() !== 0 || findProgram('apt-get') === undefined) throw missingError(services, missing);
    await installPackages(missing);
    const still = missingPackages(services);
    if (still.length > 0) throw missingError(services, still);
  });
}

/** Debian keeps every PostgreSQL version's programs in a directory of its own, off PATH; this is the newest one's. */
export function newestPostgresBin(): string | undefined {
  if (!existsSync(POSTGRES_HOME)) return undefined;
  const versions = readdirSync(POSTGRES_HOME).sort((a, b) => Number(b) - Number(a));
  return versions
    .map((version) => join(POSTGRES_HOME, version, 'bin'))
    .find((bin) => isExecutable(join(bin, 'initdb')));
}

function isSambaDomainController(): boolean {
  const programs = ['samba', 'samba-tool', 'winbindd', 'ldbadd'];
  if (programs.some((program) => findProgram(program) === undefined)) return false;
  return readdirSync('/usr/lib').some((arch) => existsSync(join('/usr/lib', arch, 'samba/ldb/dirsync.so')));
}

function missingPackages(services: readonly ServiceName[]): string[] {
  const missing = services.flatMap((service) => needs[service]).filter((need) => !need.isThere());
  return [...new Set(missing.flatMap((need) => need.packages))];
}

function missingError(services: readonly ServiceName[], packages: readonly string[]): ServiceError {
  const command = `apt-get update && apt-get install --no-install-recommends ${packages.join(' ')}`;
  return new ServiceError(
    'service-missing',
    `The tests need ${services.join(', ')}; on Debian, run this as root and start them again:\n  ${command}`,
  );
}

async function installPackages(packages: readonly string[]): Promise<void> {
  const started = Date.now();
  say(`installing ${packages.join(' ')} with apt-get (once per machine)`);
  // Detached: an interrupted test run must not leave dpkg half-way, nor our policy-rc.d in place.
  const child = spawn(
    programPath('timeout'),
    [String(INSTALL_LIMIT_S), 'sh', '-c', INSTALL_SCRIPT, 'install', ...packages],
    {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  const [status] = (await once(child, 'close')) as [number | null];
  if (status === 0) {
    say(`installed in ${((Date.now() - started) / 1000).toFixed(1)} s`);
    return;
  }
  throw new ServiceError(
    'service-install-failed',
    `apt-get could not install ${packages.join(' ')} (status ${status}):\n${output.slice(-3_000)}`,
  );
}

function say(text: string): void {
  process.stdout.write(`rosterd tests: ${text}\n`);
}

/**
 * Debian starts a daemon when its package is installed (slapd would take port 389), unless policy-rc.d answers 101,
 * "action forbidden by policy" (invoke-rc.d(8)). Ours is recognised by its second line, so that one that an earlier,
 * killed installation has left is never taken for the machine's own.
 */
const INSTALL_SCRIPT = `
policy=/usr/sbin/policy-rc.d
kept=$policy.before-rosterd-test
put_back() {
  if grep -qs rosterd-test "$policy"; then rm -f "$policy"; fi
  if [ -e "$kept" ]; then mv -f "$kept" "$policy"; fi
}
trap put_back EXIT
trap 'exit 1' INT TERM HUP
put_back
if [ -e "$policy" ]; then mv "$policy" "$kept"; fi
printf '#!/bin/sh\\n# rosterd-test: nothing is started while the tests install their servers\\nexit 101\\n' > "$policy"
chmod 755 "$policy"
apt-get -o DPkg::Lock::Timeout=300 update || exit 1
apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@" </dev/null || exit 1
`;

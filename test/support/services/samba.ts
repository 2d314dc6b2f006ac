import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'ldapts';
import { makeCertificates } from './certificates.ts';
import type { Certificates } from './certificates.ts';
import { requireServices } from './install.ts';
import { programPath } from './program.ts';
import { withLock } from './lock.ts';
import { requirePort } from './port.ts';
import { run, startServer } from './process.ts';
import { ServiceError } from './service-error.ts';
import { createTempDir } from './temp.ts';

/** How to reach the run's Active Directory domain controller; plain data, so that vitest can hand it to test files. */
export type SambaDetails = {
  /** `ldap://ADDRESS:389`. The address is on loopback, but not 127.0.0.1: every test run has its own. */
  readonly url: string;
  /** `ldaps://ADDRESS:636` */
  readonly ldapsUrl: string;
  /** The authority of the certificate, which is made out to the address, `localhost` and `dc1.corp.example.com`. */
  readonly caFile: string;
  readonly adminDn: string;
  readonly adminPassword: string;
  /** `DC=corp,DC=example,DC=com` */
  readonly domainDn: string;
  readonly netbiosName: 'CORP';
  /** Such as `4.17.12`. */
  readonly version: string;
};

/** A Samba Active Directory domain controller for tests. */
export type TestSamba = SambaDetails & { readonly stop: () => Promise<void> };

const REALM = 'corp.example.com';
const HOST = 'dc1';
const DOMAIN_DN = 'DC=corp,DC=example,DC=com';
const ADMIN_DN = `CN=Administrator,CN=Users,${DOMAIN_DN}`;
const ADMIN_PASSWORD = 'Adm1n-Passw0rd';
const CACHE = join(import.meta.dirname, '../../../node_modules/.cache/rosterd-test');
/** What Samba listens on: LDAP, LDAPS, the global catalogue, and the end point mapper of its RPC service. */
const PORTS = [389, 636, 3268, 3269, 135];

const PROVISION = [
  ...['domain', 'provision', `--realm=${REALM.toUpperCase()}`, '--domain=CORP', `--host-name=${HOST}`],
  ...['--server-role=dc', '--dns-backend=NONE', `--adminpass=${ADMIN_PASSWORD}`, '--use-rfc2307'],
  // No fsync: it costs most of the time, and the domain lives for one test run.
  '--option=ldb:nosync=yes',
];

/**
 * Starts the domain controller of this test run. Its ports are fixed, so it gets a loopback address that no other
 * process has; runs do not stand in each other's way, and the domain is as fresh as if it had just been made.
 *
 * @throws ServiceError `service-port-taken` where somebody listens on one of its ports on every address
 */
export async function startSamba(): Promise<TestSamba> {
  if (process.getuid?.() !== 0) {
    const message = 'A Samba domain controller listens on ports 389 and 636, which needs root: run the tests as root.';
    throw new ServiceError('service-missing', message);
  }
  await requireServices('samba');
  const address = loopbackAddressOf(process.pid);
  for (const port of PORTS) await requirePort(address, port);
  const version = await sambaVersion();
  const archive = await provisionedDomain(version);
  const directory = createTempDir('samba');
  await run('tar', ['-xf', archive, '-C', directory.path]);
  const certificates = await makeCertificates(directory.path, {
    hostNames: [`${HOST}.${REALM}`, 'localhost'],
    addresses: [address],
  });
  const configuration = join(directory.path, 'smb.conf');
  await mkdir(join(directory.path, 'run'));
  await writeFile(configuration, sambaConfiguration(directory.path, address, certificates));
  const ldapsUrl = `ldaps://${address}:636`;
  const ca = await readFile(certificates.caFile);
  const server = await startServer({
    name: 'samba',
    command: programPath('samba'),
    args: ['--interactive', '--debug-stdout', `--configfile=${configuration}`],
    logFile: join(directory.path, 'log'),
    isReady: () => canBind(ldapsUrl, ca),
  });
  return {
    url: `ldap://${address}:389`,
    ldapsUrl,
    caFile: certificates.caFile,
    adminDn: ADMIN_DN,
    adminPassword: ADMIN_PASSWORD,
    domainDn: DOMAIN_DN,
    netbiosName: 'CORP',
    version,
    stop: async () => {
      await server.stop();
      await directory.remove();
    },
  };
}

/** Linux gives out process ids below 2^22 (proc(5), pid_max), and all of 127.0.0.0/8 is loopback (RFC 1122). */
function loopbackAddressOf(pid: number): string {
  return `127.${(pid >> 16) & 255}.${(pid >> 8) & 255}.${pid & 255}`;
}

async function sambaVersion(): Promise<string> {
  const banner = await run(programPath('samba'), ['--version']);
  return /\d+\.\d+\.\d+/.exec(banner)?.[0] ?? '';
}

/** The archive of a domain as provisioning leaves it; made once per Samba version and recipe. */
async function provisionedDomain(version: string): Promise<string> {
  const recipe = createHash('sha256').update(PROVISION.join('\n')).digest('hex').slice(0, 12);
  const archive = join(CACHE, `samba-${version}-${recipe}.tar`);
  if (existsSync(archive)) return archive;
  await withLock('samba', async () => {
    if (!existsSync(archive)) await provision(archive);
  });
  return archive;
}

async function provision(archive: string): Promise<void> {
  const directory = createTempDir('provision');
  try {
    await run(programPath('samba-tool'), [...PROVISION, `--targetdir=${directory.path}`], { limitMs: 300_000 });
    // By default the password is too old after 42 days, and the archive may become older than that.
    const database = join(directory.path, 'private/sam.ldb');
    await run(programPath('samba-tool'), ['user', 'setexpiry', 'Administrator', '--noexpiry', '-H', database]);
    await mkdir(CACHE, { recursive: true });
    const unfinished = `${archive}.${process.pid}`;
    await run('tar', ['-cf', unfinished, '-C', directory.path, '--exclude=./etc', '.']);
    await rename(unfinished, archive);
  } finally {
    await directory.remove();
  }
}

function sambaConfiguration(directory: string, address: string, certificates: Certificates): string {
  return [
    '[global]',
    `netbios name = ${HOST}`,
    'workgroup = CORP',
    `realm = ${REALM.toUpperCase()}`,
    'server role = active directory domain controller',
    'server services = ldap, rpc',
    // One worker per service: tests ask little at a time, and this machine has other things to do.
    'prefork children = 1',
    `interfaces = ${address}/8`,
    'bind interfaces only = yes',
    `private dir = ${directory}/private`,
    `state directory = ${directory}/state`,
    `cache directory = ${directory}/cache`,
    `lock directory = ${directory}`,
    `binddns dir = ${directory}/bind-dns`,
    `pid directory = ${directory}/run`,
    `ncalrpc dir = ${directory}/run/ncalrpc`,
    `winbindd socket directory = ${directory}/run/winbindd`,
    `ntp signd socket directory = ${directory}/run/ntp`,
    'tls enabled = yes',
    `tls cafile = ${certificates.caFile}`,
    `tls certfile = ${certificates.certFile}`,
    `tls keyfile = ${certificates.keyFile}`,
    'ldb:nosync = yes',
    'idmap_ldb:use rfc2307 = yes',
    '',
  ].join('\n');
}

async function canBind(ldapsUrl: string, ca: Buffer): Promise<boolean> {
  const client = new Client({ url: ldapsUrl, tlsOptions: { ca }, connectTimeout: 1_000, timeout: 5_000 });
  try {
    await client.bind(ADMIN_DN, ADMIN_PASSWORD);
    return true;
  } finally {
    await client.unbind();
  }
}

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'ldapts';
import { makeCertificates } from './certificates.ts';
import type { Certificates } from './certificates.ts';
import { requireServices } from './install.ts';
import { programPath } from './program.ts';
import { writeLdif } from './people.ts';
import type { DirectoryEntry } from './people.ts';
import { freePort } from './port.ts';
import { run, startServer } from './process.ts';
import { createTempDir } from './temp.ts';

/** What the server holds and what it refuses. */
export type SlapdOptions = {
  /** Such as `dc=example,dc=com`; its entry, the reader and `ou=people` below it are made by the start. */
  readonly suffix: string;
  /** LDIF files to load, at any size; they must not hold the entries that the start makes. */
  readonly ldifFiles?: readonly string[];
  /** Entries to load after the files. */
  readonly entries?: Iterable<DirectoryEntry>;
  /** The most entries that one search of the reader gets, all its pages together; unlimited by default. */
  readonly sizeLimit?: number | undefined;
  /** Attributes that the reader may not see. */
  readonly hidden?: readonly string[];
  /** Such as `memberof`. */
  readonly overlays?: readonly string[];
  /** LDAPS and StartTLS with a certificate of an authority of its own, made out to `localhost` unless told otherwise. */
  readonly tls?: { readonly hostName?: string };
};

/** An OpenLDAP server for tests. */
export type TestSlapd = {
  /** `ldap://127.0.0.1:PORT` */
  readonly url: string;
  /** `ldaps://127.0.0.1:PORT`, where TLS was asked for. */
  readonly ldapsUrl?: string;
  /** The authority that signed the server's certificate, where TLS was asked for. */
  readonly caFile?: string;
  readonly suffix: string;
  /** Where people are expected: `ou=people,SUFFIX`. */
  readonly peopleDn: string;
  /** A reader, bound by the size limit. */
  readonly bindDn: string;
  readonly bindPassword: string;
  /** The administrator, who may write and knows no limit. */
  readonly adminDn: string;
  readonly adminPassword: string;
  /** Starts it anew at the same address, with other limits for the reader. */
  readonly limitTo: (sizeLimit: number | undefined) => Promise<void>;
  readonly stop: () => Promise<void>;
};

const READER_PASSWORD = 'reader-secret';
const ADMIN_PASSWORD = 'admin-secret';

/**
 * Loads the entries and starts a private slapd on free ports of 127.0.0.1.
 *
 * @throws ServiceError
 */
export async function startSlapd(options: SlapdOptions): Promise<TestSlapd> {
  await requireServices('slapd');
  const directory = createTempDir('slapd');
  await mkdir(join(directory.path, 'data'));
  const certificates = options.tls === undefined ? undefined : await slapdCertificates(directory.path, options.tls);
  const configuration = join(directory.path, 'slapd.conf');
  const configure = (changed: SlapdOptions): Promise<void> =>
    writeFile(configuration, slapdConfiguration(directory.path, changed, certificates));
  await configure(options);
  await load(directory.path, configuration, options);
  const url = `ldap://127.0.0.1:${await freePort()}`;
  const ldapsUrl = certificates === undefined ? undefined : `ldaps://127.0.0.1:${await freePort()}`;
  const listeners = ldapsUrl === undefined ? url : `${url} ${ldapsUrl}`;
  const start = (): ReturnType<typeof startServer> =>
    startServer({
      name: 'slapd',
      command: programPath('slapd'),
      // A debug level, even 0, keeps slapd in the foreground (slapd(8)).
      args: ['-d', '0', '-f', configuration, '-h', listeners],
      logFile: join(directory.path, 'log'),
      isReady: () => canBind(url, adminOf(options.suffix), ADMIN_PASSWORD),
    });
  let server = await start();
  return {
    url,
    ...(ldapsUrl === undefined ? {} : { ldapsUrl }),
    ...(certificates === undefined ? {} : { caFile: certificates.caFile }),
    suffix: options.suffix,
    peopleDn: peopleOf(options.suffix),
    bindDn: readerOf(options.suffix),
    bindPassword: READER_PASSWORD,
    adminDn: adminOf(options.suffix),
    adminPassword: ADMIN_PASSWORD,
    limitTo: async (sizeLimit) => {
      await server.stop();
      await configure({ ...options, sizeLimit });
      server = await start();
    },
    stop: async () => {
      await server.stop();
      await directory.remove();
    },
  };
}

/** Such as `2.5.13`. */
export async function slapdVersion(): Promise<string> {
  const banner = await run(programPath('slapd'), ['-VV']);
  return /slapd (\d+\.\d+\.\d+)/.exec(banner)?.[1] ?? '';
}

function peopleOf(suffix: string): string {
  return `ou=people,${suffix}`;
}

function readerOf(suffix: string): string {
  return `cn=reader,${suffix}`;
}

function adminOf(suffix: string): string {
  return `cn=admin,${suffix}`;
}

function slapdCertificates(directory: string, tls: { readonly hostName?: string }): Promise<Certificates> {
  const names = {
    hostNames: [tls.hostName ?? 'localhost'],
    addresses: tls.hostName === undefined ? ['127.0.0.1'] : [],
  };
  return makeCertificates(directory, names);
}

function slapdConfiguration(directory: string, options: SlapdOptions, certificates: Certificates | undefined): string {
  const reader = readerOf(options.suffix);
  const { hidden = [], overlays = [] } = options;
  const limit = options.sizeLimit === undefined ? 'unlimited' : String(options.sizeLimit);
  return [
    ...['core', 'cosine', 'inetorgperson', 'nis'].map((schema) => `include /etc/ldap/schema/${schema}.schema`),
    'modulepath /usr/lib/ldap',
    'moduleload back_mdb',
    ...overlays.map((overlay) => `moduleload ${overlay}`),
    `pidfile ${directory}/slapd.pid`,
    ...(certificates === undefined ? [] : tlsConfiguration(certificates)),
    'database mdb',
    `suffix "${options.suffix}"`,
    `rootdn "${adminOf(options.suffix)}"`,
    `rootpw ${ADMIN_PASSWORD}`,
    `directory ${directory}/data`,
    'maxsize 8589934592',
    'dbnosync',
    'index objectClass,uid,entryUUID,entryCSN,modifyTimestamp eq',
    `limits dn.exact="${reader}" size=${limit} time=unlimited`,
    'access to attrs=userPassword by anonymous auth by * none',
    ...(hidden.length === 0 ? [] : [`access to attrs=${hidden.join()} by * none`]),
    `access to * by dn.exact="${reader}" read by * none`,
    ...overlays.map((overlay) => `overlay ${overlay}`),
    '',
  ].join('\n');
}

function tlsConfiguration(certificates: Certificates): string[] {
  return [
    `TLSCACertificateFile ${certificates.caFile}`,
    `TLSCertificateFile ${certificates.certFile}`,
    `TLSCertificateKeyFile ${certificates.keyFile}`,
  ];
}

async function load(directory: string, configuration: string, options: SlapdOptions): Promise<void> {
  const base = join(directory, 'base.ldif');
  const entries = join(directory, 'entries.ldif');
  await writeLdif(base, baseEntries(options.suffix));
  await writeLdif(entries, options.entries ?? []);
  for (const file of [base, ...(options.ldifFiles ?? []), entries]) {
    await run(programPath('slapadd'), ['-q', '-f', configuration, '-l', file], { limitMs: 300_000 });
  }
}

function baseEntries(suffix: string): DirectoryEntry[] {
  return [
    suffixEntry(suffix),
    { dn: peopleOf(suffix), attributes: { objectClass: 'organizationalUnit', ou: 'people' } },
    {
      dn: readerOf(suffix),
      attributes: {
        objectClass: ['organizationalRole', 'simpleSecurityObject'],
        cn: 'reader',
        userPassword: READER_PASSWORD,
      },
    },
  ];
}

function suffixEntry(suffix: string): DirectoryEntry {
  const [type, value] = (suffix.split(',', 1)[0] ?? '').split('=', 2);
  if (value === undefined) throw new Error(`"${suffix}" is not a suffix such as dc=example,dc=com`);
  const kinds: Readonly<Record<string, DirectoryEntry['attributes']>> = {
    dc: { objectClass: ['dcObject', 'organization'], dc: value, o: value },
    o: { objectClass: 'organization', o: value },
    ou: { objectClass: 'organizationalUnit', ou: value },
  };
  const attributes = kinds[(type ?? '').trim().toLowerCase()];
  if (attributes === undefined) throw new Error(`A suffix begins with dc=, o= or ou=, unlike "${suffix}"`);
  return { dn: suffix, attributes };
}

async function canBind(url: string, dn: string, password: string): Promise<boolean> {
  const client = new Client({ url, connectTimeout: 1_000, timeout: 5_000 });
  try {
    await client.bind(dn, password);
    return true;
  } finally {
    await client.unbind();
  }
}

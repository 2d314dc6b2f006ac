import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programPath } from './program.ts';
import { run } from './process.ts';

/** A certificate authority made for one server, and the server's certificate and key (mode 0600), as PEM files. */
export type Certificates = { readonly caFile: string; readonly certFile: string; readonly keyFile: string };

/** What a certificate is made out to. */
export type CertificateNames = { readonly hostNames: readonly string[]; readonly addresses: readonly string[] };

const DAYS = 2;
const AUTHORITY_DAYS = '365';

/** Makes a new authority and a certificate signed by it, in `directory`. */
export async function makeCertificates(directory: string, names: CertificateNames): Promise<Certificates> {
  const caFile = join(directory, 'ca.pem');
  await newAuthority(caFile, join(directory, 'ca.key'));
  return { caFile, ...(await signCertificate(directory, 'server', names)) };
}

/** Makes one more certificate, `label`.pem, signed by the authority that {@link makeCertificates} made in `directory`. */
export async function signCertificate(
  directory: string,
  label: string,
  names: CertificateNames,
  days = DAYS,
): Promise<Omit<Certificates, 'caFile'>> {
  const file = (name: string): string => join(directory, name);
  const files = { certFile: file(`${label}.pem`), keyFile: file(`${label}.key`) };
  await writeFile(file(`${label}.ext`), `${alternativeNames(names)}\nextendedKeyUsage=serverAuth\n`);
  await openssl('req', '-new', ...newKey(files.keyFile), '-subj', subject(names), '-out', file(`${label}.csr`));
  const signer = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial'];
  const request = ['-in', file(`${label}.csr`), '-extfile', file(`${label}.ext`), '-days', String(days)];
  await openssl('x509', '-req', ...request, ...signer, '-out', files.certFile);
  await chmod(files.keyFile, 0o600);
  return files;
}

/** Makes a certificate, `label`.pem, that nobody but itself has signed, as many appliances have from the factory. */
export async function selfSignCertificate(
  directory: string,
  label: string,
  names: CertificateNames,
): Promise<Omit<Certificates, 'caFile'>> {
  const files = { certFile: join(directory, `${label}.pem`), keyFile: join(directory, `${label}.key`) };
  const request = ['req', '-x509', ...newKey(files.keyFile), '-subj', subject(names), '-days', AUTHORITY_DAYS];
  await openssl(...request, '-addext', alternativeNames(names), '-out', files.certFile);
  await chmod(files.keyFile, 0o600);
  return files;
}

function alternativeNames({ hostNames, addresses }: CertificateNames): string {
  const names = [...hostNames.map((name) => `DNS:${name}`), ...addresses.map((address) => `IP:${address}`)];
  return `subjectAltName=${names.join(',')}`;
}

function subject({ hostNames, addresses }: CertificateNames): string {
  return `/CN=${hostNames[0] ?? addresses[0] ?? 'server'}`;
}

function newAuthority(caFile: string, keyFile: string): Promise<string> {
  const usage = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
  const request = ['req', '-x509', ...newKey(keyFile), '-subj', '/CN=rosterd test authority', '-days', AUTHORITY_DAYS];
  return openssl(...request, ...usage, '-out', caFile);
}

function newKey(file: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file];
}

function openssl(...args: string[]): Promise<string> {
  return run(programPath('openssl'), args);
}

import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programPath } from './program.ts';
import { run } from './process.ts';

/** A certificate authority made for one server, and the server's certificate and key (mode 0600), as PEM files. */
export type Certificates = { readonly caFile: string; readonly certFile: string; readonly keyFile: string };

/** What a certificate is made out to. */
export type CertificateNames = { readonly hostNames: readonly string[]; readonly addresses: readonly string[] };

const DAYS = '2';

/** Makes a new authority and a certificate signed by it, in `directory`. */
export async function makeCertificates(directory: string, names: CertificateNames): Promise<Certificates> {
  const file = (name: string): string => join(directory, name);
  const files = { caFile: file('ca.pem'), certFile: file('server.pem'), keyFile: file('server.key') };
  await newAuthority(files.caFile, file('ca.key'));
  const alternatives = [
    ...names.hostNames.map((name) => `DNS:${name}`),
    ...names.addresses.map((address) => `IP:${address}`),
  ];
  await writeFile(file('server.ext'), `subjectAltName=${alternatives.join(',')}\nextendedKeyUsage=serverAuth\n`);
  const subject = `/CN=${names.hostNames[0] ?? names.addresses[0] ?? 'server'}`;
  await openssl('req', '-new', ...newKey(files.keyFile), '-subj', subject, '-out', file('server.csr'));
  const signer = ['-CA', files.caFile, '-CAkey', file('ca.key'), '-CAcreateserial'];
  const request = ['-in', file('server.csr'), '-extfile', file('server.ext'), '-days', DAYS];
  await openssl('x509', '-req', ...request, ...signer, '-out', files.certFile);
  await chmod(files.keyFile, 0o600);
  return files;
}

function newAuthority(caFile: string, keyFile: string): Promise<string> {
  const usage = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
  const request = ['req', '-x509', ...newKey(keyFile), '-subj', '/CN=rosterd test authority', '-days', DAYS];
  return openssl(...request, ...usage, '-out', caFile);
}

function newKey(file: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file];
}

function openssl(...args: string[]): Promise<string> {
  return run(programPath('openssl'), args);
}

import { readFile } from 'node:fs/promises';
import type { CertificateNames } from '../../services/certificates.ts';
import { makeCertificates, selfSignCertificate, signCertificate } from '../../services/certificates.ts';

/**
 * The certificate that the server shows: one of its authority for a year; one signed by itself, as AES has it from the
 * factory; one with five days left; one whose last day is over; one for another host.
 */
export type CertificateKind = 'trusted' | 'self-signed' | 'expiring' | 'expired' | 'wrong-host';

/** What a TLS server needs. */
export type KeyPair = { readonly cert: Buffer; readonly key: Buffer };

const LOOPBACK: CertificateNames = { hostNames: ['localhost'], addresses: ['127.0.0.1'] };
const ELSEWHERE: CertificateNames = { hostNames: ['aes.elsewhere.example'], addresses: [] };
const DAYS: Readonly<Record<Exclude<CertificateKind, 'self-signed'>, number>> = {
  trusted: 365,
  expiring: 5,
  expired: -1,
  'wrong-host': 365,
};

/** Makes the authority of the server in `directory`, and gives its file. */
export async function makeAuthority(directory: string): Promise<string> {
  return (await makeCertificates(directory, LOOPBACK)).caFile;
}

/** Makes a certificate in `directory`, which holds the authority. */
export async function makeCertificate(directory: string, kind: CertificateKind): Promise<KeyPair> {
  const { certFile, keyFile } =
    kind === 'self-signed'
      ? await selfSignCertificate(directory, kind, LOOPBACK)
      : await signCertificate(directory, kind, kind === 'wrong-host' ? ELSEWHERE : LOOPBACK, DAYS[kind]);
  return { cert: await readFile(certFile), key: await readFile(keyFile) };
}

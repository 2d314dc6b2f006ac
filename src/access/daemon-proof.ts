import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Before the command line sends its token to an address that a file names, whoever listens there proves that they know
 * it: after a crash that may be anybody. The port is part of the proof, so that nobody can pass the question on to the
 * real daemon elsewhere.
 */
export const challengeHeader = 'x-rosterd-challenge';
/** The header of the answer. */
export const proofHeader = 'x-rosterd-proof';

/** A question that was never asked before. */
export function newChallenge(): string {
  return randomBytes(32).toString('base64url');
}

/** The answer of who knows the local token and listens on the port. */
export function proofOf(localToken: string, challenge: string, port: number): string {
  return createHmac('sha256', localToken)
    .update(`rosterd daemon\n${challenge}\n${String(port)}`)
    .digest('base64url');
}

/** Compares two proofs in constant time. */
export function sameProof(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { OperatorStore } from './operators.ts';
import type { Permission } from './permissions.ts';

/** A new API token: 32 random bytes. Shown once; only its hash is kept (spec 19.3). */
export function newToken(): string {
  return `rosterd_${randomBytes(32).toString('base64url')}`;
}

/** SHA-256 in hexadecimal. A slow hash would add nothing: the token itself is 256 random bits. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex');
}

/** Compares two tokens without telling by the time it takes how much of them is equal. */
export function sameToken(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(hashToken(a), 'hex'), Buffer.from(hashToken(b), 'hex'));
}

/** Makes a token for an operator, limited to these permissions; the answer is the only place where it is ever readable. */
export async function createToken(
  store: Pick<OperatorStore, 'addToken'>,
  request: { readonly operatorId: number; readonly label: string; readonly permissions: readonly Permission[] },
): Promise<{ id: number; token: string }> {
  const token = newToken();
  const { id } = await store.addToken({ ...request, tokenHash: hashToken(token) });
  return { id, token };
}

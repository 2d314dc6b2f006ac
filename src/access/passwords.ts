import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { AccessRefusedError } from './errors.ts';

/** OWASP's setting for scrypt: 64 MB and some 0.2 s per attempt. Kept with each hash, so that it can be raised. */
const cost = { N: 2 ** 16, r: 8, p: 1 } as const;
const keyLength = 32;
const [shortest, longest] = [12, 200];

/** @throws AccessRefusedError */
export function refuseUnfit(password: string, name: string): void {
  const length = Array.from(password).length;
  const problem =
    length < shortest
      ? `has ${length} characters and needs at least ${shortest}`
      : length > longest
        ? `is longer than ${longest} characters`
        : password.toLowerCase().includes(name.toLowerCase())
          ? 'contains the name that it belongs to'
          : new Set(password).size < 5
            ? 'repeats very few characters'
            : null;
  if (problem !== null) throw new AccessRefusedError('password-unfit', `The password ${problem}: choose another one.`);
}

/** `scrypt$N$r$p$salt$key`, base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, cost);
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** Takes as long where there is no hash (nobody of that name, nobody who may sign in) as where there is one. */
export async function isPassword(password: string, hash: string | null): Promise<boolean> {
  const [kind, N, r, p, salt = '', key = ''] = (hash ?? '').split('$');
  if (kind !== 'scrypt') {
    await derive(password.slice(0, longest), Buffer.alloc(16), cost);
    return false;
  }
  const expected = Buffer.from(key, 'base64url');
  const given = await derive(password, Buffer.from(salt, 'base64url'), { N: Number(N), r: Number(r), p: Number(p) });
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** One at a time: attempts must not take the memory or the threads that everybody else needs. */
let turn: Promise<unknown> = Promise.resolve();

function derive(password: string, salt: Buffer, { N, r, p }: { N: number; r: number; p: number }): Promise<Buffer> {
  const work = (): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      // The same letters typed on different systems are the same password.
      scrypt(password.normalize('NFKC'), salt, keyLength, { N, r, p, maxmem: 256 * N * r }, (error, key) => {
        if (error === null) resolve(key);
        else reject(error);
      });
    });
  const next = turn.then(work, work);
  turn = next.catch(() => undefined);
  return next;
}

import { z } from 'zod';
import { isJsonObject } from '../../src/connector-kit/http/json.ts';
import type { JsonObject } from '../../src/connector-kit/http/json.ts';
import { normalise } from '../../src/connector-kit/text.ts';
import { valueProblem, valueSchema } from '../../src/connector-kit/value.ts';

/** The id of a user (a UUID), never given away again. */
export const userKey = valueSchema.transform(normalise).pipe(
  z
    .string()
    .max(64)
    .regex(/^[^/\\?#\s]+$/)
    .refine((id) => !/^\.{1,2}$/.test(id)),
);

/** A number of objects. */
export const count = z.int().min(0);

/** Fields of a user as it comes anyway. */
export const plainFields = ['id', 'name', 'email', 'username', 'department', 'title', 'preferredName'] as const;
/** Fields of the best-effort expansion `employerInfo`. */
export const employerFields = ['employeeId', 'officialName', 'employeeType', 'dateHire'] as const;
/** What is put together: of lists, and of references. */
export const compoundFields = ['skills', 'languages', 'workPhone', 'mobilePhone', 'division', 'managerId'] as const;

/** The member of an object; undefined where it is none, or has none of that name. */
export function member(of: unknown, name: string): unknown {
  return isJsonObject(of) && Object.hasOwn(of, name) ? of[name] : undefined;
}

/** The objects of a list; undefined where there is no list, or something else is in it. */
export function objectsIn(list: unknown): readonly JsonObject[] | undefined {
  return Array.isArray(list) && list.every(isJsonObject) ? list : undefined;
}

/** A text that is not empty, as references have it. */
export function wordIn(of: unknown, name: string): string | undefined {
  const text = member(of, name);
  if (typeof text !== 'string' || valueProblem(text) !== undefined) return undefined;
  const word = normalise(text);
  return word === '' ? undefined : word;
}

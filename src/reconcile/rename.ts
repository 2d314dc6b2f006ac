import type { Change } from '../domain/change.ts';
import type { Field } from '../domain/fields.ts';
import type { Snapshot } from '../domain/user.ts';

const names: readonly Field[] = ['windowsLogin', 'username', 'firstName', 'lastName'];

/**
 * How an account was renamed between what was applied of it before and what is applied now (spec 9.1): its logins and names
 * that were there and are others. Empty where nothing was applied before.
 */
export function renameBetween(prior: Snapshot | undefined, applied: Snapshot): Change[] {
  return names.flatMap((field) => {
    const [before, after] = [prior?.values[field], applied.values[field]];
    return before === undefined || after === undefined || before === after ? [] : [{ field, before, after }];
  });
}

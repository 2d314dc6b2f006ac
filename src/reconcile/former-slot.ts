import type { Change } from '../domain/change.ts';
import type { Field } from '../domain/fields.ts';
import {
  voiceOf,
  withVoice,
  type FieldValues,
  type RoleName,
  type Snapshot,
  type TeamId,
  type UserValue,
  type Voice,
} from '../domain/user.ts';
import { refusedParts, type ChangedPart } from './refused-parts.ts';

/**
 * What of a slot a decision of the sync replaced, part by part, as its event keeps it, so that undoing puts back exactly that
 * (spec 15.3): the values of users alone do not tell which source's slot held them. Only parts that people saw change.
 */
export interface FormerSlot {
  /** Null where the slot had no value. */
  readonly values: Readonly<Partial<Record<Field, string | null>>>;
  readonly silentSince: FieldValues;
  readonly roles?: readonly RoleName[];
  readonly teams?: readonly TeamId[];
  readonly supervises?: readonly TeamId[];
  /** The slot's, where it moved (spec 5.8). */
  readonly voice?: Voice;
  /** The user's, which feeds back into the fold (spec 11.3). */
  readonly mainTeam?: TeamId | null;
}

/** What these changes of a user replaced in the slot that they come from. */
export function formerSlot(
  prior: Snapshot | undefined,
  before: Pick<UserValue, 'mainTeam'>,
  changes: readonly Change[],
  voice: Voice | null = null,
): FormerSlot {
  const parts = refusedParts(changes);
  const fields = parts.filter(isFieldPart);
  return {
    values: Object.fromEntries(fields.map((field) => [field, prior?.values[field] ?? null])),
    silentSince: only(prior?.silentSince ?? {}, fields),
    ...(parts.includes('roles') ? { roles: prior?.roles ?? [] } : {}),
    ...(parts.includes('teams') ? { teams: prior?.teams ?? [], mainTeam: before.mainTeam } : {}),
    ...(parts.includes('supervises') ? { supervises: prior?.supervises ?? [] } : {}),
    ...(voice === null ? {} : { voice: prior === undefined ? 'living' : voiceOf(prior) }),
  };
}

/** The slot with these of its parts as they were. */
export function withFormer(slot: Snapshot, former: FormerSlot, parts: ReadonlySet<ChangedPart>): Snapshot {
  const fields = [...parts].filter(isFieldPart);
  const kept = (values: FieldValues): [string, string][] =>
    (Object.entries(values) as [Field, string][]).filter(([field]) => !parts.has(field));
  const put = fields.flatMap((field): [Field, string][] => {
    const value = former.values[field] ?? null;
    return value === null ? [] : [[field, value]];
  });
  const back = {
    source: slot.source,
    values: Object.fromEntries([...kept(slot.values), ...put]),
    silentSince: { ...Object.fromEntries(kept(slot.silentSince)), ...only(former.silentSince, fields) },
    roles: (parts.has('roles') ? former.roles : undefined) ?? slot.roles,
    teams: (parts.has('teams') ? former.teams : undefined) ?? slot.teams,
    supervises: (parts.has('supervises') ? former.supervises : undefined) ?? slot.supervises,
  };
  return withVoice(back, former.voice ?? voiceOf(slot));
}

function isFieldPart(part: ChangedPart): part is Field {
  return part !== 'roles' && part !== 'teams' && part !== 'supervises';
}

function only(values: FieldValues, fields: readonly Field[]): FieldValues {
  return Object.fromEntries(fields.flatMap((field) => (values[field] === undefined ? [] : [[field, values[field]]])));
}

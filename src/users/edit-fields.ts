import { isSupplied, placeOfValue } from '../domain/edited-words.ts';
import { valueProblem } from '../domain/field-values.ts';
import { isField, outOfScope, sourceFields, type Field } from '../domain/fields.ts';
import { inRankOrder, voices } from '../domain/fold.ts';
import { normalise } from '../domain/text.ts';
import type { Snapshot, SourceId } from '../domain/user.ts';
import { ActionRefusedError } from './errors.ts';
import type { UserLink } from './ports.ts';
import {
  actOnUser,
  type Act,
  type ActingUser,
  type UserActed,
  type UserActionBasis,
  type UserRequest,
} from './user-action.ts';
import { withValue } from './words.ts';

/** `user set|unset` (spec 5.4): `value` null takes away what a person has said, or a value kept from an ended link. */
interface FieldEdit extends UserRequest {
  readonly field: string;
  readonly value: string | null;
}

export type EditField = (request: FieldEdit) => Promise<UserActed>;

/**
 * Edits one field. One that a source supplies gets an override, every other one is simply edited (spec 5.4); an attribute
 * that a person has set is never overwritten (spec 12.1).
 *
 * @throws ActionRefusedError
 */
export function createEditField(basis: UserActionBasis): EditField {
  return (request) => {
    const field = knownField(request.field);
    return actOnUser(basis, request, async (user) => {
      await refuseReadOnly(user, field);
      return request.value === null ? unset(user, field) : setField(user, field, normalise(request.value));
    });
  };
}

/** @throws ActionRefusedError */
export function knownField(name: string): Field {
  if (isField(name)) return name;
  throw unknownField(name);
}

/** The refusal of a name that is no field's. */
export function unknownField(name: string): ActionRefusedError {
  const out = outOfScope(name);
  if (out !== null) return new ActionRefusedError('field-unknown', `${name} is out of scope: ${out}.`);
  return new ActionRefusedError(
    'field-unknown',
    `There is no field "${name}". The fields are ${sourceFields.join(', ')}, and attribute.NAME.`,
  );
}

/** The Windows login while an AD link stands (spec 5.5), and the username while its source links (spec 5.6). */
async function refuseReadOnly({ tx, subject }: ActingUser, field: Field): Promise<void> {
  if (field !== 'windowsLogin' && field !== 'username') return;
  const { id, origin } = subject.user;
  const holding = (await tx.linksOf(id)).find((link) =>
    field === 'username' ? link.source === origin : isActiveDirectory(link, subject.snapshots),
  );
  if (holding === undefined) return;
  throw new ActionRefusedError(
    'field-read-only',
    field === 'username'
      ? `The username of user ${id} follows ${holding.source}, which created the user: change it there.`
      : `The Windows login of user ${id} is that of the account in ${holding.source}: change it there, or end the link with \`rosterd user unlink ${id} ${holding.source}\`.`,
  );
}

/** Active Directory itself, or a directory that speaks of Windows logins as an export of it does. */
function isActiveDirectory(link: UserLink, snapshots: readonly Snapshot[]): boolean {
  if (link.as !== 'directory') return false;
  const slot = snapshots.find((snapshot) => snapshot.source === link.source);
  return link.kind === 'active-directory' || slot?.values.windowsLogin !== undefined;
}

const event = { type: 'user-changed', source: null } as const;

/** An override, or a local value where no source supplies the field; null where it says so already. */
export function setField({ subject }: ActingUser, field: Field, value: string): Act | null {
  const problem = valueProblem(field, value);
  if (problem !== null) throw new ActionRefusedError('value-invalid', `${field} ${problem}.`);
  const { words, snapshots } = subject;
  const kind = placeOfValue(words, snapshots, field);
  if (words[kind][field] === value) return null;
  return { event, words: withValue(words, kind, field, value) };
}

/** What people said of a field is withdrawn: an override, or a value that no source supplies. Null where nobody has said anything. */
export async function withdrawField(user: ActingUser, field: Field): Promise<Act | null> {
  await refuseReadOnly(user, field);
  const { words, snapshots } = user.subject;
  if (words.overrides[field] !== undefined) return { event, words: withValue(words, 'overrides', field, null) };
  if (words.localValues[field] === undefined || isSupplied(snapshots, field)) return null;
  return { event, words: withValue(words, 'localValues', field, null) };
}

function unset(user: ActingUser, field: Field): Act {
  const { words, snapshots } = user.subject;
  if (words.overrides[field] !== undefined) return { event, words: withValue(words, 'overrides', field, null) };
  const kept = keptFrom(user, field);
  if (kept !== null) return letGo(user, field, kept);
  if (words.localValues[field] !== undefined && !isSupplied(snapshots, field))
    return { event, words: withValue(words, 'localValues', field, null) };
  throw nothingToUnset(user, field);
}

/** The source of the highest rank whose link has ended and whose slot still has a value. */
function keptFrom({ subject, linkedSources }: ActingUser, field: Field): SourceId | null {
  const ended = subject.snapshots.filter(
    (slot) => slot.values[field] !== undefined && !linkedSources.includes(slot.source),
  );
  return inRankOrder(ended, subject.policy)[0]?.source ?? null;
}

function letGo(user: ActingUser, field: Field, source: SourceId): Act {
  const { tx, subject } = user;
  const value = subject.snapshots.find((slot) => slot.source === source)?.values[field] ?? null;
  return {
    event: { type: 'user-changed', source },
    snapshots: subject.snapshots.map((slot) => (slot.source === source ? without(slot, field) : slot)),
    told: [{ field: `kept.${field}`, before: value, after: null }],
    write: () => tx.dropSlotValue(subject.user.id, source, field),
  };
}

/** A slot with one value let go. */
export function without(slot: Snapshot, field: Field): Snapshot {
  const others = (values: Snapshot['values']): Snapshot['values'] =>
    Object.fromEntries(Object.entries(values).filter(([name]) => name !== field));
  return { ...slot, values: others(slot.values), silentSince: others(slot.silentSince) };
}

function nothingToUnset({ subject, linkedSources }: ActingUser, field: Field): ActionRefusedError {
  const { id } = subject.user;
  const { snapshots, policy, user } = subject;
  const ranked = voices(field, { origin: user.origin, policy }, inRankOrder(snapshots, policy));
  const supplier = ranked.find((slot) => slot.values[field] !== undefined && linkedSources.includes(slot.source));
  return new ActionRefusedError(
    'nothing-to-unset',
    supplier === undefined
      ? `Nobody has said a ${field} for user ${id}.`
      : `The ${field} of user ${id} comes from ${supplier.source} and nobody has overridden it: change it there, or set another value.`,
  );
}

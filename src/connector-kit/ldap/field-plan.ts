import type { AccountRecord, SourceTeam } from '../../domain/account.ts';
import type { AccountPart, Field } from '../../domain/fields.ts';
import { isField } from '../../domain/fields.ts';
import { compareText, fold, normalise } from '../../domain/text.ts';
import { isWindowsLogin } from '../../domain/windows-login.ts';
import { badMapping } from '../mapping.ts';
import { readState } from '../value.ts';
import { isNamedBy } from './dn.ts';
import type { Entry } from './messages.ts';

/** Where a field comes from: the first of these attributes (lower case) that has a value. */
export interface PlannedField {
  readonly field: Field;
  readonly attributes: readonly string[];
}

/** What is read of an entry for fields and parts. */
export interface FieldPlan {
  readonly fields: readonly PlannedField[];
  /** The attribute (lower case) of each part that the mapping names. */
  readonly parts: Readonly<Partial<Record<AccountPart, string>>>;
  /** Every attribute named above, as it is asked for. */
  readonly attributes: readonly string[];
}

/** Whether an attribute (lower case) is what log-in names are read from: where it is the id, its case does not count (spec 2.4). */
export function isLogin(plan: FieldPlan, attribute: string): boolean {
  return plan.fields.some(({ field, attributes }) => field === 'username' && attributes.includes(attribute));
}

/** The attributes of each field where the configuration names none. */
export type DefaultFields = readonly (readonly [Field, ...attributes: readonly string[]])[];

/** RFC 4512, section 2.5: a name or an OID, with options. */
const attributeName = /^(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)(?:;[A-Za-z0-9-]+)*$/;

/** Attributes that hold passwords or what is as good as one (RFC 4519 2.41, MS-ADTS, Samba's and MIT's schemas); spec 12.6. */
const passwordAttributes: ReadonlySet<string> = new Set([
  ...['userpassword', 'unicodepwd', 'dbcspwd', 'ntpwdhistory', 'lmpwdhistory', 'supplementalcredentials'],
  ...['sambantpassword', 'sambalmpassword', 'sambapasswordhistory', 'krbprincipalkey', 'userpkcs12'],
]);

/** Ids that are bytes: as text two of them may look the same. (Where a connector reads one, it does so by itself.) */
const binaryIds: ReadonlySet<string> = new Set(['guid', 'objectsid', 'ms-ds-consistencyguid']);

/**
 * Lays the source's `mapping` over the connector's default. Throws a fatal SourceError `configuration` for a key that the
 * connector does not take, for a value that is no attribute name, and for one that holds a password.
 */
export function planFields(
  defaults: DefaultFields,
  mapping: Readonly<Partial<Record<Field | AccountPart, string>>>,
  takes: { readonly parts: readonly AccountPart[]; readonly fixed: readonly Field[] },
): FieldPlan {
  const fields = new Map<Field, readonly string[]>(
    defaults.map(([field, ...attributes]) => [field, lower(attributes)]),
  );
  const parts: Partial<Record<AccountPart, string>> = {};
  for (const [key, attribute = ''] of Object.entries(mapping)) {
    if (!attributeName.test(attribute)) throw badMapping(key, `"${attribute}" is no attribute name`);
    if (passwordAttributes.has(attribute.toLowerCase().replace(/;.*/, '')))
      throw badMapping(key, `${attribute} holds a password, which is never read`);
    if (key === 'externalId' && binaryIds.has(attribute.toLowerCase()))
      throw badMapping(key, `${attribute} holds bytes, not text: name an attribute of text, such as entryUUID`);
    const part = takes.parts.find((each) => each === key);
    if (part !== undefined) parts[part] = attribute.toLowerCase();
    else if (isField(key) && !takes.fixed.includes(key)) fields.set(key, [attribute.toLowerCase()]);
    else throw badMapping(key, `this kind of source cannot map it; it takes fields and: ${takes.parts.join(', ')}`);
  }
  const planned = [...fields].map(([field, attributes]) => ({ field, attributes }));
  const attributes = new Set([...planned.flatMap((each) => each.attributes), ...Object.values(parts)]);
  return { fields: planned, parts, attributes: [...attributes] };
}

function lower(attributes: readonly string[]): readonly string[] {
  return attributes.map((attribute) => attribute.toLowerCase());
}

/** Where an entry stands, for the person who looks for it: its DN, and the log-in name that the DN may not hold (spec 2.2). */
export function positionOf(entry: Entry): string {
  const login = entry.texts.get('samaccountname')?.[0] ?? entry.texts.get('uid')?.[0];
  return shown(login === undefined || entry.dn.includes(login) ? entry.dn : `${entry.dn} (${login})`);
}

/** Texts of other systems are stripped of control characters and cut (architecture 8). */
function shown(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is taken out
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f\ufffd]/g, '?');
  return plain.length <= 300 ? plain : `${plain.slice(0, 300)}…`;
}

/** A record or one of its values cannot be used; the message is the reason, without the value. */
export class UnusableEntry extends Error {
  override readonly name = 'UnusableEntry';
}

const longestText = 1_024;
/** Control characters, and what stands for bytes that were no UTF-8. */
// eslint-disable-next-line no-control-regex -- they are what is looked for
const unusable = /[\u0000-\u001f\u007f-\u009f\ufffd]/;

/**
 * The usable values of an attribute: normalised, without blank ones, in the order of their code units, because a directory's
 * own order of values means nothing and may change. Throws UnusableEntry.
 */
export function usableValues(entry: Entry, attribute: string): readonly string[] {
  const values = entry.texts.get(attribute);
  if (values === undefined) return [];
  if (values.length === 1) {
    const only = usableText(values[0] ?? '', attribute);
    return only === '' ? [] : [only];
  }
  const usable = values.map((value) => usableText(value, attribute)).filter((value) => value !== '');
  return usable.sort(compareText);
}

function usableText(value: string, attribute: string): string {
  const text = normalise(value);
  if (text.length > longestText) throw new UnusableEntry(`${attribute} is longer than ${longestText} characters`);
  if (unusable.test(text)) throw new UnusableEntry(`${attribute} holds control characters or is not UTF-8`);
  return text;
}

/** The fields of an account; see AccountContent. */
interface ReadFields {
  readonly values: Partial<Record<Field, string | null>>;
  readonly several?: Partial<Record<Field, readonly string[]>>;
}

/**
 * The fields of an entry: a value; null where it has none although its attribute is readable (`proven`); no key where nothing
 * proves that the attribute can be read at all (spec 2.3), and where its value cannot be used, which `unread` tells (2.2).
 */
export function readFields(
  entry: Entry,
  plan: readonly PlannedField[],
  proven: ReadonlySet<string>,
  unread: string[],
): ReadFields {
  const values: Partial<Record<Field, string | null>> = {};
  const several: Partial<Record<Field, readonly string[]>> = {};
  for (const { field, attributes } of plan) {
    const found = orUnread(unread, () => firstValues(entry, attributes));
    const [first] = found?.values ?? [];
    if (found !== undefined && first !== undefined) {
      const { attribute, values: all } = found;
      values[field] = all.length === 1 ? first : (all.find((value) => isNamedBy(entry.dn, attribute, value)) ?? first);
      if (all.length > 1) several[field] = all;
    } else if (found !== undefined && attributes.some((attribute) => proven.has(attribute))) values[field] = null;
  }
  const login = values.windowsLogin;
  if (typeof login === 'string' && !isWindowsLogin(login)) {
    delete values.windowsLogin;
    unread.push('windowsLogin is not of the form DOMAIN\\login');
  }
  return Object.keys(several).length === 0 ? { values } : { values, several };
}

/** What a part of an entry says; undefined, and a reason in `unread`, where it cannot be used. */
export function orUnread<T>(unread: string[], readPart: () => T): T | undefined {
  try {
    return readPart();
  } catch (error) {
    if (!(error instanceof UnusableEntry)) throw error;
    unread.push(error.message);
    return undefined;
  }
}

/** The part of a record that names what of an entry could not be used; nothing where all could. */
export function unreadOf(position: string, reasons: readonly string[]): Pick<AccountRecord, 'unread'> {
  return reasons.length === 0 ? {} : { unread: { position, reasons } };
}

/** The values of the first attribute that has any, in the order of their code units; none where none has. */
function firstValues(
  entry: Entry,
  attributes: readonly string[],
): { readonly attribute: string; readonly values: readonly string[] } {
  for (const attribute of attributes) {
    const values = usableValues(entry, attribute);
    if (values.length > 0) return { attribute, values };
  }
  return { attribute: '', values: [] };
}

/** Whether an entry is disabled: a word such as inactive (inetUserStatus), or a flag. */
export function readDisabled(entry: Entry, attribute: string, proven: ReadonlySet<string>): boolean | undefined {
  return readState(usableValues(entry, attribute)[0] ?? '') ?? readFlag(entry, attribute, proven);
}

/** Flags of directories: TRUE and the like, FALSE and the like, or a time since or from when (pwdAccountLockedTime). */
export function readFlag(entry: Entry, attribute: string, proven: ReadonlySet<string>): boolean | undefined {
  const value = usableValues(entry, attribute)[0]?.toLowerCase();
  if (value === undefined) return proven.has(attribute) ? false : undefined;
  if (/^(?:true|yes|on|1)$/.test(value)) return true;
  const time = /^(\d{10,14})(?:\.\d+)?z$/.exec(value)?.[1];
  if (time !== undefined) return time.padEnd(14, '0') <= new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  if (/^(?:false|no|off|0)$/.test(value)) return false;
  throw new UnusableEntry(`${attribute} is neither TRUE nor FALSE, nor a word such as inactive, nor a time`);
}

/**
 * The teams that an attribute names, one per value; undefined (not read) where nothing shows that it can be read, and where a
 * value cannot be used, which `unread` tells.
 */
export function readTeams(
  entry: Entry,
  attribute: string | undefined,
  proven: ReadonlySet<string>,
  unread: string[],
): readonly SourceTeam[] | undefined {
  const names = attribute === undefined ? undefined : orUnread(unread, () => usableValues(entry, attribute));
  if (names === undefined || attribute === undefined) return undefined;
  if (names.length === 0 && !proven.has(attribute)) return undefined;
  const byId = new Map(names.map((name) => [fold(name), name]));
  return [...byId].map(([id, name]) => ({ id, name }));
}

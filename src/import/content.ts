import type { AccountContent, AccountRecord, RoleFacts, SourceTeam } from '../domain/account.ts';
import type { Field } from '../domain/fields.ts';
import { compareText, fold, normalise } from '../domain/text.ts';
import { tooLongForField, tooLongForIndex } from '../domain/text-limits.ts';
import { isWindowsLogin } from '../domain/windows-login.ts';
import { digestOf } from '../digest.ts';

/** The longest text that is believed to be a value; anything longer is a broken record. */
const longestText = 4096;

/** A record that was cleaned, or why it cannot be used. `unread` names values that could not be used, with the reason. */
export type Validated =
  | {
      readonly externalId: string;
      readonly content: AccountContent;
      readonly groupsNotRead: readonly string[];
      readonly unread: readonly string[];
    }
  | { readonly reason: string; readonly externalId?: string };

/** Checks one record at the edge and brings it into its one canonical form (spec 2.2, 2.4). */
export function validateRecord(record: AccountRecord): Validated {
  const externalId = normalise(record.externalId);
  if (externalId === '') return { reason: 'it has no external id' };
  const badId = whatIsWrongWithName(record.externalId);
  // Such an id names no account, so nobody can say that this one was seen.
  if (badId !== undefined) return { reason: `its external id cannot be used: ${badId}` };
  const unread: string[] = [];
  const content = canonical(usableParts(record, unread));
  return { externalId, content, groupsNotRead: (record.groupsNotRead ?? []).map(normalise), unread };
}

/** A record without the values and lists that cannot be used: of them it says nothing, and the rest counts (spec 2.2). */
function usableParts(record: AccountContent, unread: string[]): AccountContent {
  const { values: said, roleFacts: facts, teams, supervises, disabled } = record;
  const usable = (name: string, texts: readonly string[]): boolean => {
    const wrong = texts.map(whatIsWrongWithName).find((each) => each !== undefined);
    if (wrong !== undefined) unread.push(`${name}: ${wrong}`);
    return wrong === undefined;
  };
  const values: Partial<Record<Field, string | null>> = {};
  for (const [field, text] of Object.entries(said) as [Field, string | null][]) {
    const wrong = text === null ? undefined : (whatIsWrong(text) ?? whatIsWrongWith(field, text));
    if (wrong === undefined) values[field] = text;
    else unread.push(`${field}: ${wrong}`);
  }
  const list = (name: 'groups' | 'profiles' | 'roles'): Pick<RoleFacts, typeof name> =>
    facts?.[name] === undefined || !usable(name, facts[name]) ? {} : { [name]: facts[name] };
  const teamList = (name: 'teams' | 'supervises', list: readonly SourceTeam[] | undefined): Partial<AccountContent> =>
    list === undefined ||
    !usable(
      name,
      list.flatMap((team) => [team.id, team.name]),
    )
      ? {}
      : { [name]: list };
  const several = usableLists(
    record.several,
    (field, text) => (whatIsWrong(text) ?? whatIsWrongWith(field, text)) === undefined,
  );
  return {
    values,
    ...(several === undefined ? {} : { several }),
    ...(disabled === undefined ? {} : { disabled }),
    ...(facts === undefined
      ? {}
      : {
          roleFacts: {
            ...(facts.supervisor === undefined ? {} : { supervisor: facts.supervisor }),
            ...list('groups'),
            ...list('profiles'),
            ...list('roles'),
          },
        }),
    ...teamList('teams', teams),
    ...teamList('supervises', supervises),
  };
}

/** Of what an index holds: ids, and names of teams, groups, profiles and roles. */
function whatIsWrongWithName(text: string): string | undefined {
  return whatIsWrong(text) ?? tooLong(tooLongForIndex(normalise(text)));
}

function tooLong(problem: string | undefined): string | undefined {
  return problem === undefined ? undefined : `a text ${problem}`;
}

function whatIsWrongWith(field: Field, text: string): string | undefined {
  const long = tooLong(tooLongForField(field, normalise(text)));
  if (long !== undefined) return long;
  const login = field === 'windowsLogin' ? normalise(text) : '';
  return login === '' || isWindowsLogin(login) ? undefined : 'it is not of the form DOMAIN\\login';
}

function whatIsWrong(text: string): string | undefined {
  if (text.length > longestText) return `a text is longer than ${String(longestText)} characters`;
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text)) return 'a text has control characters';
  return text.isWellFormed() ? undefined : 'a text is not well-formed Unicode';
}

/** One form for equal content: normalised texts, sorted keys and lists, empty text as empty. */
function canonical(content: AccountContent): AccountContent {
  const values: Partial<Record<Field, string | null>> = {};
  for (const field of (Object.keys(content.values) as Field[]).sort()) {
    const text = content.values[field] ?? null;
    values[field] = text === null ? null : normalise(text) || null;
  }
  const several = canonicalSeveral(content.several ?? {});
  return {
    values,
    ...(several === undefined ? {} : { several }),
    ...(content.disabled === undefined ? {} : { disabled: content.disabled }),
    ...(content.roleFacts === undefined ? {} : { roleFacts: canonicalFacts(content.roleFacts) }),
    ...(content.teams === undefined ? {} : { teams: canonicalTeams(content.teams) }),
    ...(content.supervises === undefined ? {} : { supervises: canonicalTeams(content.supervises) }),
  };
}

type Several = NonNullable<AccountContent['several']>;

/** What of lists of values can be used. */
function usableLists(
  several: AccountContent['several'],
  isUsable: (field: Field, text: string) => boolean,
): Several | undefined {
  if (several === undefined) return undefined;
  const lists = Object.entries(several) as [Field, readonly string[]][];
  return Object.fromEntries(lists.map(([field, texts]) => [field, texts.filter((text) => isUsable(field, text))]));
}

/** A list of values is one only where two differ. */
function canonicalSeveral(several: Several): Several | undefined {
  const lists = (Object.entries(several) as [Field, readonly string[]][])
    .map(([field, texts]) => [field, [...new Set(texts.map(normalise))].filter((text) => text !== '')] as const)
    .filter(([, texts]) => texts.length > 1)
    .sort(([a], [b]) => compareText(a, b));
  return lists.length === 0
    ? undefined
    : Object.fromEntries(lists.map(([field, texts]) => [field, texts.sort(compareText)]));
}

function canonicalFacts(facts: RoleFacts): RoleFacts {
  const sorted = (list: readonly string[]): string[] => [...new Set(list.map(normalise))].sort(compareText);
  return {
    ...(facts.supervisor === undefined ? {} : { supervisor: facts.supervisor }),
    ...(facts.groups === undefined ? {} : { groups: sorted(facts.groups) }),
    ...(facts.profiles === undefined ? {} : { profiles: sorted(facts.profiles) }),
    ...(facts.roles === undefined ? {} : { roles: sorted(facts.roles) }),
  };
}

function canonicalTeams(teams: readonly SourceTeam[]): SourceTeam[] {
  const named = teams
    .map(({ id, name }) => ({ id: normalise(id), name: normalise(name) }))
    .filter((team) => fold(team.id) !== '');
  return [...new Map(named.map((team) => [team.id, team])).values()].sort((a, b) => compareText(a.id, b.id));
}

/** What beside its content decides what is kept of a known account. */
interface Keeping {
  /** Groups of which the record does not say whether the account is in them. */
  readonly groupsNotRead?: readonly string[];
  /** It is linked: of several values of a field the known one stays while it is among them (spec 2.4). */
  readonly linked?: boolean;
}

/** What is known after a record was read: what it did not include is kept, single groups too (spec 2.3). */
export function merge(known: AccountContent, said: AccountContent, keeping: Keeping = {}): AccountContent {
  const { groupsNotRead = [], linked = false } = keeping;
  const kept = known.roleFacts?.groups?.filter((group) => groupsNotRead.includes(group)) ?? [];
  const groups = said.roleFacts?.groups === undefined ? undefined : [...said.roleFacts.groups, ...kept];
  const unsaid = Object.entries(known.several ?? {}).filter(([field]) => !Object.hasOwn(said.values, field));
  const several = { ...Object.fromEntries(unsaid), ...said.several };
  const values = { ...known.values, ...said.values };
  if (linked)
    for (const [field, texts] of Object.entries(said.several ?? {}) as [Field, readonly string[]][]) {
      const before = known.values[field];
      if (typeof before === 'string' && texts.includes(before)) values[field] = before;
    }
  return canonical({
    ...known,
    ...said,
    values,
    several,
    ...(known.roleFacts === undefined && said.roleFacts === undefined
      ? {}
      : { roleFacts: { ...known.roleFacts, ...said.roleFacts, ...(groups === undefined ? {} : { groups }) } }),
  });
}

/** The hash that change detection compares; teams' names are no part of it, since a rename follows by id (spec 11.1). */
export function contentHash(content: AccountContent): string {
  const ids = (teams: readonly SourceTeam[] | undefined): string[] | undefined => teams?.map((team) => team.id);
  return digestOf([
    content.values,
    content.several ?? {},
    content.disabled ?? false,
    content.roleFacts,
    ids(content.teams),
    ids(content.supervises),
  ]);
}

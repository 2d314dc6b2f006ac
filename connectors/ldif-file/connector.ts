import type { CheckStep, Connector, Kit, Page, Read, ReadEnd, Session } from '../../src/connector-kit/contract.ts';
import type { AccountRecord, RejectedRecord } from '../../src/domain/account.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import { SourceFile } from '../../src/connector-kit/file.ts';
import { CheckReport } from '../../src/connector-kit/ldap/directory-check.ts';
import type { Finding } from '../../src/connector-kit/ldap/directory-check.ts';
import { isWithin, parseDn } from '../../src/connector-kit/ldap/dn.ts';
import { planFields } from '../../src/connector-kit/ldap/field-plan.ts';
import { SeenIds } from '../../src/connector-kit/ldap/seen-ids.ts';
import { occurringAttributes, readLdif } from '../../src/connector-kit/ldif.ts';
import type { LdifEntry, LdifSelection } from '../../src/connector-kit/ldif.ts';
import { config } from './config.ts';
import type { Config } from './config.ts';
import { chooseIdAttribute, defaultFields, entryAttributes, GroupNames, isPerson, mapEntry, mappable } from './map.ts';
import type { MapContext } from './map.ts';
import { binaryAttributes } from './schema.ts';

/** In records. */
const pageSize = 1000;

/** An export of a directory in LDIF (RFC 2849), as ldapsearch, slapcat, ldifde and ldbsearch write it. */
export const ldifFile: Connector<Config> = {
  kind: 'ldif-file',
  as: 'directory',
  capabilities: { delta: false, tombstones: false, reusableIds: false, teams: true, supervision: true },
  configSchema: config,
  defaultMatch: [['windowsLogin'], ['employeeId'], ['email']],
  open: openSession,
  check,
};

/** What is known of a file before its entries are mapped. */
interface Survey {
  readonly context: MapContext;
  readonly selection: LdifSelection;
  readonly systemId: string;
}

async function openSession(settings: Config, kit: Kit): Promise<Session> {
  const file = await SourceFile.open(settings.connection.path);
  try {
    const survey = await surveyFile(file, settings, kit);
    return {
      systemId: survey.systemId,
      readAll: (signal) => readAll(file, survey, signal),
      lookup: () => Promise.resolve('unsupported'),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Looks through the whole file, because what does not occur in it is *not read*, and through its beginning for the first person. */
async function surveyFile(file: SourceFile, settings: Config, kit: Kit): Promise<Survey> {
  const plan = planFields(defaultFields, kit.mapping, mappable);
  const wanted = new Set([...plan.attributes, ...entryAttributes]);
  const selection = { attributes: wanted, binary: binaryAttributes };
  const present = await occurringAttributes(file, wanted, kit.signal);
  const idMapped = plan.parts.externalId;
  if (idMapped !== undefined && file.size > 0 && !present.has(idMapped)) throw idMissing(idMapped, file.path, present);
  const domains = new Map<string, string>();
  // Only the partitions container has it: without one, nothing after the first person can matter.
  const first = await findFirstPerson(file, selection, present.has('netbiosname') ? domains : undefined, kit.signal);
  const idAttribute = idMapped ?? (first === undefined ? undefined : chooseIdAttribute(first)) ?? 'none';
  const systemId = first === undefined ? `no people, id ${idAttribute}` : `${suffixOf(first.dn)}, id ${idAttribute}`;
  const context = {
    plan,
    idAttribute,
    present,
    netbiosNameOf: (dn: string) => settings.netbiosName ?? domainOf(dn, domains),
    groups: new GroupNames(kit.roleGroups),
  };
  return { context, selection, systemId };
}

function idMissing(attribute: string, path: string, present: ReadonlySet<string>): SourceError {
  const others = entryAttributes.filter((name) => present.has(name) && name !== 'objectclass').join(', ');
  const message = `mapping.externalId: no entry of ${path} has ${attribute}; of the usual attributes it has: ${others || 'none'}`;
  return new SourceError('fatal', 'configuration', message);
}

async function findFirstPerson(
  file: SourceFile,
  selection: LdifSelection,
  domains: Map<string, string> | undefined,
  signal: AbortSignal,
): Promise<LdifEntry | undefined> {
  let first: LdifEntry | undefined;
  for await (const entries of readLdif(file, selection, signal)) {
    first ??= entries.find(isPerson);
    for (const entry of domains === undefined ? [] : entries) {
      const [name, dn] = [entry.texts.get('netbiosname')?.[0], entry.texts.get('ncname')?.[0]];
      if (name !== undefined && dn !== undefined) domains?.set(dn, name);
    }
    if (first !== undefined && domains === undefined) break;
  }
  return first;
}

/** The innermost domain that a DN is in. */
function domainOf(dn: string, domains: ReadonlyMap<string, string>): string | undefined {
  const around = [...domains].filter(([domain]) => isWithin(dn, domain));
  return around.sort(([a], [b]) => b.length - a.length)[0]?.[1];
}

/** `dc=corp,dc=example,dc=com`, or the last part of a DN without domain components. */
function suffixOf(dn: string): string {
  const parts = parseDn(dn) ?? [];
  const start = parts.findLastIndex((part) => !part.startsWith('dc=')) + 1;
  return parts.slice(Math.min(start, parts.length - 1)).join(',');
}

async function* readAll(file: SourceFile, survey: Survey, signal: AbortSignal): Read {
  const state = new ReadState(survey);
  const entries = readLdif(file, survey.selection, signal);
  let next = await entries.next();
  for (; next.done !== true; next = await entries.next()) {
    for (const entry of next.value) {
      state.add(entry);
      if (!state.pageIsFull) continue;
      yield state.takePage();
      signal.throwIfAborted();
    }
  }
  const page = state.takePage();
  if (page.records.length + page.rejected.length > 0) yield page;
  const changed = await file.changed();
  return state.end([next.value.cut, changed], next.value.references);
}

/** What one read has met so far. */
class ReadState {
  readonly #survey: Survey;
  readonly #seen = new SeenIds();
  readonly #skipped = new Map<string, number>();
  #records: AccountRecord[] = [];
  #rejected: RejectedRecord[] = [];
  #people = 0;
  #withoutId = 0;
  #repeated = 0;

  constructor(survey: Survey) {
    this.#survey = survey;
  }

  get pageIsFull(): boolean {
    return this.#records.length + this.#rejected.length >= pageSize;
  }

  add(entry: LdifEntry): void {
    const outcome = mapEntry(entry, this.#survey.context);
    if ('skipped' in outcome) {
      this.#skipped.set(outcome.skipped, (this.#skipped.get(outcome.skipped) ?? 0) + 1);
      return;
    }
    this.#people += 1;
    const { externalId } = 'record' in outcome ? outcome.record : outcome.rejected;
    if (externalId === undefined) this.#withoutId += 1;
    if (externalId !== undefined && !this.#seen.add(externalId)) {
      this.#repeated += 1;
      this.#rejected.push({
        externalId,
        position: `line ${String(entry.line)}`,
        reason: 'its id came before in this file',
      });
    } else if ('record' in outcome) {
      this.#records.push(outcome.record);
    } else {
      this.#rejected.push(outcome.rejected);
    }
  }

  takePage(): Page {
    const page = { records: this.#records, gone: [], rejected: this.#rejected };
    this.#records = [];
    this.#rejected = [];
    return page;
  }

  end(damage: readonly (string | undefined)[], references: number): ReadEnd {
    const reasons = [
      ...damage.filter((reason) => reason !== undefined),
      ...(this.#people === 0 ? [this.#nobody()] : []),
      ...(this.#withoutId === 0 ? [] : [`${String(this.#withoutId)} records have no usable id`]),
      ...(this.#repeated === 0 ? [] : [`${String(this.#repeated)} ids came twice`]),
    ];
    const notes = [
      ...[...this.#skipped].map(([what, count]) => `${String(count)} entries skipped: ${what}`),
      ...(references === 0 ? [] : [`${String(references)} continuation references not followed`]),
    ];
    return { complete: reasons.length === 0, ...(reasons.length === 0 ? {} : { reason: reasons.join('; ') }), notes };
  }

  #nobody(): string {
    if (!this.#survey.context.present.has('objectclass')) {
      return 'the file holds no people, for no entry has objectClass: export that attribute too';
    }
    return 'the file holds no people (objectClass person, inetOrgPerson or user)';
  }
}

/** `path`, what the file holds, and its first page. */
async function check(settings: Config, kit: Kit): Promise<readonly CheckStep[]> {
  const report = new CheckReport();
  const file = await report.step('file', () => SourceFile.open(settings.connection.path), describeFile);
  if (file === undefined) return report.steps;
  try {
    const survey = await report.step('entries', () => surveyFile(file, settings, kit), describeSurvey);
    if (survey === undefined) return report.steps;
    await report.step('page', () => firstPage(file, survey, kit.signal), describePage);
  } finally {
    await file.close();
  }
  return report.steps;
}

async function firstPage(file: SourceFile, survey: Survey, signal: AbortSignal): Promise<Page | ReadEnd> {
  const read = readAll(file, survey, signal);
  const first = await read.next();
  await read.return({ complete: false });
  return first.value;
}

function describeFile(file: SourceFile): Finding {
  return { detail: `${file.path}: ${String(file.size)} bytes, written ${file.modifiedAt.toISOString()}` };
}

function describeSurvey({ context, systemId }: Survey): Finding {
  const unread = context.plan.attributes.filter((attribute) => !context.present.has(attribute));
  const detail = `${systemId}; ${unread.length === 0 ? 'every mapped attribute occurs' : `not read, as they do not occur: ${unread.join(', ')}`}`;
  return { detail };
}

function describePage(page: Page | ReadEnd): Finding {
  if (!('records' in page))
    return { detail: page.reason ?? 'empty', remedy: 'export again, with objectClass and the mapped attributes' };
  const detail = `${String(page.records.length)} people, ${String(page.rejected.length)} records rejected`;
  const [rejected] = page.rejected;
  return rejected === undefined ? { detail } : { detail, remedy: `see ${rejected.position}: ${rejected.reason}` };
}

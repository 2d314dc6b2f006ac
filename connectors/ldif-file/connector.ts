import { Collected } from '../../src/connector-kit/collected.ts';
import type { CheckStep, Connector, Kit, Read, Session } from '../../src/connector-kit/contract.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import { describeFile, describePage, firstPage } from '../../src/connector-kit/file-check.ts';
import { readOneOf } from '../../src/connector-kit/one-of-file.ts';
import { SourceFile } from '../../src/connector-kit/file.ts';
import { CheckReport } from '../../src/connector-kit/check-report.ts';
import type { Finding } from '../../src/connector-kit/check-report.ts';
import { isWithin, parseDn } from '../../src/connector-kit/ldap/dn.ts';
import { planFields } from '../../src/connector-kit/ldap/field-plan.ts';
import { occurringAttributes } from '../../src/connector-kit/ldif-survey.ts';
import { readLdif } from '../../src/connector-kit/ldif.ts';
import type { LdifEntry, LdifSelection } from '../../src/connector-kit/ldif.ts';
import { config } from './config.ts';
import type { Config } from './config.ts';
import {
  betterId,
  defaultFields,
  entryAttributes,
  GroupNames,
  isGroup,
  isPerson,
  mapEntry,
  mappable,
  positionOf,
} from './map.ts';
import type { MapContext } from './map.ts';
import { binaryAttributes, loginIds, stableIds } from './schema.ts';

/** An export of a directory in LDIF (RFC 2849), as ldapsearch, slapcat, ldifde and ldbsearch write it. */
export const connector: Connector<Config> = {
  kind: 'ldif-file',
  as: 'directory',
  capabilities: {
    delta: false,
    tombstones: false,
    reusableIds: false,
    teams: true,
    supervision: true,
    ownsSupervision: false,
  },
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
      readOne: (externalId, signal) => readOneOf(readAll(file, survey, signal), externalId),
      lookup: () => Promise.resolve('unsupported'),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Looks through the whole file before it is read: what does not occur in it is *not read*, and neither the attribute of the
 * id nor the identity may depend on the order of the entries.
 */
async function surveyFile(file: SourceFile, settings: Config, kit: Kit): Promise<Survey> {
  const plan = planFields(defaultFields, kit.mapping, mappable);
  const wanted = new Set([...plan.attributes, ...entryAttributes]);
  const selection = { attributes: wanted, binary: binaryAttributes };
  const present = await occurringAttributes(file, wanted, kit.signal);
  const idMapped = plan.parts.externalId;
  if (idMapped !== undefined && file.size > 0 && !present.has(idMapped)) throw idMissing(idMapped, file.path, present);
  const groups = new GroupNames(kit.roleGroups);
  const groupAttribute = plan.parts.group ?? 'memberof';
  const {
    first,
    idAttribute: shown,
    suffixes,
    domains,
  } = await lookThrough(file, selection, {
    groups,
    groupAttribute,
    signal: kit.signal,
  });
  if (first === undefined) throw nobody(file, present);
  const idAttribute = idMapped ?? shown;
  if (idAttribute === undefined) throw noId(file, first);
  const context = {
    plan,
    idAttribute,
    present,
    netbiosNameOf: (dn: string) => settings.netbiosName ?? domainOf(dn, domains),
    groups,
  };
  return { context, selection, systemId: `${outermost(suffixes)}, id ${idAttribute}` };
}

function idMissing(attribute: string, path: string, present: ReadonlySet<string>): SourceError {
  const others = entryAttributes.filter((name) => present.has(name) && name !== 'objectclass').join(', ');
  const message = `mapping.externalId: no entry of ${path} has ${attribute}; of the usual attributes it has: ${others || 'none'}`;
  return new SourceError('fatal', 'configuration', message);
}

/** Whom the file is about cannot be told; nothing is concluded from it. */
function nobody(file: SourceFile, present: ReadonlySet<string>): SourceError {
  const why = present.has('objectclass')
    ? 'holds no entry of a person (objectClass person, inetOrgPerson or user)'
    : file.size === 0
      ? 'is empty'
      : 'shows no objectClass, so that people cannot be told from other entries: export that attribute too';
  return new SourceError('fatal', 'protocol', `${file.path} ${why}. Nothing was read of it; export it again.`);
}

function noId(file: SourceFile, first: LdifEntry): SourceError {
  const message = `${file.path}: nobody, such as the person in ${positionOf(first)}, has any of ${[...stableIds, ...loginIds].join(', ')}: export one of them, or name the id's attribute in mapping.externalId`;
  return new SourceError('fatal', 'configuration', message);
}

/** What a look at all entries tells. */
interface Look {
  first?: LdifEntry;
  /** The best attribute of an id that anybody has. */
  idAttribute?: string | undefined;
  /** The suffixes of people's DNs. */
  readonly suffixes: Set<string>;
  /** NetBIOS names by the DN of their domain, from the partitions container. */
  readonly domains: Map<string, string>;
}

/** More suffixes than a forest has domains are no suffixes; the first ones tell enough. */
const mostSuffixes = 1_000;

async function lookThrough(
  file: SourceFile,
  selection: LdifSelection,
  { groups, groupAttribute, signal }: { groups: GroupNames; groupAttribute: string; signal: AbortSignal },
): Promise<Look> {
  const look: Look = { suffixes: new Set(), domains: new Map() };
  for await (const entries of readLdif(file, selection, signal))
    for (const entry of entries) {
      for (const group of entry.texts.get(groupAttribute) ?? []) groups.note(group);
      if (isGroup(entry)) groups.note(entry.dn);
      const [name, dn] = [entry.texts.get('netbiosname')?.[0], entry.texts.get('ncname')?.[0]];
      if (name !== undefined && dn !== undefined) look.domains.set(dn, name);
      if (!isPerson(entry)) continue;
      look.first ??= entry;
      if (look.suffixes.size < mostSuffixes) look.suffixes.add(suffixOf(entry.dn));
      look.idAttribute = betterId(look.idAttribute, entry);
    }
  return look;
}

/** The innermost domain that a DN is in. */
function domainOf(dn: string, domains: ReadonlyMap<string, string>): string | undefined {
  const around = [...domains].filter(([domain]) => isWithin(dn, domain));
  return around.sort(([a], [b]) => b.length - a.length)[0]?.[1];
}

/** Of several domains of one forest the one around them, whatever the order of the entries; else the first by the alphabet. */
function outermost(suffixes: ReadonlySet<string>): string {
  const byLength = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : 1);
  return [...suffixes].sort(byLength)[0] ?? '';
}

/** `dc=corp,dc=example,dc=com`, or the last part of a DN without domain components. */
function suffixOf(dn: string): string {
  const parts = parseDn(dn) ?? [];
  const start = parts.findLastIndex((part) => !part.startsWith('dc=')) + 1;
  return parts.slice(Math.min(start, parts.length - 1)).join(',');
}

async function* readAll(file: SourceFile, survey: Survey, signal: AbortSignal): Read {
  const collected = new Collected();
  const skipped = new Map<string, number>();
  const entries = readLdif(file, survey.selection, signal);
  let next = await entries.next();
  for (; next.done !== true; next = await entries.next()) {
    for (const entry of next.value) {
      collect(entry, survey, collected, skipped);
      if (!collected.pageIsFull) continue;
      yield collected.takePage();
      signal.throwIfAborted();
    }
  }
  const page = collected.takePage();
  if (page.records.length + page.rejected.length > 0) yield page;
  const { cut, references } = next.value;
  const reasons = [cut, await file.changed()].filter((reason) => reason !== undefined);
  const notes = [
    ...survey.context.groups.problems,
    ...[...skipped].map(([what, count]) => `${String(count)} entries skipped: ${what}`),
    ...(references === 0 ? [] : [`${String(references)} continuation references not followed`]),
  ];
  return { whole: reasons.length === 0, ...(reasons.length === 0 ? {} : { reason: reasons.join('; ') }), notes };
}

function collect(entry: LdifEntry, survey: Survey, collected: Collected, skipped: Map<string, number>): void {
  const outcome = mapEntry(entry, survey.context);
  if ('record' in outcome) collected.add(outcome.record, positionOf(entry));
  else if ('rejected' in outcome) collected.reject(outcome.rejected);
  else skipped.set(outcome.skipped, (skipped.get(outcome.skipped) ?? 0) + 1);
}

/** `path`, what the file holds, and its first page. */
async function check(settings: Config, kit: Kit): Promise<readonly CheckStep[]> {
  const report = new CheckReport();
  const file = await report.step('file', () => SourceFile.open(settings.connection.path), describeFile);
  if (file === undefined) return report.steps;
  try {
    const survey = await report.step('entries', () => surveyFile(file, settings, kit), describeSurvey);
    if (survey === undefined) return report.steps;
    await report.step('page', () => firstPage(readAll(file, survey, kit.signal)), describePage);
  } finally {
    await file.close();
  }
  return report.steps;
}

function describeSurvey({ context, systemId }: Survey): Finding {
  const unread = context.plan.attributes.filter((attribute) => !context.present.has(attribute));
  const attributes =
    unread.length === 0 ? 'every mapped attribute occurs' : `not read, as they do not occur: ${unread.join(', ')}`;
  const { problems } = context.groups;
  const detail = [systemId, attributes, ...problems].join('; ');
  return problems.length === 0 ? { detail } : { detail, remedy: 'correct the group in the roles of this source' };
}

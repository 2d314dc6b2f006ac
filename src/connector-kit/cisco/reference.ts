import type { SourceTeam } from '../../domain/account.ts';
import { wordsOf } from '../http/document.ts';
import type { XmlElement } from '../soap/xml.ts';
import { nameKey, valueOrEmpty, valueProblem } from '../value.ts';

/** The id at the end of a link: behind the last slash, decoded. Undefined where there is none. */
export function idInLink(link: string | undefined): string | undefined {
  const tail = /([^/]+)\/?$/.exec(link?.trim() ?? '')?.[1];
  return tail === undefined ? undefined : decoded(tail);
}

/** A link with a broken escape was never escaped. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

/** The name of a reference to another object: an attribute in the one product, an element in the other. */
export function nameOfReference(reference: XmlElement): string | undefined {
  const name = reference.attributes.get('name') ?? wordsOf(reference, 'name') ?? '';
  return valueProblem(name) === undefined ? (valueOrEmpty(name) ?? undefined) : undefined;
}

/** The number of the object that a reference leads to; links carry it and nothing else does. */
export function idOfReference(reference: XmlElement): string | undefined {
  const id = idInLink(wordsOf(reference, 'refurl') ?? reference.attributes.get('refURL'))?.replace(/[?#].*$/, '');
  return id === undefined || id === '' || valueProblem(id) !== undefined ? undefined : id;
}

/**
 * The team that a reference leads to, whose name may be known from elsewhere. Undefined where it cannot be said; null for an
 * empty reference.
 */
function teamOfReference(reference: XmlElement, names: ReadonlyMap<string, string>): SourceTeam | undefined | null {
  const id = idOfReference(reference);
  const name = nameOfReference(reference) ?? names.get(id ?? '');
  if (name !== undefined) return { id: id ?? nameKey(name), name };
  return id === undefined && reference.children.length === 0 && reference.text.trim() === '' ? null : undefined;
}

/** The teams that references lead to, each once; undefined as soon as one cannot be said. */
export function teamsOfReferences(
  references: readonly XmlElement[],
  names: ReadonlyMap<string, string>,
): readonly SourceTeam[] | undefined {
  const teams = new Map<string, SourceTeam>();
  for (const reference of references) {
    const team = teamOfReference(reference, names);
    if (team === undefined) return undefined;
    if (team !== null) teams.set(team.id, team);
  }
  return [...teams.values()];
}

import type { SourceTeam } from '../../src/domain/account.ts';
import { idInLink } from '../../src/connector-kit/cisco/reference.ts';
import { elementOf, elementsOf, wordsOf } from '../../src/connector-kit/http/document.ts';
import type { XmlElement } from '../../src/connector-kit/soap/xml.ts';
import { nameKey, valueOrEmpty, valueProblem } from '../../src/connector-kit/value.ts';
import { userId } from './schema.ts';

/** A team as the list of teams has it. Supervisors and members are user ids, folded. */
export interface Team extends SourceTeam {
  readonly supervisors: ReadonlySet<string>;
  readonly members: ReadonlySet<string>;
}

/** The teams of the system. */
export class Teams {
  readonly all: readonly Team[];
  /** Team id → name. */
  readonly names: ReadonlyMap<string, string>;
  readonly #showSupervisors: boolean;

  constructor(elements: readonly XmlElement[]) {
    this.all = elements.flatMap((element) => teamOf(element) ?? []);
    this.names = new Map(this.all.map(({ id, name }) => [id, name]));
    this.#showSupervisors = elements.some((element) => supervisorsOf(element).length > 0);
  }

  /** The teams that somebody supervises; undefined where the list of teams names no supervisors at all. */
  supervisedBy(id: string): readonly SourceTeam[] | undefined {
    if (!this.#showSupervisors) return undefined;
    return this.all
      .filter(({ supervisors }) => supervisors.has(nameKey(id)))
      .map((team) => ({ id: team.id, name: team.name }));
  }

  /** Whether the list says who is in a team. Some exports of it do not; the resources say it in any case. */
  get showMembers(): boolean {
    return this.all.some(({ members }) => members.size > 0);
  }
}

function teamOf(element: XmlElement): Team | undefined {
  const id = (wordsOf(element, 'teamid')?.trim() ?? '') || idInLink(wordsOf(element, 'self'));
  const name = wordsOf(element, 'teamname') ?? element.attributes.get('name') ?? '';
  if (id === undefined || [id, name].some((text) => valueProblem(text) !== undefined)) return undefined;
  const usual = valueOrEmpty(name);
  if (usual === null) return undefined;
  const members = elementsOf(elementOf(element, 'resources'), 'resource');
  return { id, name: usual, supervisors: idsOf(supervisorsOf(element)), members: idsOf(members) };
}

/** The misspelt element is what real systems send. */
function supervisorsOf(element: XmlElement): XmlElement[] {
  return [
    ...elementsOf(element, 'primarysupervisor'),
    ...elementsOf(elementOf(element, 'secondarysupervisors'), 'secondrysupervisor', 'secondarysupervisor'),
  ];
}

function idsOf(references: readonly XmlElement[]): Set<string> {
  const ids = references.map((reference) => userId.safeParse(idInLink(wordsOf(reference, 'refurl'))).data);
  return new Set(ids.filter((id) => id !== undefined).map(nameKey));
}

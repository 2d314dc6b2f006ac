import type { SourceTeam } from '../../src/domain/account.ts';
import { childrenOf, textOf } from '../../src/connector-kit/soap/xml.ts';
import type { XmlElement } from '../../src/connector-kit/soap/xml.ts';
import { nameKey, teamsNamed } from '../../src/connector-kit/value.ts';
import type { Config } from './config.ts';

/** A skill of an agent: the number of the hunt group, and how well the agent knows it (1 is best). */
export interface Skill {
  readonly number: string;
  /** Blank where the service gave none. */
  readonly level: string;
}

/** The skills of an agent, by their numbers: numbers (SN) and levels (SL) belong together by position. */
export function skillsOf(agent: XmlElement): Skill[] {
  const levels = byPosition(childrenOf(agent, 'SL'));
  const skills = [...byPosition(childrenOf(agent, 'SN'))].map(([position, number]) => ({
    number: withoutZeros(number),
    level: levels.get(position) ?? '',
  }));
  return skills.sort((a, b) => a.number.length - b.number.length || (a.number < b.number ? -1 : 1));
}

/** `12:1` for skill 12 at level 1. */
export function skillText({ number, level }: Skill): string {
  return level === '' ? number : `${number}:${level}`;
}

/** The values that are not blank. */
function byPosition(elements: readonly XmlElement[]): Map<string, string> {
  const values = elements.map((element, index): [string, string] => [
    element.attributes.get('position')?.trim() ?? String(index + 1),
    element.text.trim(),
  ]);
  return new Map(values.filter(([, value]) => value !== ''));
}

function withoutZeros(number: string): string {
  return number.replace(/^0+(?=\d)/, '');
}

/** What becomes of skills: the team of each by its number, or why that cannot be said. */
export type SkillTeams =
  | { readonly teams: ReadonlyMap<string, string> }
  /** Teams are not read then: they stay as they are. */
  | { readonly problem: string };

type Table = Config['skillTeams'];

/** Whether the table names a skill by its name, so that the hunt groups have to be asked for. */
export function namesSkills(table: Table): boolean {
  return Object.keys(table).some((key) => !isNumber(key));
}

/** The table by numbers; `huntGroups` is what the service answered, where the table has names. */
export function teamsBySkill(table: Table, huntGroups: readonly XmlElement[]): SkillTeams {
  const teams = new Map<string, string>();
  const numbers = numbersByName(huntGroups);
  for (const [skill, team] of Object.entries(table)) {
    const found = isNumber(skill) ? [withoutZeros(skill)] : (numbers.get(nameKey(skill)) ?? []);
    const [number] = found;
    if (number === undefined) return { problem: `skillTeams: there is no skill named "${skill}"` };
    if (found.length > 1) return { problem: `skillTeams: several skills are named "${skill}"; use the number` };
    teams.set(number, team);
  }
  return { teams };
}

/** The teams that an agent's skills stand for. */
export function teamsOf(skills: readonly Skill[], teams: ReadonlyMap<string, string>): readonly SourceTeam[] {
  return teamsNamed(skills.flatMap(({ number }) => teams.get(number) ?? []));
}

function isNumber(key: string): boolean {
  return /^\d+$/.test(key);
}

/** Of the hunt groups that are skills; where the service does not say which are, of all. */
function numbersByName(huntGroups: readonly XmlElement[]): Map<string, string[]> {
  const numbers = new Map<string, string[]>();
  for (const group of huntGroups) {
    const [number, name, skill] = ['Group_Number', 'Group_Name', 'Skill'].map((field) => textOf(group, field));
    if (number === undefined || number === '' || name === undefined || (skill ?? 'y').toLowerCase() !== 'y') continue;
    const key = nameKey(name);
    numbers.set(key, [...(numbers.get(key) ?? []), withoutZeros(number)]);
  }
  return numbers;
}

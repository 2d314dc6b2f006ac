import { createHash } from 'node:crypto';
import type {
  AgentSkill,
  AvayaAgent,
  AvayaHuntGroup,
  CommunicationManager,
} from './avaya-sms/communication-manager.ts';

/** One thing that happened in the life of an ACD. */
type LifeEvent = {
  readonly kind: 'joined' | 'left' | 'renamed' | 'skills-changed' | 'id-reused';
  readonly loginId: string;
  /** The agent before it; nobody where the id was free. After a re-use: who had the id last. */
  readonly before: AvayaAgent | undefined;
  /** The agent after it; nobody where the id is free now. */
  readonly after: AvayaAgent | undefined;
  /** The same in a sentence. */
  readonly text: string;
};

/** What a life starts from; the same numbers give the same life, on every machine. */
export type LifeOptions = {
  readonly seed: number;
  /** Agents at the beginning, who are people; two automatic answering systems come on top. Default 60. */
  readonly agents?: number;
};

/** The life of an ACD, which happens step by step in a Communication Manager. */
export type LivingAcd = {
  /** Lets the next thing happen. */
  readonly step: () => LifeEvent;
};

type Kind = LifeEvent['kind'];
type Person = { readonly given: string; readonly family: string };
type Gender = 'f' | 'm';

const WOMEN = [
  'Eva',
  'Jana',
  'Zdeňka',
  'Šárka',
  'Lucie',
  'Renée',
  'Siobhán',
  'Ágnes',
  'Małgorzata',
  'Zoë',
  'Ioana',
  'Thị',
];
const MEN = [
  'Jan',
  'Tomáš',
  'Jiří',
  'Ondřej',
  'Łukasz',
  'Jürgen',
  'Óscar',
  'Björn',
  'Péter',
  'Andrei',
  'Minh',
  'Ciarán',
];
const FAMILIES = [
  'Dvořák',
  'Kučera',
  'Müller',
  "O'Brien",
  'Nguyễn',
  'Žižka',
  'Öztürk',
  'Åkesson',
  'Kowalczyk',
  'Szabó',
];
const MORE_FAMILIES = ['Ionescu', 'Groß', 'Þórsson', 'Fernández', 'de la Cruz', 'Horák', 'Smith', 'Řezníček', 'Nagy'];

const SKILLS: Readonly<Record<string, AvayaHuntGroup>> = {
  '11': skill('Inbound CZ', '7011'),
  '12': skill('Inbound DE', '7012'),
  '15': skill('Retention', '7015'),
  '18': skill('Back office', '7018'),
  '21': skill('Technical support', '7021'),
  '90': { ...skill('Attendants', '7090'), Group_Type: 'circ', ACD: 'n', Skill: 'n' },
};
const AUTOMATIC: Readonly<Record<string, AvayaAgent>> = {
  '0499001': { Name: 'IVR Welcome', AAS: 'y', skills: [] },
  '0499002': { Name: 'IVR Survey', AAS: 'y', skills: [] },
};
/** With a leading zero: a dial plan may have it, and whoever takes an id for a number loses it. */
const FIRST_ID = 410_001;

/** What a newcomer should see soon, in an order in which each makes sense; chance takes over behind it. */
const OPENING: readonly Kind[] = ['renamed', 'left', 'skills-changed', 'joined', 'left', 'id-reused'];
const CHANCES: readonly Kind[] = [
  'joined',
  'joined',
  'left',
  'left',
  'renamed',
  'skills-changed',
  'skills-changed',
  'id-reused',
];

/** Fills `cm` with agents and skills, and gives its life. */
export function startLife(cm: CommunicationManager, { seed, agents = 60 }: LifeOptions): LivingAcd {
  const life = new Life(cm, seed, agents);
  return { step: () => life.step() };
}

class Life {
  readonly #agents: CommunicationManager['agents'];
  readonly #random: () => number;
  readonly #atStart: number;
  /** Ids whose owner has left. The last one is given away first, so that whoever has just begun to watch sees it. */
  readonly #free: { readonly loginId: string; readonly last: AvayaAgent }[] = [];
  readonly #genders = new Map<string, Gender>();
  #nextId = FIRST_ID;
  #steps = 0;

  constructor(cm: CommunicationManager, seed: number, agents: number) {
    this.#agents = cm.agents;
    this.#random = randomFrom(seed);
    this.#atStart = agents;
    for (const [number, group] of Object.entries(SKILLS)) cm.huntGroups.set(number, group);
    for (const [loginId, agent] of Object.entries(AUTOMATIC)) cm.agents.set(loginId, agent);
    for (let index = 0; index < agents; index += 1) this.#join(this.#newId());
  }

  step(): LifeEvent {
    const kind = OPENING[this.#steps] ?? this.#possible(this.#pick(CHANCES));
    this.#steps += 1;
    switch (kind) {
      case 'joined':
        return this.#joined(this.#newId());
      case 'left':
        return this.#left();
      case 'renamed':
        return this.#renamed();
      case 'skills-changed':
        return this.#skillsChanged();
      case 'id-reused':
        return this.#idReused();
    }
  }

  /** Keeps the number of agents near to that at the start, and re-uses only what is free. */
  #possible(kind: Kind): Kind {
    const people = this.#agents.size - Object.keys(AUTOMATIC).length;
    if (kind === 'left' && people <= this.#atStart * 0.8) return 'joined';
    if (kind === 'joined' && people >= this.#atStart * 1.2) return 'left';
    if (kind === 'id-reused' && this.#free.length === 0) return 'left';
    return kind;
  }

  #joined(loginId: string): LifeEvent {
    const after = this.#join(loginId);
    return { kind: 'joined', loginId, before: undefined, after, text: `${loginId}: ${after.Name} joins` };
  }

  #left(): LifeEvent {
    const [loginId, before] = this.#somebody();
    this.#agents.delete(loginId);
    this.#free.push({ loginId, last: before });
    return {
      kind: 'left',
      loginId,
      before,
      after: undefined,
      text: `${loginId}: ${before.Name} leaves, the id is removed`,
    };
  }

  /** Marriage: another family name. */
  #renamed(): LifeEvent {
    const [loginId, before] = this.#somebody();
    const { given, family } = personOf(before);
    const others = [...FAMILIES, ...MORE_FAMILIES].filter((name) => name !== family && feminine(name) !== family);
    const gender = this.#genders.get(loginId) ?? 'm';
    const after = { ...before, Name: nameOf({ given, family: inGender(this.#pick(others), gender) }) };
    this.#agents.set(loginId, after);
    return { kind: 'renamed', loginId, before, after, text: `${loginId}: ${before.Name} is now ${after.Name}` };
  }

  #skillsChanged(): LifeEvent {
    const [loginId, before] = this.#somebody();
    const told = (skills: readonly AgentSkill[] = []): string =>
      skills.map(({ number, level }) => `${SKILLS[number]?.Group_Name ?? number}/${level}`).join(', ');
    let skills = this.#newSkills();
    while (told(skills) === told(before.skills)) skills = this.#newSkills();
    const after = { ...before, skills };
    this.#agents.set(loginId, after);
    const text = `${loginId}: ${before.Name} had ${told(before.skills)}, has ${told(after.skills)}`;
    return { kind: 'skills-changed', loginId, before, after, text };
  }

  #idReused(): LifeEvent {
    const free = this.#free.pop();
    if (free === undefined) return this.#left();
    const { loginId, last } = free;
    const after = this.#join(loginId, personOf(last));
    return {
      kind: 'id-reused',
      loginId,
      before: last,
      after,
      text: `${loginId}: was ${last.Name}, is given to ${after.Name}`,
    };
  }

  /** A new person under this id, in both names another one than `notLike`. */
  #join(loginId: string, notLike?: Person): AvayaAgent {
    const gender = this.#random() < 0.5 ? 'f' : 'm';
    this.#genders.set(loginId, gender);
    const given = this.#pick((gender === 'f' ? WOMEN : MEN).filter((name) => name !== notLike?.given));
    const families = [...FAMILIES, ...MORE_FAMILIES];
    const other = families.filter((name) => name !== notLike?.family && feminine(name) !== notLike?.family);
    const agent = { Name: nameOf({ given, family: inGender(this.#pick(other), gender) }), skills: this.#newSkills() };
    this.#agents.set(loginId, agent);
    return agent;
  }

  #newSkills(): AgentSkill[] {
    const numbers = Object.keys(SKILLS).filter((number) => SKILLS[number]?.Skill === 'y');
    const first = this.#pick(numbers);
    const second = this.#pick(numbers);
    const level = (): string => String(1 + Math.floor(this.#random() * 3));
    return [first, ...(second === first ? [] : [second])].map((number) => ({ number, level: level() }));
  }

  #somebody(): [string, AvayaAgent] {
    return this.#pick([...this.#agents].filter(([, { AAS }]) => AAS !== 'y'));
  }

  #newId(): string {
    const id = `0${this.#nextId}`;
    this.#nextId += 1;
    return id;
  }

  #pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.#random() * items.length)];
    if (item === undefined) throw new Error('nothing to choose from');
    return item;
  }
}

function skill(name: string, extension: string): AvayaHuntGroup {
  return { Group_Name: name, Group_Extension: extension, Group_Type: 'ead-mia', ACD: 'y', Queue: 'y', Skill: 'y' };
}

/** Communication Manager keeps one name, and most sites write the family name first. */
function nameOf({ given, family }: Person): string {
  return `${family}, ${given}`;
}

function personOf({ Name }: AvayaAgent): Person {
  const [family = '', given = ''] = Name.split(', ', 2);
  return { given, family };
}

function inGender(family: string, gender: Gender): string {
  return gender === 'f' ? feminine(family) : family;
}

/** Czech names have a form for women; the other ones here do not. */
function feminine(family: string): string {
  if (['Dvořák', 'Horák'].includes(family)) return `${family}ová`;
  const stems: Readonly<Record<string, string>> = { Kučera: 'Kučerová', Žižka: 'Žižková', Řezníček: 'Řezníčková' };
  return stems[family] ?? family;
}

/** Numbers from 0 to below 1 that depend on the seed alone. */
function randomFrom(seed: number): () => number {
  let drawn = 0;
  return () => {
    drawn += 1;
    return createHash('sha256').update(`${seed} ${drawn}`).digest().readUInt32BE() / 2 ** 32;
  };
}

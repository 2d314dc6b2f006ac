import { startUcce } from './cisco/ucce.ts';
import { startUccx } from './cisco/uccx.ts';
import { startGenesysCloud } from './genesys/cloud.ts';

/** What `npm run simulate` needs of a kind. */
export type LivingKind = {
  /** What is there, in a sentence. */
  readonly introduction: string;
  readonly connection: object;
  readonly password: string;
  /** The key of `connection` that the password belongs to; default `password`. */
  readonly secretKey?: string;
  /** Lets the next thing happen, and tells it. */
  readonly step: () => string;
  readonly close: () => Promise<void>;
};

export type LivingOptions = {
  readonly seed: number;
  readonly agents: number;
  /** Told of each request in a line. */
  readonly onCall: (line: string) => void;
};

/** An agent as both systems can hold it. */
type Person = { readonly number: number; readonly first: string; readonly last: string; readonly team: number };

const FIRST = ['Eva', 'Jan', 'Šárka', 'Ondřej', 'Zoë', 'Péter', 'Małgorzata', 'Jürgen'];
const LAST = ['Dvořák', 'Müller', "O'Brien", 'Nguyễn', 'Žižka', 'Åkesson', 'Szabó', 'Horák'];
export const TEAMS = ['North', 'South', 'Back office'];
/** What a newcomer should see soon; it goes round. */
const HAPPENINGS = ['moves', 'joins', 'marries', 'leaves', 'joins', 'leaves'] as const;

/** A Unified CCX that lives. */
export async function liveUccx(options: LivingOptions): Promise<LivingKind> {
  const uccx = await startUccx({ onCall: options.onCall });
  TEAMS.forEach((name, index) => uccx.system.teams.set(String(index + 2), { name, primary: idOf(index) }));
  const life = new Life(options, {
    put: ({ number, first, last, team }) =>
      uccx.system.resources.set(idOf(number), {
        ...{ firstName: first, lastName: last, extension: String(6100 + number), team: String(team + 2) },
        supervisor: number < TEAMS.length,
      }),
    remove: ({ number }) => uccx.system.resources.delete(idOf(number)),
  });
  const { origin: url, username, password, caFile, close } = uccx;
  const introduction = `A Cisco Unified CCX with ${options.agents} agents in ${TEAMS.length} teams`;
  return { introduction, connection: { url, username, tls: { caFile } }, password, step: () => life.step(), close };
}

/** A Unified CCE that lives. */
export async function liveUcce(options: LivingOptions): Promise<LivingKind> {
  const ucce = await startUcce({ onCall: options.onCall });
  TEAMS.forEach((name, index) =>
    ucce.system.teams.set(String(5001 + index), { name, supervisors: [String(7000 + index)] }),
  );
  const life = new Life(options, {
    put: ({ number, first, last, team }) =>
      ucce.system.agents.set(String(7000 + number), {
        ...{
          agentId: String(1000 + number),
          firstName: first,
          lastName: last,
          userName: `${idOf(number)}@corp.example`,
        },
        ...{ team: String(5001 + team), supervisor: number < TEAMS.length, skills: ['Sales'] },
      }),
    remove: ({ number }) => ucce.system.agents.delete(String(7000 + number)),
  });
  const { origin: url, username, password, caFile, close } = ucce;
  const introduction = `A Cisco Unified CCE with ${options.agents} agents in ${TEAMS.length} teams`;
  return { introduction, connection: { url, username, tls: { caFile } }, password, step: () => life.step(), close };
}

/** An organisation of Genesys Cloud that lives. Whoever leaves stays in its list as deleted. */
export async function liveGenesysCloud(options: LivingOptions): Promise<LivingKind> {
  const cloud = await startGenesysCloud({ onCall: options.onCall });
  const { organisation, caFile, close } = cloud;
  TEAMS.forEach((name, index) => organisation.teams.set(`team-${index}`, name));
  const put = ({ number, first, last, team }: Person, state: 'active' | 'deleted'): void => {
    const username = `${idOf(number)}@corp.example`;
    const roles = number < TEAMS.length ? ['Supervisor'] : ['employee'];
    const more = { employeeId: `E-${idOf(number)}`, team: `team-${team}`, skills: { Sales: 3 }, roles };
    organisation.users.set(cloudId(number), { name: `${first} ${last}`, username, state, ...more });
  };
  const life = new Life(options, {
    put: (person) => put(person, 'active'),
    remove: (person) => put(person, 'deleted'),
  });
  return {
    introduction: `An organisation of Genesys Cloud with ${options.agents} users in ${TEAMS.length} teams`,
    connection: { url: cloud.origin, clientId: organisation.clientId, tls: { caFile } },
    password: organisation.clientSecret,
    secretKey: 'clientSecret',
    step: () => life.step(),
    close,
  };
}

function cloudId(number: number): string {
  return `6f1c0000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

type Place = { readonly put: (person: Person) => unknown; readonly remove: (person: Person) => unknown };

/** Agents who come, marry, move to another team and go; the same numbers give the same life. Supervisors stay. */
export class Life {
  readonly #place: Place;
  readonly #people: Person[] = [];
  #chance: number;
  #next = 0;
  #steps = 0;

  constructor({ seed, agents }: LivingOptions, place: Place) {
    this.#place = place;
    this.#chance = seed;
    for (let index = 0; index < agents; index += 1) this.#join();
  }

  step(): string {
    const what = HAPPENINGS[this.#steps % HAPPENINGS.length] ?? 'joins';
    this.#steps += 1;
    const person = what === 'joins' ? this.#join() : this.#somebody();
    const name = `${person.first} ${person.last} (${idOf(person.number)})`;
    if (what === 'leaves') {
      this.#people.splice(this.#people.indexOf(person), 1);
      this.#place.remove(person);
    } else if (what !== 'joins') {
      const change = what === 'moves' ? { team: (person.team + 1) % TEAMS.length } : { last: this.#pick(LAST) };
      const changed = { ...person, ...change };
      this.#people.splice(this.#people.indexOf(person), 1, changed);
      this.#place.put(changed);
      const to = what === 'moves' ? (TEAMS[changed.team] ?? '') : changed.last;
      return `${name} ${what === 'moves' ? 'moves to the team' : 'is now called'} ${to}`;
    }
    return `${name} ${what}`;
  }

  #join(): Person {
    const number = this.#next;
    this.#next += 1;
    const person = { number, first: this.#pick(FIRST), last: this.#pick(LAST), team: number % TEAMS.length };
    this.#people.push(person);
    this.#place.put(person);
    return person;
  }

  #somebody(): Person {
    const person = this.#pick(this.#people.filter(({ number }) => number >= TEAMS.length));
    return person;
  }

  #pick<T>(from: readonly T[]): T {
    this.#chance = (Math.imul(this.#chance, 1_103_515_245) + 12_345) >>> 0;
    const picked = from[(this.#chance >>> 8) % from.length];
    if (picked === undefined) throw new Error('there is nobody left');
    return picked;
  }
}

/** With leading zeros, which whoever takes an id for a number loses. */
export function idOf(number: number): string {
  return String(number).padStart(5, '0');
}

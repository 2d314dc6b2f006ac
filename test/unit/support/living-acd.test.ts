import { expect, test } from 'vitest';
import type { AvayaAgent, CommunicationManager } from '../../support/simulators/avaya-sms/communication-manager.ts';
import { startLife } from '../../support/simulators/living-acd.ts';

const STEPS = 2_000;

function lived(seed: number): { cm: CommunicationManager; events: ReturnType<ReturnType<typeof startLife>['step']>[] } {
  const cm: CommunicationManager = { agents: new Map(), huntGroups: new Map() };
  const life = startLife(cm, { seed, agents: 60 });
  return { cm, events: Array.from({ length: STEPS }, () => life.step()) };
}

test('the same seed gives the same life, another one another', () => {
  const [one, same, other] = [lived(7), lived(7), lived(8)];
  expect(same.events).toEqual(one.events);
  expect([...same.cm.agents]).toEqual([...one.cm.agents]);
  expect(other.events).not.toEqual(one.events);
});

test('the first six things show everything that can happen', () => {
  const kinds = ['renamed', 'left', 'skills-changed', 'joined', 'left', 'id-reused'];
  expect(
    lived(1)
      .events.slice(0, 6)
      .map(({ kind }) => kind),
  ).toEqual(kinds);
});

test('each thing is what it says, and the ACD is what follows from them', () => {
  const cm: CommunicationManager = { agents: new Map(), huntGroups: new Map() };
  const life = startLife(cm, { seed: 3, agents: 60 });
  const left = new Map<string, AvayaAgent>();
  const used = new Set(cm.agents.keys());
  for (let step = 0; step < STEPS; step += 1) {
    const before = new Map(cm.agents);
    const { kind, loginId, before: was, after } = life.step();
    expect(cm.agents.get(loginId)).toEqual(after);
    expect(new Map([...cm.agents].filter(([id]) => id !== loginId))).toEqual(
      new Map([...before].filter(([id]) => id !== loginId)),
    );
    const [family, given] = after?.Name.split(', ') ?? [];
    const [familyBefore, givenBefore] = was?.Name.split(', ') ?? [];
    if (kind === 'joined') expect([was, used.has(loginId)]).toEqual([undefined, false]);
    else if (kind === 'id-reused') {
      expect([before.has(loginId), left.get(loginId)]).toEqual([false, was]);
      expect([given === givenBefore, family === familyBefore]).toEqual([false, false]);
    } else expect(was).toEqual(before.get(loginId));
    if (kind === 'left' && was !== undefined) left.set(loginId, was);
    if (kind === 'renamed') expect([given === givenBefore, family === familyBefore]).toEqual([true, false]);
    if (kind === 'skills-changed') expect([after?.Name, after?.skills]).not.toEqual([was?.Name, was?.skills]);
    used.add(loginId);
  }
});

test('it stays the size that it had, with names and ids that tempt the careless', () => {
  const { agents } = lived(5).cm;
  const people = [...agents].filter(([, { AAS }]) => AAS !== 'y');
  expect(agents.size - people.length).toBe(2);
  expect(people.length).toBeGreaterThan(40);
  expect(people.length).toBeLessThan(80);
  expect([...agents.keys()].every((id) => id.startsWith('0'))).toBe(true);
  // The CM keeps 27 characters.
  expect(people.every(([, { Name }]) => Name.length <= 27)).toBe(true);
  expect(people.some(([, { Name }]) => Name !== Name.normalize('NFD'))).toBe(true);
});

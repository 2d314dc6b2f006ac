import { afterEach, describe, expect, it } from 'vitest';
import type { DryRunReport } from '../../../src/cli/shapes.ts';
import { fakeWorld } from './fake-world.ts';
import type { FakeWorld } from './fake-world.ts';
import { sampleRun } from './samples.ts';

const worlds: FakeWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.clean();
});

const decision = { run: 9, source: 'acd', held: false, externalId: '4711', userId: 5, username: 'jnovak' };
const report: DryRunReport = {
  runs: [sampleRun],
  refused: [],
  decisions: [
    {
      ...{ ...decision, kind: 'values' },
      changes: [
        { field: 'lastName', before: 'Novák', after: 'Malý', class: 'fieldChanged' },
        { field: 'email', before: 'jan@corp.test', after: null, class: 'fieldBlanked' },
      ],
    },
    { ...decision, kind: 'gone', externalId: '4712', username: null, userId: null, changes: [] },
    {
      ...{ ...decision, kind: 'values', userId: 6, username: 'emala' },
      changes: [{ field: 'lastName', before: 'Malá', after: 'Nová', class: 'fieldChanged' }],
    },
    { ...decision, kind: 'unmatched', externalId: '4713', username: null, userId: null, changes: [] },
  ],
  questions: [{ kind: 'already-linked', source: 'acd', userIds: [5], evidence: {} }],
  leftOut: false,
};

async function world(answer: DryRunReport): Promise<FakeWorld> {
  const fake = await fakeWorld({ ports: { dryRun: () => Promise.resolve(answer) } });
  worlds.push(fake);
  return fake;
}

describe('sync --dry-run without a daemon', () => {
  it('13.4 shows people user, field, before and after, class by class, and opens no store for writing', async () => {
    const fake = await world(report);
    expect(await fake.run('sync', 'acd', '--dry-run')).toBe(0);
    expect(fake.stdout.lines.map((line) => line.trimEnd().split(/ {2,}/))).toEqual([
      ['CLASS', 'USER', 'FIELD', 'BEFORE', 'AFTER'],
      ['fieldChanged', 'jnovak', 'lastName', 'Novák', 'Malý'],
      ['fieldChanged', 'emala', 'lastName', 'Malá', 'Nová'],
      ['fieldBlanked', 'jnovak', 'email', 'jan@corp.test'],
      ['gone', 'acd 4712'],
    ]);
    expect(fake.stderr.lines).toEqual([
      ...['fieldChanged: 2 users or accounts', 'fieldBlanked: 1 users or accounts', 'gone: 1 users or accounts'],
      ...['question already-linked: 1', 'Nothing of this was done.'],
    ]);
    expect(fake.asked).toEqual([]);
  });

  it('13.4 ends with 6 where a run would be held, and does not say how to approve what there is not', async () => {
    const message = 'the run would change too much: x: nothing was applied. See it with: rosterd run show 9';
    const held = { ...sampleRun, state: 'held' as const, error: { code: 'held', message } };
    const fake = await world({ ...report, runs: [held] });
    expect(await fake.run('sync', '--dry-run')).toBe(6);
    expect(fake.stderr.text).toContain(`would be held: the run would change too much: x (held)`);
    expect(fake.stderr.text).not.toContain('run show');
  });

  it('13.4 gives programs one object per line', async () => {
    const fake = await world(report);
    expect(await fake.run('sync', '--dry-run', '--json')).toBe(0);
    const lines = fake.stdout.lines.map((line) => JSON.parse(line) as { is: string });
    expect(lines.map(({ is }) => is)).toEqual([...Array.from({ length: 4 }, () => 'decision'), 'question', 'run']);
    expect(lines[0]).toMatchObject({ kind: 'values', username: 'jnovak' });
  });
});

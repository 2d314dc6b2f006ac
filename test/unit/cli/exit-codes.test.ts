import { describe, expect, it } from 'vitest';
import { describeFailure, errorOfAnswer } from '../../../src/cli/errors.ts';
import { exitCodeOfSync } from '../../../src/cli/exit-codes.ts';
import type { Run } from '../../../src/cli/shapes.ts';
import { fakeWorld, Status } from './fake-world.ts';
import { sampleRun } from './samples.ts';

const completed = sampleRun;
const rejects: Run = { ...sampleRun, state: 'completed-with-rejects' };
const held: Run = { ...sampleRun, state: 'held' };
const cancelled: Run = { ...sampleRun, state: 'cancelled' };
const failed = (code: string): Run => ({ ...sampleRun, state: 'failed', error: { code, message: 'm' } });
const refused = (code: string) => ({ source: 'x', code, message: 'm' });

describe('exit code of a sync', () => {
  it.each([
    ['nothing at all', [], [], 0],
    ['completed', [completed], [], 0],
    ['with rejects', [completed, rejects], [], 5],
    ['held before rejects', [rejects, held], [], 6],
    ['failed before held', [held, failed('incomplete-read')], [], 1],
    ['cancelled', [cancelled], [], 1],
    ['incomplete', [failed('incomplete')], [], 1],
    ['log-in refused before failed', [failed('protocol'), failed('login-refused')], [], 4],
    ['right missing', [failed('right-missing')], [], 4],
    ['no connection before everything', [failed('login-refused'), failed('unreachable'), held, completed], [], 7],
    ['time-out', [failed('timeout')], [], 7],
    ['TLS', [failed('tls')], [], 7],
    ['disk full', [failed('storage')], [], 7],
    ['a paused source that was named', [completed], [refused('source-paused')], 1],
    ['a source that does not exist', [completed], [refused('source-unknown')], 3],
    ['a file that is missing', [failed('file-missing')], [], 1],
  ] as const)('%s', (_name, runs, refusals, code) => {
    expect(exitCodeOfSync(runs, refusals)).toBe(code);
  });
});

describe('exit code of an answer', () => {
  it.each([
    [400, 'request-invalid', 2],
    [401, 'token-required', 4],
    [403, 'permission-missing', 4],
    [404, 'user-unknown', 3],
    [409, 'sync-not-available', 1],
    [412, 'version-changed', 1],
    [422, 'until-not-in-the-future', 2],
    [500, 'internal', 1],
    [503, 'too-slow', 7],
  ] as const)('%i %s', async (status, code, exit) => {
    const fake = await fakeWorld({ answer: () => new Status(status, { status, code, detail: 'd' }) });
    try {
      expect(await fake.run('user', 'show', 'x')).toBe(exit);
    } finally {
      await fake.clean();
    }
  });
  it('a proxy that answers with something else', () => {
    expect(errorOfAnswer(502, '<html>')).toMatchObject({ code: 'http-502', exitCode: 7 });
  });
});

describe('exit code of an error of the composition root', () => {
  const error = (code: string): Error => Object.assign(new Error('m'), { code });
  it.each([
    ['no-store', 3],
    ['data-directory-held', 1],
    ['invalid-configuration', 1],
    ['storage', 7],
    ['ECONNREFUSED', 7],
    ['ENOSPC', 7],
    ['login-refused', 4],
  ] as const)('%s', (code, exit) => {
    expect(describeFailure(error(code))).toMatchObject({ code, exitCode: exit });
  });
  it('what nobody expected', () => {
    expect(describeFailure('?')).toEqual({ code: 'internal', message: '?', exitCode: 1 });
  });
});

describe('exit code of a check', () => {
  const failed = (code?: string) => ({ outcome: 'failed', ...(code === undefined ? {} : { code }) });
  it.each([
    ['unreachable', [failed('unreachable')], 7],
    ['tls', [failed('tls')], 7],
    ['login-refused', [failed('login-refused')], 4],
    ['right-missing', [failed('right-missing')], 4],
    ['configuration', [failed('configuration')], 1],
    ['no code', [failed()], 1],
    ['the worst of several', [failed('configuration'), failed('right-missing')], 4],
    ['warnings', [{ outcome: 'warning' }, { outcome: 'ok' }], 0],
  ] as const)('%s', async (_label, outcomes, exit) => {
    const steps = outcomes.map((outcome) => ({ name: 'step', detail: 'd', ...outcome }));
    const source = { id: 'x', lastSuccessAt: '2026-11-30T22:00:00.000Z', nextRuns: ['2026-12-01T03:40:00.000Z'] };
    const fake = await fakeWorld({ answer: ({ method }) => (method === 'POST' ? { steps } : source) });
    try {
      expect(await fake.run('source', 'check', 'x')).toBe(exit);
      const words = fake.stdout.text.replace(/\s+/g, ' ');
      const told = /last read successfully .*can be edited.*tried again by itself 2026-12-01 0/.test(words);
      expect(told, 'since when, what works, and when it goes on').toBe(exit !== 0);
    } finally {
      await fake.clean();
    }
  });
});

describe('wrong usage', () => {
  it.each([
    ['user shw', "unknown command 'shw'"],
    ['user show', "missing required argument 'USER'"],
    ['user show a b', 'too many arguments'],
    ['user list --nope', "unknown option '--nope'"],
    ['start --role boss', 'Allowed choices are all, api, scheduler, worker'],
    ['log --since tomorrow', '"tomorrow" is no time'],
    ['user sync off x --until 2026-02-30', '"2026-02-30" is no time'],
    ['user list --url nonsense', '"nonsense" is no address'],
  ])('%s', async (line, message) => {
    const fake = await fakeWorld();
    try {
      expect(await fake.run(...line.split(' '))).toBe(2);
      expect(fake.stderr.text).toContain(`error: `);
      expect(fake.stderr.text).toContain(message);
      expect(fake.stdout.text).toBe('');
      expect(fake.sent).toEqual([]);
    } finally {
      await fake.clean();
    }
  });
  it('shows the usage line', async () => {
    const fake = await fakeWorld();
    expect(await fake.run('user', 'show')).toBe(2);
    expect(fake.stderr.lines.at(-1)).toBe('usage: rosterd user show [options] <USER>');
    await fake.clean();
  });
});

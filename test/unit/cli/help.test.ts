import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { exitCodeMeanings } from '../../../src/cli/exit-codes.ts';
import { buildProgram } from '../../../src/cli/program.ts';
import { fakeWorld } from './fake-world.ts';

async function program(): Promise<Command> {
  const fake = await fakeWorld();
  await fake.clean();
  return buildProgram(
    async () => undefined,
    fake.world,
    () => undefined,
  );
}

function leaves(command: Command, name = ''): { name: string; command: Command }[] {
  if (command.commands.length === 0) return [{ name: name.trim(), command }];
  return command.commands.flatMap((each) => leaves(each, `${name} ${each.name()}`));
}

async function help(...argv: string[]): Promise<{ text: string; code: number }> {
  const fake = await fakeWorld();
  const code = await fake.run(...argv);
  await fake.clean();
  return { text: fake.stdout.text, code };
}

describe('help', () => {
  it('knows the commands of this version', async () => {
    expect(leaves(await program()).map(({ name }) => name)).toEqual([
      'sync',
      ...['user list', 'user show', 'user explain', 'user history', 'user refresh', 'user sync on', 'user sync off'],
      ...['user set', 'user unset', 'user role give', 'user role take', 'user role withdraw'],
      ...['user team give', 'user team take', 'user team withdraw', 'user team main'],
      ...['user supervision give', 'user supervision take', 'user supervision withdraw'],
      ...['user deactivate', 'user activate', 'user unlink', 'user link', 'user repurpose'],
      ...['user create', 'user purge', 'user numeric-ids'],
      ...['user group', 'user scope set', 'user scope add', 'user scope remove'],
      ...['group list', 'group add', 'group rename', 'group move', 'group remove', 'group team', 'role list'],
      ...['team list', 'team show', 'team rename', 'team remove'],
      ...['team bindings', 'team bind', 'team unbind', 'team merge'],
      ...['bulk', 'csv export', 'csv import', 'csv list', 'csv show', 'csv apply', 'csv cancel', 'csv undo'],
      ...['csv mappings list', 'csv mappings save', 'csv mappings remove'],
      ...['merge list', 'merge preview', 'merge apply'],
      ...['log', 'review list', 'review show', 'review resolve', 'worklist list', 'worklist ack'],
      ...['source list', 'source check', 'source pause', 'source resume', 'source retire', 'source confirm'],
      ...['source move-links', 'account list', 'account refresh', 'account ignore', 'account unignore', 'owner'],
      ...['run list', 'run show', 'run decisions', 'run approve', 'run discard', 'run reopen', 'run cancel', 'undo'],
      ...['refusal list', 'refusal lift'],
      ...['start', 'migrate', 'openapi', 'version'],
      ...['operator list', 'operator profiles', 'operator invite', 'operator link', 'operator permissions'],
      ...['operator scope', 'operator disable', 'operator enable', 'operator unlock'],
      ...['token list', 'token create', 'token revoke', 'config check', 'config show'],
    ]);
  });

  it('every command takes --config, and --json where it answers', async () => {
    for (const { name, command } of leaves(await program())) {
      const flags = command.options.map(({ long }) => long);
      expect(flags, name).toContain('--config');
      expect(flags.includes('--json'), name).toBe(name !== 'start');
    }
  });

  it('says something about every command, argument and option', async () => {
    for (const { name, command } of leaves(await program())) {
      expect(command.summary(), name).not.toBe('');
      for (const argument of command.registeredArguments) expect(argument.description, name).not.toBe('');
      for (const option of command.options) expect(option.description, `${name} ${option.flags}`).not.toBe('');
    }
  });

  it('of all commands names the exit codes', async () => {
    const { text, code } = await help('--help');
    expect(code).toBe(0);
    for (const [number, meaning] of exitCodeMeanings) expect(text).toContain(`  ${number}  ${meaning}`);
    for (const name of ['sync', 'user', 'log', 'source', 'start']) expect(text).toContain(`  ${name} `);
  });

  it('of one command is text on standard output', async () => {
    const { text, code } = await help('user', 'sync', 'off', '--help');
    expect(code).toBe(0);
    expect(text).toContain('Usage: rosterd user sync off [options] <USER>');
    expect(text).toContain('--until <TIME>');
  });

  it('of a noun alone is wrong usage', async () => {
    const fake = await fakeWorld();
    expect(await fake.run('user')).toBe(2);
    expect(fake.stderr.text).toContain('Usage: rosterd user');
    expect(fake.stdout.text).toBe('');
    await fake.clean();
  });
});

import { describe, expect, it } from 'vitest';
import { ConfigurationError, formatProblem } from '../../../src/settings/errors.ts';
import { loadSettings } from '../../../src/settings/load-settings.ts';
import { connectors, folderWith, load, validateCron } from './support.ts';
import { cases } from './bad-cases.ts';

describe('a bad configuration', () => {
  it.each(cases)('is refused: $name', async ({ yaml, env = {}, files = {}, problems }) => {
    const folder = await folderWith({ 'rosterd.yaml': yaml, ...files });
    const configFile = `${folder}/rosterd.yaml`;
    const error = await loadSettings({ configFile, env, connectors, validateCron }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigurationError);
    const { code, message, problems: found } = error as ConfigurationError;
    const lines = found.map((p) => formatProblem(p).replaceAll(configFile, 'FILE').replaceAll(folder, 'FOLDER'));
    expect(lines).toEqual(problems);
    expect(code).toBe('invalid-configuration');
    expect(message.split('\n')).toHaveLength(problems.length + 1);
    expect(message).not.toContain('hunter2');
  });

  it('is judged in a time that grows with its entries and not with their square (issue 10, point 15)', async () => {
    const entries = Array.from({ length: 40_000 }, (_, index) => `    role-${String(index)}: a\n`);
    const error = await load(`roles:\n  catalogue:\n${entries.join('')}    role-7: b\n`).catch((e: unknown) => e);
    expect((error as ConfigurationError).problems).toMatchObject([
      { message: 'is not valid YAML here: the same key stands twice in one mapping' },
    ]);
  });

  it('names key and origin of each problem for programs', async () => {
    const error = await load('http: {port: -1}\n', { env: { ROSTERD_LOG_LEVEL: 'loud' } }).catch((e: unknown) => e);
    expect((error as ConfigurationError).problems).toMatchObject([
      { key: 'http.port', origin: expect.stringMatching(/rosterd\.yaml:1$/) as string },
      { key: 'log.level', origin: 'environment variable ROSTERD_LOG_LEVEL' },
    ]);
  });

  it('is refused when the file does not exist, with the ways to name another', async () => {
    const options = { configFile: '/nonexistent/rosterd.yaml', env: {}, connectors, validateCron };
    await expect(loadSettings(options)).rejects.toMatchObject({
      code: 'invalid-configuration',
      problems: [
        {
          key: '',
          origin: '/nonexistent/rosterd.yaml',
          message:
            'does not exist; name the configuration with --config FILE or in the environment variable ROSTERD_CONFIG',
        },
      ],
    });
  });
});

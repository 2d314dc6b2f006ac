import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { secret } from '../../../src/connector-kit/secret.ts';
import { loadSettings } from '../../../src/settings/load-settings.ts';
import type { LoadOptions } from '../../../src/settings/load-settings.ts';
import type { ConnectorDefinition, Settings } from '../../../src/settings/settings.ts';

const directorySchema = z.strictObject({
  connection: z.strictObject({
    url: z
      .string()
      .regex(/^ldaps?:\/\//)
      .describe('an address ldap://HOST or ldaps://HOST'),
    bindDn: z.string().min(1),
    bindPassword: secret(),
    proof: secret().optional(),
    startTls: z.boolean().default(false),
    tls: z.strictObject({ caFile: z.string().optional() }).optional(),
  }),
  baseDn: z.string(),
  filter: z.string().optional(),
});

const fileSchema = z.strictObject({ connection: z.strictObject({ path: z.string().min(1) }) });

const fileKind = {
  configSchema: fileSchema,
  defaultMatch: [['employeeId'], ['email']],
  reusableIds: false,
  ownsSupervision: false,
  delta: false,
} as const;

/** Kinds with the keys of architecture 9, so that these tests do not hang on the real connectors. */
export const connectors: ReadonlyMap<string, ConnectorDefinition> = new Map<string, ConnectorDefinition>([
  [
    'active-directory',
    {
      configSchema: directorySchema,
      as: 'directory',
      defaultMatch: [['windowsLogin'], ['employeeId'], ['email']],
      reusableIds: false,
      ownsSupervision: false,
      delta: true,
    },
  ],
  ['ldif-file', { ...fileKind, as: 'directory' }],
  ['csv-file', { ...fileKind, as: 'acd' }],
]);

/** Enough of a judgement for these tests: five or six fields of digits, stars, slashes, commas and hyphens. */
export const validateCron = (expression: string): boolean => /^([\d*/,-]+ ){4,5}[\d*/,-]+$/.test(expression);

/** A new folder with these files in it, removed when the test ends. */
export async function folderWith(files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rosterd-settings-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

/** Loads `yaml` as `rosterd.yaml` of a new folder that also has `files`. */
export async function load(
  yaml: string,
  options: Partial<LoadOptions> & { files?: Readonly<Record<string, string>> } = {},
): Promise<{ settings: Settings; folder: string }> {
  const { files, ...others } = options;
  const folder = await folderWith({ 'rosterd.yaml': yaml, ...files });
  const configFile = join(folder, 'rosterd.yaml');
  return { folder, settings: await loadSettings({ configFile, env: {}, connectors, validateCron, ...others }) };
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { createTempDir } from '../services/temp.ts';
import { startAvayaSms } from './avaya-sms/server.ts';
import { startLife } from './living-acd.ts';
import { liveGenesysCloud, liveUcce, liveUccx } from './living-cisco.ts';
import type { LivingKind, LivingOptions } from './living-cisco.ts';
import { livePuzzel } from './living-puzzel.ts';

/**
 * `npm run simulate`: an ACD on loopback that lives, and the configuration that lets rosterd read it.
 *
 *     npm run simulate -- --kind cisco-uccx --every 2 --agents 200 --seed 7
 */
const USAGE = `npm run simulate -- [--kind KIND] [--every SECONDS] [--agents NUMBER] [--seed NUMBER]
  --kind    avaya-cm (default), cisco-uccx, cisco-ucce, genesys-cloud or puzzel
  --every   seconds between two things that happen (default 10)
  --agents  agents at the beginning (default 60)
  --seed    another life (default 1)
`;

const NOT_CALLED_FOR = 2;

type Wanted = { readonly kind: string; readonly every: number; readonly agents: number; readonly seed: number };

/** Every kind that can be played. */
const kinds: Readonly<Record<string, (options: LivingOptions) => Promise<LivingKind>>> = {
  'avaya-cm': liveAvaya,
  'cisco-uccx': liveUccx,
  'cisco-ucce': liveUcce,
  'genesys-cloud': liveGenesysCloud,
  puzzel: livePuzzel,
};

async function liveAvaya({ seed, agents, onCall }: LivingOptions): Promise<LivingKind> {
  const sms = await startAvayaSms({ onCall });
  const life = startLife(sms.cm, { seed, agents });
  return {
    introduction: `An Avaya Communication Manager with ${sms.cm.agents.size} agents`,
    connection: { url: sms.url, username: sms.username, tls: { caFile: sms.caFile } },
    password: sms.password,
    step: () => life.step().text,
    close: sms.close,
  };
}

/** What the command line says; undefined where it says nothing sensible. */
function wanted(): Wanted | undefined {
  const option = (value: number) => ({ type: 'string', default: String(value) }) as const;
  const kindOption = { type: 'string', default: 'avaya-cm' } as const;
  const known = { kind: kindOption, every: option(10), agents: option(60), seed: option(1) };
  const { values, tokens } = parseArgs({ options: known, strict: false, tokens: true });
  const strange = tokens.some((token) => token.kind !== 'option' || !(token.name in known));
  const kind = String(values.kind);
  const numbers = { every: Number(values.every), agents: Number(values.agents), seed: Number(values.seed) };
  const valid =
    kind in kinds &&
    numbers.every >= 0.1 &&
    numbers.agents >= 10 &&
    [numbers.agents, numbers.seed].every(Number.isInteger);
  return valid && !strange ? { kind, ...numbers } : undefined;
}

/** A whole configuration: the source, and an embedded database of its own next to it. */
function configuration(kind: string, living: LivingKind, passwordFile: string): string {
  const connection = { ...living.connection, [living.secretKey ?? 'password']: { file: passwordFile } };
  const schedule = { full: '* * * * *' };
  // The life is fast: within minutes more changes than a real site should accept in a day without asking.
  const unlimited = { number: 1_000_000 };
  const guard = { firstImport: 'apply', created: unlimited, fieldChanged: unlimited, gone: unlimited };
  return stringify(
    { dataDir: 'data', sources: [{ id: kind === 'avaya-cm' ? 'avaya' : kind, kind, connection, schedule, guard }] },
    { aliasDuplicateObjects: false },
  );
}

async function simulate({ kind, every, agents, seed }: Wanted): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const directory = createTempDir('simulate');
  const living = await kinds[kind]?.({ seed, agents, onCall: (line) => say(`rosterd  ${line}`) });
  if (living === undefined) throw new Error(kind);
  try {
    const passwordFile = join(directory.path, 'password');
    const configFile = join(directory.path, 'rosterd.yaml');
    const text = configuration(kind, living, passwordFile);
    await writeFile(passwordFile, `${living.password}\n`, { mode: 0o600 });
    await writeFile(configFile, text);
    process.stdout.write(introduction(configFile, text, living.introduction));
    while (await goesOn(every * 1_000, stop.signal)) say(`acd      ${living.step()}`);
  } finally {
    await living.close();
    await directory.remove();
    say('stopped; the configuration and what rosterd kept next to it are gone');
  }
}

/** Waits; false when it was told to stop meanwhile. */
async function goesOn(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, undefined, { signal });
    return true;
  } catch (error) {
    if (!signal.aborted) throw error;
    return false;
  }
}

function introduction(configFile: string, text: string, what: string): string {
  return `${what} is there, until Ctrl-C. In a second terminal:

  npx rosterd start --config ${configFile}

reads it every minute; in a third one, with the same --config: user list, worklist, review list, log --follow.
The same as a source of your own configuration:

${text}
`;
}

function say(line: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
}

const options = wanted();
if (options === undefined) {
  process.stderr.write(USAGE);
  process.exitCode = NOT_CALLED_FOR;
} else {
  await simulate(options);
}

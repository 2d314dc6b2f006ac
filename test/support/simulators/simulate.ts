import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { createTempDir } from '../services/temp.ts';
import { startAvayaSms } from './avaya-sms/server.ts';
import type { AvayaSms } from './avaya-sms/server.ts';
import { startLife } from './living-acd.ts';

/**
 * `npm run simulate`: an Avaya ACD on loopback that lives, and the configuration that lets rosterd read it.
 *
 *     npm run simulate -- --every 2 --agents 200 --seed 7
 */
const USAGE = `npm run simulate -- [--every SECONDS] [--agents NUMBER] [--seed NUMBER]
  --every   seconds between two things that happen (default 10)
  --agents  agents at the beginning (default 60)
  --seed    another life (default 1)
`;

const NOT_CALLED_FOR = 2;

type Wanted = { readonly every: number; readonly agents: number; readonly seed: number };

/** What the command line says; undefined where it says nothing sensible. */
function wanted(): Wanted | undefined {
  const option = (value: number) => ({ type: 'string', default: String(value) }) as const;
  const known = { every: option(10), agents: option(60), seed: option(1) };
  const { values, tokens } = parseArgs({ options: known, strict: false, tokens: true });
  const strange = tokens.some((token) => token.kind !== 'option' || !(token.name in known));
  const numbers = { every: Number(values.every), agents: Number(values.agents), seed: Number(values.seed) };
  const valid = numbers.every >= 0.1 && numbers.agents >= 10 && [numbers.agents, numbers.seed].every(Number.isInteger);
  return valid && !strange ? numbers : undefined;
}

/** A whole configuration: the source, and an embedded database of its own next to it. */
function configuration(sms: AvayaSms, passwordFile: string): string {
  const connection = {
    url: sms.url,
    username: sms.username,
    password: { file: passwordFile },
    tls: { caFile: sms.caFile },
  };
  const schedule = { full: '* * * * *' };
  // The life is fast: within minutes more changes than a real site should accept in a day without asking.
  const unlimited = { number: 1_000_000 };
  const guard = { firstImport: 'apply', created: unlimited, fieldChanged: unlimited, gone: unlimited };
  return stringify(
    { dataDir: 'data', sources: [{ id: 'avaya', kind: 'avaya-cm', connection, schedule, guard }] },
    { aliasDuplicateObjects: false },
  );
}

async function simulate({ every, agents, seed }: Wanted): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const directory = createTempDir('simulate');
  const sms = await startAvayaSms({ onCall: (line) => say(`rosterd  ${line}`) });
  try {
    const life = startLife(sms.cm, { seed, agents });
    const passwordFile = join(directory.path, 'password');
    const configFile = join(directory.path, 'rosterd.yaml');
    await writeFile(passwordFile, `${sms.password}\n`, { mode: 0o600 });
    await writeFile(configFile, configuration(sms, passwordFile));
    process.stdout.write(introduction(configFile, configuration(sms, passwordFile), sms.cm.agents.size));
    while (await goesOn(every * 1_000, stop.signal)) say(`acd      ${life.step().text}`);
  } finally {
    await sms.close();
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

function introduction(configFile: string, text: string, agents: number): string {
  return `An Avaya Communication Manager with ${agents} agents is there, until Ctrl-C. In a second terminal:

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

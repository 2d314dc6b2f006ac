import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Connector, Kit } from '../../src/connector-kit/contract.ts';
import { readWhole } from './read-source.ts';
import type { WholeRead } from './read-source.ts';

/** A file in a directory of its own, gone after the test. */
export function sourceFile(name: string, content: string | Buffer): string {
  const directory = mkdtempSync(join(tmpdir(), 'rosterd-file-'));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

/** Opens, reads everything and closes; also gives whom the session says that it talks to. */
export async function readSource(
  connector: Connector,
  config: unknown,
  kit: Kit,
): Promise<WholeRead & { readonly systemId: string }> {
  const session = await connector.open(connector.configSchema.parse(config), kit);
  try {
    return { ...(await readWhole(session.readAll(kit.signal))), systemId: session.systemId };
  } finally {
    await session.close();
  }
}

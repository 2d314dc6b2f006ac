/** Holds a data directory, says so, and does what it is told: `describe ADDRESS`, `release`. Arguments: directory, role. */
import { createInterface } from 'node:readline';
import { acquireDataDirectory } from '../../../src/store/embedded/data-directory.ts';

const [, , dir = '', role] = process.argv;
const held = await acquireDataDirectory(dir, { role: role === 'daemon' ? 'daemon' : 'command', waitMs: 0 });
process.stdout.write('held\n');
for await (const line of createInterface({ input: process.stdin })) {
  const [word, address = ''] = line.split(' ');
  if (word === 'describe') held.describe({ address });
  if (word === 'release') held.release();
  process.stdout.write(`${line} done\n`);
}

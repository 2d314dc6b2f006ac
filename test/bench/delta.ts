import { Attribute, Change, Client } from 'ldapts';
import { Client as Database } from 'pg';
import type { TestSlapd } from '../support/services/slapd.ts';
import { personAt } from '../support/services/people.ts';
import { runRosterd, runsOf } from './rosterd-process.ts';

/** How many people change before each delta. */
export const deltaChanges = 100;

/**
 * Changes people in the directory, spread over all of it, has the changes read, and gives the seconds from the start of the
 * delta's run to the last user that it wrote, by the database's clock. `round` tells the values of one delta from those before.
 */
export async function measureDelta(
  slapd: TestSlapd,
  url: string,
  { users, config, round }: { readonly users: number; readonly config: string; readonly round: number },
): Promise<number> {
  const changes = Math.min(deltaChanges, users);
  await changePeople(slapd, users, changes, round);
  const measured = await runRosterd(['sync', '--json', '--config', config]);
  const [delta] = runsOf(measured);
  const { changed, updated } = delta?.counts ?? {};
  if (delta?.mode !== 'delta' || changed !== changes || updated !== changes)
    throw new Error(`expected a delta of ${changes} changes, got ${measured.stdout}`);
  return secondsToLastUser(url, delta.id);
}

async function changePeople(slapd: TestSlapd, users: number, changes: number, round: number): Promise<void> {
  const client = new Client({ url: slapd.url });
  await client.bind(slapd.adminDn, slapd.adminPassword);
  for (let index = 0; index < changes; index += 1) {
    const { uid } = personAt(1 + Math.floor((index * users) / changes));
    const modification = new Attribute({ type: 'mail', values: [`${uid}.${round}@example.com`] });
    await client.modify(`uid=${uid},${slapd.peopleDn}`, new Change({ operation: 'replace', modification }));
  }
  await client.unbind();
}

async function secondsToLastUser(url: string, runId: number): Promise<number> {
  const database = new Database({ connectionString: url });
  await database.connect();
  try {
    const { rows } = await database.query<{ seconds: number }>(
      `select extract(epoch from max(e.at) - r.started_at)::float8 as seconds from run r join event e on e.run_id = r.id
       where r.id = $1 and e.type = 'user-changed' group by r.started_at`,
      [runId],
    );
    return rows[0]?.seconds ?? NaN;
  } finally {
    await database.end();
  }
}

import pg from 'pg';

/**
 * What PostgreSQL's background processes do elsewhere. PGlite runs in single-user mode and has none: without
 * checkpoints the write-ahead log grows for ever and is read again after a crash, without vacuum and analyze tables
 * grow and plans are guesses.
 */
export type Housekeeping = { readonly stop: () => void };

const INTERVAL_MS = 5_000;
const CHECKPOINT_AFTER_BYTES = 64 * 1024 * 1024;

/** Autovacuum's defaults (PostgreSQL manual, "The Autovacuum Daemon"), the neediest table first. */
const NEEDIEST_TABLE = `
  select format('%I.%I', s.schemaname, s.relname) as name
  from pg_stat_user_tables s join pg_class c on c.oid = s.relid
  where s.n_dead_tup > 50 + 0.2 * greatest(c.reltuples, 0) or s.n_mod_since_analyze > 50 + 0.1 * greatest(c.reltuples, 0)
  order by s.n_dead_tup + s.n_mod_since_analyze desc limit 1`;

/**
 * Every few seconds, in its turn like any client: a checkpoint if one is due, and at most one table vacuumed.
 * `stop` leaves it to the server to end the connection, because the session may be another's at that moment.
 */
export async function startHousekeeping(host: string, onLost: (error: unknown) => void): Promise<Housekeeping> {
  let checkpointed = '0/0';
  let running = false;
  let stopped = false;
  let lastWarning = '';
  const client = new pg.Client({ host, port: 5432, user: 'postgres', database: 'postgres' });
  client.on('error', (error) => {
    if (!stopped) onLost(error);
  });
  await client.connect();

  async function checkpointIfDue(): Promise<void> {
    const { rows } = await client.query<{ position: string; due: boolean }>(
      `select p::text as position, p - $1::pg_lsn > $2::numeric as due from pg_current_wal_insert_lsn() p`,
      [checkpointed, CHECKPOINT_AFTER_BYTES],
    );
    if (rows[0]?.due !== true) return;
    await client.query('checkpoint');
    checkpointed = rows[0].position;
  }

  async function vacuumNeediest(): Promise<void> {
    const { rows } = await client.query<{ name: string }>(NEEDIEST_TABLE);
    if (rows[0] !== undefined) await client.query(`vacuum (analyze) ${rows[0].name}`);
  }

  async function tidy(): Promise<void> {
    if (running) return;
    running = true;
    try {
      await checkpointIfDue();
      await vacuumNeediest();
      lastWarning = '';
    } catch (error) {
      warn(error instanceof Error ? error.message : String(error));
    } finally {
      running = false;
    }
  }

  /** A full disk or a table that has just gone is no reason to end the database; and said once is enough. */
  function warn(reason: string): void {
    if (stopped || reason === lastWarning) return;
    lastWarning = reason;
    process.emitWarning(`checkpoint or vacuum of the embedded database failed: ${reason}; it is tried again`);
  }

  const timer = setInterval(() => void tidy().catch(onLost), INTERVAL_MS);
  return {
    stop: () => {
      stopped = true;
      clearInterval(timer);
    },
  };
}

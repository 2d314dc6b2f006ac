import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';

/** Has the run wait where it changes the row of a listed user, until the test takes that one off the list. */
export async function installGate(knex: Knex): Promise<void> {
  await knex.raw(`
    create table gate (username text primary key);
    create function pass_gate() returns trigger language plpgsql as $$
      begin
        if new.last_name is distinct from old.last_name and exists (select from gate where username = new.username) then
          perform pg_advisory_xact_lock(7, cast(new.username as integer));
          -- No wait for a lock, which the sync would give up after a while.
          while exists (select from gate where username = new.username) loop
            perform pg_sleep(0.01);
          end loop;
        end if;
        return new;
      end $$;
    create trigger pass_gate before update on "user" for each row execute function pass_gate();`);
}

interface Gate {
  /** Ends when the run waits to change this user. */
  reached(username: string): Promise<void>;
  /** Ends when somebody waits for rows that the run has locked. */
  personWaits(): Promise<void>;
  open(username: string): Promise<void>;
}

/** Lists these users: the run stands still at each of them until it is opened. */
export async function closeGate(knex: Knex, usernames: readonly string[]): Promise<Gate> {
  await knex('gate').insert(usernames.map((username) => ({ username })));
  const until = async (sql: string, bindings: readonly number[]): Promise<void> => {
    for (let look = 0; look < 2_400; look++) {
      const { rows } = await knex.raw<{ rows: unknown[] }>(sql, [...bindings]);
      if (rows.length > 0) return;
      await sleep(25);
    }
    throw new Error(`nothing came to ${sql} ${String(bindings)}`);
  };
  return {
    reached: (username) =>
      until(`select from pg_locks where locktype = 'advisory' and classid = 7 and objid = ?`, [Number(username)]),
    // Who waits for a row waits for the transaction that has it.
    personWaits: () => until(`select from pg_locks where locktype = 'transactionid' and not granted`, []),
    async open(username) {
      await knex('gate').where({ username }).delete();
    },
  };
}

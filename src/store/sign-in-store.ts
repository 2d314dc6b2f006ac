import type { Operator } from '../access/operators.ts';
import type { OpenIdStore } from '../access/open-id/sign-in.ts';
import type { Candidate, NewSession, SessionEntry, SignInStore } from '../access/sign-in.ts';
import { fold } from '../domain/text.ts';
import { query, type Db } from './sql.ts';
import { inTransaction } from './transactions.ts';

/** A session ends after half a day, and after two hours without a request. */
const lasts = `s.expires_at > now() and s.last_seen_at > now() - interval '2 hours'`;
/** What a list shows in place of the hash. */
const shownId = 'left(s.id, 16)';

/** Passwords, links and sessions in the database: hashes only. */
export function createSignInStore(db: Db): SignInStore {
  return {
    candidate: (name) => candidate(db, name),
    async noteFailure(operatorId, most) {
      await query(
        db,
        `update operator set failures = failures + 1, locked_at = case when failures + 1 >= ?::int then now() else locked_at end
         where id = ?`,
        [most, operatorId],
      );
    },
    begin: (session) => inTransaction(db, (tx) => begin(tx, session)),
    async findSession(sessionHash) {
      const [row] = await query<Operator & { stale: boolean }>(
        db,
        `select o.id, o.name, o.kind, o.permissions, o.disabled_at is not null as disabled,
           s.last_seen_at < now() - interval '1 minute' as stale
         from session s join operator o on o.id = s.operator_id where s.id = ? and ${lasts}`,
        [sessionHash],
      );
      if (row === undefined) return null;
      const { stale, ...operator } = row;
      if (stale) await query(db, 'update session set last_seen_at = now() where id = ?', [sessionHash]);
      return operator;
    },
    sessions: (operator) =>
      query<SessionEntry>(
        db,
        `select ${shownId} as id, o.name as operator, s.created_at as "createdAt", s.last_seen_at as "lastSeenAt",
           s.address, s.agent
         from session s join operator o on o.id = s.operator_id
         where ${lasts} and (?::text is null or o.name = ?::text) order by s.created_at`,
        [operator, operator],
      ),
    async endSession(id, operator) {
      const ended = await query(
        db,
        `delete from session s using operator o where o.id = s.operator_id and ${shownId} = ?
           and (?::text is null or o.name = ?::text) returning 1`,
        [id, operator, operator],
      );
      return ended.length > 0;
    },
    async endSessionOf(sessionHash) {
      await query(db, 'delete from session where id = ?', [sessionHash]);
    },
    async nameOfLink(linkHash) {
      const [row] = await query<{ name: string | null }>(
        db,
        `select o.name from one_time_link l left join operator o on o.id = l.operator_id
         where l.link_hash = ? and l.expires_at > now()`,
        [linkHash],
      );
      return row === undefined ? undefined : row.name;
    },
    redeem: ({ linkHash, first, passwordHash }) =>
      inTransaction(db, async (tx) => {
        await query(tx, 'lock table operator in share row exclusive mode');
        const [link] = await query<{ operator: number | null }>(
          tx,
          `delete from one_time_link where link_hash = ? and expires_at > now() returning operator_id as operator`,
          [linkHash],
        );
        if (link === undefined || (link.operator === null) !== (first !== null)) return null;
        if (first !== null) {
          const others = await query(tx, `select 1 from operator where kind = 'person' limit 1`);
          if (others.length > 0) return null;
          await query(
            tx,
            `insert into operator (name, kind, permissions, full_scope, password_hash) values (?, 'person', ?, true, ?)`,
            [first.name, [...first.permissions], passwordHash],
          );
          return { name: first.name };
        }
        await query(tx, 'delete from session where operator_id = ?', [link.operator]);
        const [row] = await query<{ name: string }>(
          tx,
          `update operator set password_hash = ?, failures = 0, locked_at = null
           where id = ? and disabled_at is null returning name`,
          [passwordHash, link.operator],
        );
        return row ?? null;
      }),
  };
}

/** Attempts to sign in by OpenID Connect that are under way, and who operators are at the provider. */
export function createOpenIdStore(db: Db): OpenIdStore {
  return {
    candidate: (name) => candidate(db, name),
    async addAttempt({ stateHash, browserHash, redirectUri, next }) {
      await query(db, 'delete from open_id_attempt where expires_at < now()');
      await query(
        db,
        `insert into open_id_attempt (state_hash, browser_hash, redirect_uri, next_path, expires_at)
         values (?, ?, ?, ?, now() + interval '10 minutes')`,
        [stateHash, browserHash, redirectUri, next],
      );
    },
    async takeAttempt(stateHash) {
      const [row] = await query<NonNullable<Awaited<ReturnType<OpenIdStore['takeAttempt']>>>>(
        db,
        `delete from open_id_attempt where state_hash = ? and expires_at > now()
         returning browser_hash as "browserHash", redirect_uri as "redirectUri", next_path as next`,
        [stateHash],
      );
      return row ?? null;
    },
    begin: (session, { issuer, subject }) =>
      inTransaction(db, async (tx) => {
        const same = await query(
          tx,
          `update operator set open_id_issuer = ?, open_id_subject = ? where id = ? and disabled_at is null
             and (open_id_subject is null or (open_id_issuer, open_id_subject) = (?, ?)) returning 1`,
          [issuer, subject, session.operatorId, issuer, subject],
        );
        if (same.length > 0) await begin(tx, session);
        return same.length > 0;
      }),
  };
}

/** There are as many operators as people who look after the sync: they are compared here, as names are everywhere. */
async function candidate(db: Db, name: string): Promise<Candidate | null> {
  const people = await query<Candidate>(
    db,
    `select id, name, password_hash as "passwordHash", locked_at is not null as blocked, disabled_at is not null as disabled
     from operator where kind = 'person'`,
  );
  return people.find((each) => each.name === name) ?? people.find((each) => fold(each.name) === fold(name)) ?? null;
}

async function begin(tx: Db, { sessionHash, operatorId, address, agent }: NewSession): Promise<void> {
  await query(tx, 'update operator set failures = 0, last_sign_in_at = now() where id = ?', [operatorId]);
  await query(tx, 'delete from session where expires_at < now()');
  await query(
    tx,
    `insert into session (id, operator_id, expires_at, address, agent)
     values (?, ?, now() + interval '12 hours', ?, ?)`,
    [sessionHash, operatorId, address, agent?.slice(0, 200) ?? null],
  );
}

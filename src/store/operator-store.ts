import type { Knex } from 'knex';
import type { Operator, OperatorStore } from '../access/operators.ts';
import type { Permission } from '../access/permissions.ts';
import { sqlRow } from './queries/sql.ts';

interface OperatorRow {
  readonly id: number;
  readonly name: string;
  readonly kind: Operator['kind'];
  readonly permissions: readonly string[];
  readonly disabled: boolean;
}

const operatorColumns = 'o.id, o.name, o.kind, o.permissions, o.disabled_at is not null as disabled';

/** Operators and their tokens in the database. For who only reads, a local operator need not have a row. */
export function createOperatorStore(knex: Knex, access: 'read' | 'write' = 'write'): OperatorStore {
  return {
    async ensureLocalOperator(name) {
      const found = await findLocal(knex, name);
      if (found !== null) return found;
      if (access === 'read') return { id: 0, name, kind: 'local', permissions: [], disabled: false };
      await knex('operator').insert({ name, kind: 'local' }).onConflict('name').ignore();
      const made = await findLocal(knex, name);
      if (made === null) throw new Error(`the operator name ${name} belongs to somebody who is not local`);
      return made;
    },
    async findToken(tokenHash) {
      const row = await sqlRow<
        OperatorRow & { token_id: number; token_permissions: readonly string[]; stale: boolean }
      >(
        knex,
        `select ${operatorColumns}, t.id as token_id, t.permissions as token_permissions,
                t.last_used_at is null or t.last_used_at < now() - interval '1 minute' as stale
           from api_token t join operator o on o.id = t.operator_id
          where t.token_hash = :tokenHash and t.revoked_at is null`,
        { tokenHash },
      );
      if (row === null) return null;
      if (row.stale) await knex('api_token').where({ id: row.token_id }).update({ last_used_at: knex.fn.now() });
      return { operator: asOperator(row), permissions: row.token_permissions as readonly Permission[] };
    },
    async addToken({ operatorId, tokenHash, label, permissions }) {
      const [added] = await knex('api_token')
        .insert({ operator_id: operatorId, token_hash: tokenHash, label, permissions })
        .returning<{ id: number }[]>('id');
      if (added === undefined) throw new Error('the database did not answer with the id of the new token');
      return added;
    },
  };
}

async function findLocal(knex: Knex, name: string): Promise<Operator | null> {
  const row = await sqlRow<OperatorRow>(
    knex,
    `select ${operatorColumns} from operator o where o.name = :name and o.kind = 'local'`,
    { name },
  );
  return row === null ? null : asOperator(row);
}

/** A permission that this version does not know never matches one that is asked for. */
function asOperator(row: OperatorRow): Operator {
  return { ...row, permissions: row.permissions as readonly Permission[] };
}

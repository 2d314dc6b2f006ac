import type { UserId } from '../domain/user.ts';
import { columnNames, fieldOf, isFieldColumn, type ColumnName } from './columns.ts';
import { joinList } from './lists.ts';

/** A user as `people.csv` shows them. */
export interface ExportedPerson {
  readonly id: UserId;
  /** As lists show them: the ACD id stands for an employee id that nobody supplies. */
  readonly fields: Readonly<Partial<Record<string, string>>>;
  /** ISO dates. */
  readonly activated: string | null;
  readonly deactivated: string | null;
  readonly roles: readonly string[];
  /** The main team first, then by name. */
  readonly teams: readonly string[];
  readonly group: string;
  readonly scope: { readonly full: boolean; readonly groups: readonly string[]; readonly teams: readonly string[] };
}

/** A cell as text, for every column; blank is the empty text. */
function cellOf(person: ExportedPerson, column: ColumnName): string {
  if (isFieldColumn(column)) return cellOfField(column, person.fields[fieldOf[column]] ?? '');
  switch (column) {
    case 'User ID':
      return String(person.id);
    case 'Activated':
      return person.activated ?? '';
    case 'Deactivated':
      return person.deactivated ?? '';
    case 'Roles':
      return joinList(person.roles);
    case 'Team':
      return joinList(person.teams);
    case 'Member Group':
      return person.group;
    case 'Full Scope':
      return person.scope.full ? 'TRUE' : 'FALSE';
    case 'Scope Groups':
      return joinList(person.scope.groups);
    case 'Scope Teams':
      return joinList(person.scope.teams);
  }
}

function cellOfField(column: ColumnName, value: string): string {
  return column === 'Enable Scheduling' ? value.toUpperCase() : value;
}

/** The line of a person, in the order of the columns. */
export function cellsOf(person: ExportedPerson): string[] {
  return columnNames.map((column) => cellOf(person, column));
}

import { csvLine } from '../domain/spreadsheet.ts';
import { columnNames } from '../people-csv/columns.ts';
import type { CsvPerson } from './schemas/people-csv.ts';

/** `people.csv` (spec 17.1). */
export const peopleCsv = {
  head: csvLine(columnNames),
  line: ({ cells }: CsvPerson): string => csvLine(cells),
};

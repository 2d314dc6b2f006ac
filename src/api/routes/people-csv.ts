import { cellsOf } from '../../people-csv/exported-person.ts';
import { operatorOf } from '../authentication.ts';
import type { ApiDependencies, ApiQueries, Page, PeopleSelection } from '../dependencies.ts';
import type { ExportPlaces } from '../export-places.ts';
import { exportAnswers, exported, exportPage, exportTimeoutMs } from '../exported.ts';
import { answers, type ApiInstance } from '../instance.ts';
import { peopleCsv } from '../people-export.ts';
import { peopleExport, peopleFilter, personPage, type CsvPerson } from '../schemas/people-csv.ts';

/** The export of `people.csv` (spec 17.1). */
export function peopleExportRoutes(app: ApiInstance, { queries }: ApiDependencies, places: ExportPlaces): void {
  app.get(
    '/csv/people',
    { config: { access: 'view' }, schema: { tags: ['csv'], querystring: peopleFilter, response: answers(personPage) } },
    (request) => {
      const { after, limit, ...filter } = request.query;
      return lines(queries(request).people, selectionOf(filter), after, limit);
    },
  );

  app.get(
    '/csv/people/export',
    {
      config: { access: 'view' },
      handlerTimeout: exportTimeoutMs,
      schema: {
        tags: ['csv'],
        querystring: peopleExport,
        response: exportAnswers('All users of the selection, by id, as people.csv'),
      },
    },
    async (request, reply) => {
      places.take(operatorOf(request), reply);
      const { people } = queries(request);
      const selection = selectionOf(request.query);
      // Before the answer begins: a group that there is not is an error, and no file that breaks off.
      await people.page(selection, { limit: 1 });
      const { type, body } = exported('csv', peopleCsv, pagesOf(people, selection));
      return reply.type(type).header('content-disposition', 'attachment; filename="people.csv"').send(body);
    },
  );
}

function selectionOf({
  all,
  search,
  sync,
  group,
  team,
}: {
  readonly all: 'true' | 'false';
  readonly search?: string | undefined;
  readonly sync?: 'on' | 'off' | undefined;
  readonly group?: readonly string[] | undefined;
  readonly team?: readonly string[] | undefined;
}): PeopleSelection {
  return { all: all === 'true', search, sync, groups: group, teams: team };
}

async function lines(
  people: ApiQueries['people'],
  selection: PeopleSelection,
  after: string | undefined,
  limit: number,
): Promise<Page<CsvPerson>> {
  const { items, next } = await people.page(selection, { after, limit });
  return { items: items.map((person) => ({ userId: person.id, cells: cellsOf(person) })), next };
}

async function* pagesOf(
  people: ApiQueries['people'],
  selection: PeopleSelection,
): AsyncGenerator<readonly CsvPerson[], void, void> {
  let after: string | undefined;
  do {
    const page = await lines(people, selection, after, exportPage);
    yield page.items;
    after = page.next ?? undefined;
  } while (after !== undefined);
}

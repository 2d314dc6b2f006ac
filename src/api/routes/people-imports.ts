import type { FastifyRequest } from 'fastify';
import type { Mapping } from '../../people-csv/mapping.ts';
import { isEncoding } from '../../connector-kit/file.ts';
import { askerOf, operatorOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { exportTimeoutMs } from '../exported.ts';
import { accepted, answers, found, type ApiInstance } from '../instance.ts';
import { ApiError } from '../problem.ts';
import { pageRequest } from '../schemas/common.ts';
import {
  applyRequest,
  importBodyLimit,
  importParameters,
  importRequest,
  importRowFilter,
  importRowPage,
  mappingList,
  mappingName,
  mappingRequest,
  peopleImport,
  peopleImportPage,
  undoImportRequest,
  type PeopleImport,
} from '../schemas/people-imports.ts';

/** The import of people.csv (spec 17): a file is shown, then carried out as a job, and taken back as a whole. */
export function peopleImportRoutes(app: ApiInstance, { queries, peopleImports, csvMappings }: ApiDependencies): void {
  const shown = async (request: FastifyRequest, id: number): Promise<PeopleImport> =>
    found(await queries(request).imports.get(id), 'import-unknown', `import ${id}`);
  const mappingOf = async (name: string): Promise<Mapping> => {
    const saved = (await csvMappings.list()).find((each) => each.name === name);
    const { columns, dates, encoding } = found(saved ?? null, 'mapping-unknown', `mapping "${name}"`);
    return { columns, dates, encoding };
  };

  app.post(
    '/csv/imports',
    {
      config: { access: 'edit-users' },
      bodyLimit: importBodyLimit,
      handlerTimeout: exportTimeoutMs,
      schema: { tags: ['csv'], body: importRequest, response: answers(peopleImport) },
    },
    async (request) => {
      const { fileName, content, mappingName: name, keepMissing, reason } = request.body;
      const mapping = name === undefined ? (request.body.mapping ?? { columns: {} }) : await mappingOf(name);
      if (mapping.encoding !== undefined && !isEncoding(mapping.encoding))
        throw new ApiError(422, 'mapping-invalid', `There is no encoding "${mapping.encoding}".`);
      const file = { fileName, content: Buffer.from(content, 'base64'), mapping, keepMissing, reason: reason ?? null };
      return shown(request, await peopleImports.check({ ...file, ...askerOf(request) }));
    },
  );

  app.get(
    '/csv/imports',
    {
      config: { access: 'view' },
      schema: { tags: ['csv'], querystring: pageRequest, response: answers(peopleImportPage) },
    },
    (request) => queries(request).imports.list(request.query),
  );

  app.get(
    '/csv/imports/:id',
    {
      config: { access: 'view' },
      schema: { tags: ['csv'], params: importParameters, response: answers(peopleImport) },
    },
    (request) => shown(request, request.params.id),
  );

  app.get(
    '/csv/imports/:id/rows',
    {
      config: { access: 'view' },
      schema: {
        tags: ['csv'],
        params: importParameters,
        querystring: importRowFilter,
        response: answers(importRowPage),
      },
    },
    async (request) => {
      await shown(request, request.params.id);
      return queries(request).imports.rows(request.params.id, request.query);
    },
  );

  app.post(
    '/csv/imports/:id/apply',
    {
      config: { access: 'edit-users' },
      schema: {
        tags: ['csv'],
        params: importParameters,
        body: applyRequest,
        response: { ...answers(peopleImport), ...accepted(peopleImport) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      await shown(request, id);
      const { digest, skipBad, beyondLimits, reason } = request.body;
      await peopleImports.apply({ id, digest, skipBad, beyondLimits, reason: reason ?? null, ...askerOf(request) });
      reply.code(202);
      return shown(request, id);
    },
  );

  app.post(
    '/csv/imports/:id/cancel',
    {
      config: { access: 'edit-users' },
      schema: { tags: ['csv'], params: importParameters, response: answers(peopleImport) },
    },
    async (request) => {
      const { id } = request.params;
      await shown(request, id);
      await peopleImports.cancel(id, operatorOf(request));
      return shown(request, id);
    },
  );

  app.post(
    '/csv/imports/:id/undo',
    {
      config: { access: 'edit-users' },
      handlerTimeout: exportTimeoutMs,
      schema: { tags: ['csv'], params: importParameters, body: undoImportRequest, response: answers(peopleImport) },
    },
    async (request) => {
      const { id } = request.params;
      await shown(request, id);
      const reason = request.body.reason ?? null;
      return shown(request, await peopleImports.checkUndo({ id, reason, ...askerOf(request) }));
    },
  );

  app.get(
    '/csv/mappings',
    { config: { access: 'view' }, schema: { tags: ['csv'], response: answers(mappingList) } },
    async () => ({ items: await csvMappings.list() }),
  );

  app.put(
    '/csv/mappings/:name',
    {
      config: { access: 'edit-users' },
      schema: { tags: ['csv'], params: mappingName, body: mappingRequest, response: answers(mappingList) },
    },
    async (request) => {
      await csvMappings.save(request.params.name, request.body, operatorOf(request));
      return { items: await csvMappings.list() };
    },
  );

  app.post(
    '/csv/mappings/:name/remove',
    {
      config: { access: 'edit-users' },
      schema: { tags: ['csv'], params: mappingName, response: answers(mappingList) },
    },
    async (request) => {
      const { name } = request.params;
      found((await csvMappings.remove(name)) || null, 'mapping-unknown', `mapping "${name}"`);
      return { items: await csvMappings.list() };
    },
  );
}

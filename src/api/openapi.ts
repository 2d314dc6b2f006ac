import { fastifySwagger } from '@fastify/swagger';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { exampleOf, type ExampleSchema } from './examples.ts';
import type { ApiInstance } from './instance.ts';
import { operations } from './operations.ts';
import { apiSchemas } from './schemas/registry.ts';

/** What is completed in the document that the library makes from the schemas. */
interface Operation {
  operationId?: string;
  summary?: string;
  description?: string;
  parameters?: { name: string; description?: string }[];
  requestBody?: { content?: Content };
  responses?: Record<string, { description?: string; content?: Content }>;
}
type Content = Record<string, { schema?: ExampleSchema; example?: unknown; examples?: unknown }>;
interface Document {
  readonly paths?: Record<string, Record<string, Operation>>;
  readonly components?: { readonly schemas?: Record<string, ExampleSchema> };
}

/** Describes the routes that are registered after it as OpenAPI 3.1, from the schemas that check them. */
export async function describeApi(app: ApiInstance, version: string): Promise<void> {
  const access = new Map<string, string>();
  app.addHook('onRoute', ({ url, method, config }) => {
    for (const each of [method].flat()) access.set(`${each} ${pathOf(url)}`, config?.access ?? '');
  });
  const transformed = createJsonSchemaTransformObject({ schemaRegistry: apiSchemas });
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'rosterd',
        version,
        description:
          'Users, their accounts and what the sync did. Errors are problem+json with a stable code; lists are paged by key.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: createJsonSchemaTransform({ schemaRegistry: apiSchemas }),
    transformObject: (document) => {
      const made = transformed(document);
      complete(made as Document, access);
      return made;
    },
  });
}

/** `/users/:user` as the document writes it. */
function pathOf(url: string): string {
  return url.replace(/:([A-Za-z]+)/g, '{$1}');
}

/** Names, descriptions and examples: what a reader needs and no schema says. */
function complete({ paths = {}, components }: Document, access: ReadonlyMap<string, string>): void {
  const schemas = components?.schemas ?? {};
  for (const [path, methods] of Object.entries(paths))
    for (const [method, operation] of Object.entries(methods)) {
      const call = `${method.toUpperCase()} ${path}`;
      const [operationId, summary] = operations[call.replace(' /api/v1', ' ')] ?? [];
      if (operationId !== undefined) operation.operationId = operationId;
      if (summary !== undefined) operation.summary = summary;
      operation.description = neededBy(access.get(call) ?? '');
      for (const [media, body] of Object.entries(operation.requestBody?.content ?? {})) exemplify(media, body, schemas);
      for (const [status, response] of Object.entries(operation.responses ?? {})) {
        if (status.startsWith('2'))
          response.description = status === '202' ? 'Asked for; it goes on by itself.' : 'Done.';
        for (const [media, body] of Object.entries(response.content ?? {}))
          if (media === 'application/problem+json') body.examples = status === '5XX' ? failures : refusals;
          else exemplify(media, body, schemas);
      }
    }
}

function neededBy(access: string): string {
  if (access === 'none' || access === 'anybody') return 'Needs no proof of who asks.';
  return access === 'signed-in' ? 'Needs any token or session.' : `Needs the permission \`${access}\`.`;
}

function exemplify(
  media: string,
  body: { schema?: ExampleSchema; example?: unknown },
  schemas: Readonly<Record<string, ExampleSchema>>,
): void {
  if (body.schema !== undefined && media === 'application/json') body.example = exampleOf(body.schema, schemas);
}

const problem = (status: number, title: string, code: string, detail: string): object => ({
  value: {
    ...{ type: `urn:rosterd:problem:${code}`, title, status, code, detail },
    requestId: '8c1f0a52-7d2e-4a53-9a0e-3b1f6f0f7f11',
  },
});

/** What every operation may answer; the code is the contract. */
const refusals = {
  '400': problem(400, 'The request is not understood', 'request-invalid', 'querystring.limit: is not allowed'),
  '401': problem(
    401,
    'Not signed in',
    'token-required',
    'Send a valid token in the header "Authorization: Bearer TOKEN".',
  ),
  '403': problem(403, 'Not allowed', 'permission-missing', 'eva does not have the permission "toggle-sync".'),
  '404': problem(404, 'Not found', 'user-unknown', 'There is no user 17.'),
  '412': problem(412, 'Changed in the meantime', 'version-changed', 'The user is at version 5, not at 4.'),
  '429': problem(
    429,
    'Too many requests',
    'too-many-requests',
    'More than 6000 requests in a minute; try again in 12 s.',
  ),
};
const failures = {
  '500': problem(
    500,
    'The server failed',
    'internal',
    'The request failed inside rosterd; its log has the cause under this request id.',
  ),
  '503': problem(
    503,
    'Not available right now',
    'too-slow',
    'The request took too long and was given up; try again later.',
  ),
};

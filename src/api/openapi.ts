import { fastifySwagger } from '@fastify/swagger';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { ApiInstance } from './instance.ts';
import { apiSchemas } from './schemas/registry.ts';

/** Describes the routes that are registered after it as OpenAPI 3.1, from the schemas that check them. */
export async function describeApi(app: ApiInstance, version: string): Promise<void> {
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
    transformObject: createJsonSchemaTransformObject({ schemaRegistry: apiSchemas }),
  });
}

import { z } from 'zod';

/** The schemas that the OpenAPI document names under `components/schemas`. */
export const apiSchemas = z.registry<{ id?: string; [key: string]: unknown }>();

/** Gives a schema of an answer a name in the OpenAPI document. */
export function named<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  apiSchemas.add(schema, { id });
  return schema;
}

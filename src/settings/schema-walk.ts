import { z } from 'zod';
import type { $ZodType, $ZodTypes } from 'zod/v4/core';

/** The part of a schema that judges the value at `path`, or undefined where the schema has no such place. */
export function schemaAt(schema: $ZodType, path: readonly PropertyKey[]): $ZodType | undefined {
  let place: $ZodType | undefined = schema;
  for (const part of path) place = place === undefined ? undefined : child(place, part);
  return place;
}

/** The keys that a mapping may have there, or undefined where there is no mapping or any key is allowed. */
export function allowedKeys(schema: $ZodType): readonly string[] | undefined {
  const { def } = inner(schema)._zod;
  if (def.type === 'object') return Object.keys(def.shape);
  if (def.type === 'record') return statedKeys(def.keyType);
  if (def.type === 'union') return [...new Set(def.options.flatMap((option) => allowedKeys(option) ?? []))];
  return undefined;
}

/** What the schema's author said about the value (`.describe`), outermost first. */
export function description(schema: $ZodType): string | undefined {
  for (let place: $ZodType | undefined = schema; place !== undefined; place = wrapped(place)) {
    const text = z.globalRegistry.get(place)?.description;
    if (text !== undefined) return text;
  }
  return undefined;
}

/** Whether a value there is one word or number, so that it may be shown when it is wrong. */
export function isScalarPlace(schema: $ZodType): boolean {
  return ['string', 'number', 'boolean', 'enum', 'literal', 'custom', 'int'].includes(inner(schema)._zod.def.type);
}

function child(schema: $ZodType, part: PropertyKey): $ZodType | undefined {
  const { def } = inner(schema)._zod;
  switch (def.type) {
    case 'object':
      return typeof part === 'string' ? (def.shape[part] ?? def.catchall) : undefined;
    case 'record':
      return def.valueType;
    case 'array':
      return def.element;
    case 'union':
      return def.options.map((option) => child(option, part)).find((found) => found !== undefined);
    default:
      return undefined;
  }
}

function inner(schema: $ZodType): $ZodTypes {
  const next = wrapped(schema);
  return next === undefined ? (schema as $ZodTypes) : inner(next);
}

/** What a schema adds a default, an option or a transformation to. */
function wrapped(schema: $ZodType): $ZodType | undefined {
  const { def } = (schema as $ZodTypes)._zod;
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return def.innerType;
    case 'pipe':
      return def.in;
    default:
      return undefined;
  }
}

function statedKeys(keyType: $ZodType): readonly string[] | undefined {
  const { def } = inner(keyType)._zod;
  if (def.type === 'enum') return Object.values(def.entries).map(String);
  const stated = z.globalRegistry.get(keyType)?.['allowedKeys'];
  return Array.isArray(stated) ? stated.map(String) : undefined;
}

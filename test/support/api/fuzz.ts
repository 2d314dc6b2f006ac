/** A JSON schema as the OpenAPI document has it, as far as values are made from it. */
type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly format?: string;
};
type Operation = {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
};
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

/** One request of a fuzz; the same seed and number give the same one. */
export type FuzzedRequest = { readonly method: string; readonly path: string; readonly body?: object };

/** Values that have to be refused or stored, and never to break anything. */
const nasty: readonly unknown[] = [
  ...['', ' ', '\0', 'a\0b', '\ud800', 'x\udc00', '\u200b', '\u202e', 'ẞß', '😀'.repeat(50), 'x'.repeat(5_000)],
  ...["'; drop table event; --", '%00', '../../etc/passwd', '{{7*7}}', '=1+1', '__proto__', 'constructor', 'null'],
  ...['0', '-1', '1e9', '0x1', '2147483647', '2147483648', '99999999999', '9007199254740993', 'NaN', 'id:1', 'id:0'],
  ...['0000-01-01T00:00:00Z', '9999-12-31T23:59:59-14:00', '2026-02-30T00:00:00Z', '2026-01-01T00:00:00+15:00'],
  ...[0, -1, 1.5, 2_147_483_648, 9_007_199_254_740_991, 1e300, true, null, [], {}, [null], [[[]]], { a: { b: null } }],
];
/** What exists, so that requests get beyond the first look-up. */
const known: readonly unknown[] = [
  ...['a1', 'a2', '1', '2', '3', 'id:1', 'username:a1', 'acd', 'ad', 'Sales', 'Default', 'agent', 'trainer'],
  ...['firstName', 'email', 'employeeId', 'acdId', 'numericId', '2026-01-01T00:00:00Z', 1, 2, 3, true, false],
];

/** Makes requests from an OpenAPI document: right ones, and ones with one thing or everything wrong. */
export function fuzzer(
  document: { readonly paths: Paths; readonly components: { readonly schemas: object } },
  seed: number,
) {
  let state = seed >>> 0;
  /** mulberry32 */
  const random = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const schemas = document.components.schemas as Readonly<Record<string, Schema>>;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );

  const valueOf = (schema: Schema, depth = 0): unknown => {
    const luck = random();
    if (luck < 0.12) return pick(nasty);
    if (schema.$ref !== undefined) return valueOf(schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}, depth + 1);
    if (schema.const !== undefined) return schema.const;
    if (schema.enum !== undefined) return pick(schema.enum);
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices !== undefined) return valueOf(pick(choices), depth + 1);
    if (luck < 0.4) return pick(known);
    const type = typeof schema.type === 'string' ? schema.type : schema.type?.[0];
    if (type === 'object' || schema.properties !== undefined) return objectOf(schema, depth);
    if (type === 'array')
      return Array.from({ length: Math.floor(random() * 4) }, () =>
        depth > 4 ? null : valueOf(schema.items ?? {}, depth + 1),
      );
    if (type === 'integer' || type === 'number') return Math.floor(random() * 5);
    if (type === 'boolean') return random() < 0.5;
    return pick([...known, ...nasty].filter((value) => typeof value === 'string'));
  };
  const objectOf = (schema: Schema, depth: number): object => {
    const entries = Object.entries(schema.properties ?? {}).filter(() => random() < 0.7);
    const made = entries.map(([key, value]): [string, unknown] => [key, depth > 4 ? null : valueOf(value, depth + 1)]);
    if (typeof schema.additionalProperties === 'object' && depth <= 4)
      made.push([String(pick([...known, ...nasty])), valueOf(schema.additionalProperties, depth + 1)]);
    if (random() < 0.05) made.push([String(pick(nasty)), pick(nasty)]);
    return Object.fromEntries(made);
  };
  const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
  /** Half a surrogate pair has no form in UTF-8; what its bytes would be is sent as such. */
  const encoded = (value: unknown): string => {
    const plain = text(value);
    return plain.isWellFormed() ? encodeURIComponent(plain) : '%ED%A0%80';
  };

  return {
    next(): FuzzedRequest {
      const { path, method, operation } = pick(operations);
      let url = path;
      // A stream would go on for minutes.
      const streams = path.endsWith('/stream');
      const query: string[] = streams ? ['wait=false'] : [];
      for (const { name, in: place, schema } of operation.parameters ?? []) {
        if (place === 'path') url = url.replace(`{${name}}`, () => encoded(valueOf(schema)) || 'x');
        else if (place === 'query' && !(streams && name === 'wait') && random() < 0.5)
          query.push(`${encoded(name)}=${encoded(valueOf(schema))}`);
      }
      const [content] = Object.values(operation.requestBody?.content ?? {});
      const made = content === undefined || random() < 0.05 ? undefined : valueOf(content.schema);
      const body = typeof made === 'object' && made !== null ? { body: made } : {};
      return { method, path: query.length === 0 ? url : `${url}?${query.join('&')}`, ...body };
    },
  };
}

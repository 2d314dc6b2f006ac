/** A JSON schema of the OpenAPI document, as far as an example needs it. */
export interface ExampleSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly minLength?: number;
  readonly anyOf?: readonly ExampleSchema[];
  readonly oneOf?: readonly ExampleSchema[];
  readonly allOf?: readonly ExampleSchema[];
  readonly properties?: Readonly<Record<string, ExampleSchema>>;
  readonly required?: readonly string[];
  readonly items?: ExampleSchema;
  readonly additionalProperties?: boolean | ExampleSchema;
}

/** Plausible words by the name of the property that holds them; invented people, of the demo. */
const words: Readonly<Record<string, string>> = {
  source: 'corp-ad',
  to: 'acd-brno',
  externalId: '6f9619ff-8b86-d011-b42d-00c04fc964ff',
  username: 'jnovakova',
  firstName: 'Jana',
  lastName: 'Nováková',
  displayName: 'Jana Nováková',
  email: 'jana.novakova@example.com',
  windowsLogin: 'CORP\\jnovakova',
  employeeId: '10017',
  acdId: '1001',
  numericId: '10017',
  mobileNumber: '+420 601 000 017',
  phoneNumber: '+420 200 000 017',
  language: 'cs',
  locale: 'cs-CZ',
  displayTimeZone: 'Europe/Prague',
  schedulingTimeZone: 'Europe/Prague',
  company: 'Example',
  department: 'Contact centre',
  jobTitle: 'Agent',
  companyStartDate: '2026-03-01',
  profile: 'admin',
  user: 'jnovakova',
  operator: 'eva',
  reason: 'on leave',
  team: 'Care',
  group: 'Prague',
  role: 'supervisor',
  field: 'email',
  digest: '3f9ac01b22de',
  label: 'prometheus',
  content: 'User ID;First Name;Last Name\n17;Jana;Nováková\n',
  code: 'user-unknown',
  detail: 'There is no user 17.',
};

/** Deeper than any answer; what goes on is cut. */
const deepest = 8;

/** An example of what a schema allows: every required part, and optional ones that have a plain value. */
export function exampleOf(
  schema: ExampleSchema,
  schemas: Readonly<Record<string, ExampleSchema>>,
  name = '',
  depth = 0,
): unknown {
  const { $ref, anyOf, oneOf, allOf } = schema;
  const within = (other: ExampleSchema | undefined): unknown => exampleOf(other ?? {}, schemas, name, depth + 1);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if ($ref !== undefined) return depth > deepest ? null : within(schemas[$ref.split('/').at(-1) ?? '']);
  const choices = anyOf ?? oneOf;
  if (choices !== undefined) return within(choices.find(({ type }) => type !== 'null') ?? choices[0]);
  if (allOf !== undefined) return Object.assign({}, ...allOf.map(within)) as unknown;
  const type = typeof schema.type === 'string' ? schema.type : schema.type?.[0];
  switch (type) {
    case 'object':
      return objectOf(schema, schemas, depth);
    case 'array':
      return depth > deepest ? [] : [exampleOf(schema.items ?? {}, schemas, name.replace(/s$/, ''), depth + 1)];
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? 0, /id$/i.test(name) ? 17 : 1);
    case 'boolean':
      return schema.default ?? true;
    case 'string':
      return textOf(schema, name);
    default:
      return schema.default ?? null;
  }
}

function objectOf(
  { properties = {}, required = [] }: ExampleSchema,
  schemas: Readonly<Record<string, ExampleSchema>>,
  depth: number,
): Record<string, unknown> {
  const shown = Object.entries(properties).filter(([key]) => required.includes(key));
  return Object.fromEntries(shown.map(([key, part]) => [key, exampleOf(part, schemas, key, depth + 1)]));
}

function textOf({ format, pattern, default: usual }: ExampleSchema, name: string): string {
  if (typeof usual === 'string') return usual;
  if (format === 'date-time') return '2026-03-01T08:00:00.000Z';
  if (format === 'date') return '2026-03-01';
  const known =
    words[name] ??
    (name === 'name' ? 'eva' : name === 'password' ? 'a longer sentence 4 you' : name === '' ? 'text' : name);
  if (pattern === undefined || new RegExp(pattern, 'u').test(known)) return known;
  return ['17', '0123456789abcdef', 'corp-ad'].find((each) => new RegExp(pattern, 'u').test(each)) ?? known;
}

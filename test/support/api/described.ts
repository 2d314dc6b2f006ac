type Media = Record<string, { schema?: object; example?: unknown; examples?: object }>;
interface Operation {
  operationId?: string;
  summary?: string;
  description?: string;
  requestBody?: { content: Media };
  responses: Record<string, { description?: string; content?: Media }>;
}
/** The OpenAPI document, as far as tests look into it. */
export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

/** What the description of an operation lacks for somebody who writes a client. */
export function lacking(
  path: string,
  { operationId, summary, description, requestBody, responses }: Operation,
): string[] {
  const errors = path.startsWith('/health/') || ('4XX' in responses && '5XX' in responses);
  const bodies = [requestBody?.content ?? {}, ...Object.values(responses).map(({ content }) => content ?? {})];
  const bare = bodies.flatMap((body) =>
    Object.entries(body).filter(
      ([media, given]) =>
        (media === 'application/json' || media.endsWith('+json')) && !('example' in given || 'examples' in given),
    ),
  );
  return [
    ...(operationId === undefined ? ['operationId'] : []),
    ...(summary === undefined || description === undefined ? ['description'] : []),
    ...(errors ? [] : ['error responses']),
    ...(bare.length === 0 ? [] : ['examples']),
  ];
}

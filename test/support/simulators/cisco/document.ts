/** An element, or in JSON a key, with its content; several of one name are a list. */
export type Part = readonly [
  name: string,
  content: string | number | boolean | readonly Part[],
  attributes?: Attributes,
];
type Attributes = Readonly<Record<string, string>>;

/** A document in XML. */
export function writeXml([name, content, attributes = {}]: Part): string {
  return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>${element([name, content, attributes])}`;
}

function element([name, content, attributes = {}]: Part): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(value)}"`);
  const inside = typeof content === 'object' ? content.map(element).join('') : escape(String(content));
  return inside === '' ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${inside}</${name}>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/**
 * A document in JSON as Unified CCX writes it: the root has no name, attributes begin with `@`, an empty container is `{}`, and
 * what is in `lists` is an array; with `singles` an array of one is the object itself.
 */
export function writeJson(part: Part, lists: ReadonlySet<string>, singles = false): string {
  const [name, content, attributes = {}] = part;
  return JSON.stringify(asValue([name, content, { '@type': name, ...prefixed(attributes) }], lists, singles));
}

function asValue([, content, attributes = {}]: Part, lists: ReadonlySet<string>, singles: boolean): unknown {
  if (typeof content !== 'object') return content;
  const value: Record<string, unknown> = { ...attributes };
  for (const name of new Set(content.map(([each]) => each))) {
    const parts = content.filter(([each]) => each === name);
    const values = parts.map(([each, inside, more = {}]) => asValue([each, inside, prefixed(more)], lists, singles));
    value[name] = lists.has(name) && !(singles && values.length === 1) ? values : values[0];
  }
  return value;
}

function prefixed(attributes: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [key.startsWith('@') ? key : `@${key}`, value]),
  );
}

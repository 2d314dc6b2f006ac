import { html as tagged, type raw } from 'hono/html';

/** Markup that is safe to send. Only {@link html} makes it. */
export type Html = ReturnType<typeof raw>;

/** What may stand in a template. Text is escaped, in attributes too; nothing, false and null leave no trace. */
export type Part = Html | string | number | boolean | null | undefined | readonly Part[];

/**
 * The template of every page. Values are escaped, so a page cannot forget to; attributes are always written in quotes.
 * The library's own tag also takes promises and anything with an `isEscaped` property: neither gets past these types.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Html {
  const made = tagged(strings, ...values);
  if (made instanceof Promise) throw new TypeError('a template waits for nothing');
  return made;
}

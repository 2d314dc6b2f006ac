import { html, type Html, type Part } from '../html.ts';
import type { Visit } from '../visit.ts';
import { choice } from './form.ts';

interface Filters {
  /** The page itself: filters stand in its address. */
  readonly action: string;
  /** The id of the part of the page that they change. */
  readonly target: string;
  /** Read out as a search. */
  readonly search?: true;
  /** The same list without filters, where it is worth a link. */
  readonly clear?: true;
  /** What is asked for less often, behind the button. */
  readonly more?: Html;
}

/** The filters of a list: sent by the button, and while somebody types or chooses where there is script. */
export function filterForm({ words }: Visit, { action, target, search, clear, more }: Filters, fields: Part): Html {
  return html`<form
    method="get"
    action="${action}"
    class="filters"
    ${search === true ? html`role="search"` : ''}
    hx-get="${action}"
    hx-trigger="input delay:200ms, submit"
    hx-target="#${target}"
    hx-swap="outerMorph"
    hx-replace-url="true"
  >
    ${fields}
    <button class="button plain">${words.users.find}</button>
    ${more ?? ''} ${clear === true ? html`<a class="act" href="${action}">${words.log.clear}</a>` : ''}
  </form>`;
}

/** A filter by one of some values, or by none. */
export function filterChoice(
  { words }: Visit,
  name: string,
  label: string,
  value: string | undefined,
  options: readonly (readonly [value: string, text: string])[],
): Html {
  return choice({ id: name, name, label, value: value ?? '', options: [['', words.users.any], ...options] });
}

/** The same where the values are what people call them. */
export function filterByName(
  visit: Visit,
  name: string,
  label: string,
  value: string | undefined,
  names: readonly string[],
): Html {
  return filterChoice(
    visit,
    name,
    label,
    value,
    names.map((each) => [each, each] as const),
  );
}

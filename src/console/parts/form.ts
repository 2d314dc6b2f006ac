import { html, type Html, type Part } from '../html.ts';
import type { Visit } from '../visit.ts';

/** A form that changes something: plain, with the proof that it is ours. */
export function postForm(visit: Visit, action: string, body: Part, className = '', id?: string): Html {
  const named = id === undefined ? '' : html`id="${id}"`;
  return html`<form method="post" action="${action}" class="${className}" ${named}>
    <input type="hidden" name="csrf" value="${visit.csrf}" />${body}
  </form>`;
}

export function hidden(name: string, value: string | number | null | undefined): Html {
  return value === null || value === undefined ? html`` : html`<input type="hidden" name="${name}" value="${value}" />`;
}

interface Field {
  /** Unique on its page. */
  readonly id: string;
  readonly name: string;
  readonly label: string;
  readonly value?: string | undefined;
  readonly type?: 'text' | 'search' | 'password' | 'date' | 'datetime-local';
  readonly hint?: string;
  readonly required?: boolean;
  readonly autocomplete?: string;
  readonly maxlength?: number;
  readonly autofocus?: boolean;
}

/** A labelled field, with its hint read out with it. */
export function field({ id, name, label, hint, ...given }: Field): Html {
  const { type = 'text', value = '', required = false, autofocus = false, maxlength = 1_000 } = given;
  const described = hint === undefined ? '' : `${id}-hint`;
  return html`<div class="field">
    <label for="${id}">${label}</label>${hint === undefined ? '' : html`<p class="hint" id="${described}">${hint}</p>`}
    <input
      id="${id}"
      name="${name}"
      type="${type}"
      value="${value}"
      maxlength="${maxlength}"
      autocomplete="${given.autocomplete ?? 'off'}"
      aria-describedby="${described}"
      ${required ? html`required` : ''}
      ${autofocus ? html`autofocus` : ''}
    />
  </div>`;
}

interface Choice {
  readonly id: string;
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
}

/** A labelled list to choose from. */
export function choice({ id, name, label, value, options }: Choice): Html {
  return html`<div class="field">
    <label for="${id}">${label}</label>
    <select id="${id}" name="${name}">
      ${options.map(
        ([each, text]) => html`<option value="${each}" ${each === value ? html`selected` : ''}>${text}</option>`,
      )}
    </select>
  </div>`;
}

/** The button of a form; its text says the whole action. */
export function button(
  text: string,
  kind: 'main' | 'plain' | 'danger' = 'main',
  value?: readonly [string, string],
): Html {
  return html`<button class="button ${kind}" ${value === undefined ? '' : html`name="${value[0]}" value="${value[1]}"`}>
    ${text}
  </button>`;
}

import stringWidth from 'string-width';
import { cleanText } from '../telemetry/clean-text.ts';

export type CardLine = readonly [label: string, value: string];

/** Labels and values below each other; what has no value is left out. */
export function card(lines: readonly CardLine[]): string {
  const shown = lines.filter(([, value]) => value !== '');
  const width = Math.max(0, ...shown.map(([label]) => stringWidth(label)));
  return shown.map(([label, value]) => `  ${label}${' '.repeat(width - stringWidth(label))}  ${value}\n`).join('');
}

/** The name of a JSON field as a label: `companyStartDate` → `Company start date`. */
export function labelOf(field: string): string {
  const words = field.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replaceAll(/[_-]+/g, ' ');
  const text = words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
  return text.replace(/\b(acd|id|qm)\b/gi, (short) => (short.toLowerCase() === 'id' ? 'ID' : short.toUpperCase()));
}

/** Any value of an answer as people read it; empty where there is none. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return cleanText(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.map(valueText).filter(Boolean).join(', ');
  return cleanText(typeof value === 'number' ? String(value) : JSON.stringify(value));
}

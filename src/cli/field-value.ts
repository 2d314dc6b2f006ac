import { UsageError } from './errors.ts';

/** A field and its value as they are written on the command line: `email=jan@example.com`. */
export function fieldAndValue(text: string): [field: string, value: string] {
  const [, field = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (field === '') throw new UsageError(`"${text}" has no field and value; write it like email=jan@example.com`);
  return [field, value];
}

import type { LdapEntry } from './ldap-messages.ts';

/** Entries as another server would have sent them. Attribute names are compared without regard to case. */

/** With other texts in those of these attributes that the entry has. */
export function replaceTexts(entry: LdapEntry, texts: Readonly<Record<string, string>>): LdapEntry {
  return Object.entries(texts).reduce((changed, [name, text]) => replaceValue(changed, name, Buffer.from(text)), entry);
}

/** With another value in this attribute, where the entry has it. */
export function replaceValue(entry: LdapEntry, attribute: string, value: Buffer): LdapEntry {
  return changeValues(entry, attribute, () => [value]);
}

/** With a generalizedTime (RFC 4517, section 3.3.13) moved by so many milliseconds. */
export function shiftTime(entry: LdapEntry, attribute: string, byMs: number): LdapEntry {
  return changeValues(entry, attribute, (values) =>
    values.map((value) => {
      const iso = value.toString().replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d).*$/, '$1-$2-$3T$4:$5:$6Z');
      const moved = new Date(Date.parse(iso) + byMs).toISOString();
      return Buffer.from(`${moved.slice(0, 19).replace(/[-T:]/g, '')}.0Z`);
    }),
  );
}

function changeValues(
  entry: LdapEntry,
  attribute: string,
  change: (values: readonly Buffer[]) => readonly Buffer[],
): LdapEntry {
  const isMeant = (name: string): boolean => name.toLowerCase() === attribute.toLowerCase();
  if (!entry.attributes.some(([name]) => isMeant(name))) return entry;
  const attributes = entry.attributes.map(([name, values]) => [name, isMeant(name) ? change(values) : values] as const);
  return { ...entry, attributes };
}

/**
 * With at most `most` values of each attribute, as Windows Server answers (MS-ADTS 3.1.1.3.1.3.3): a plain attribute that
 * has more comes empty, and beside it `name;range=0-1499`; a range that was asked for ends earlier.
 */
export function cutValues(entry: LdapEntry, most: number): LdapEntry {
  if (entry.attributes.every(([, values]) => values.length <= most)) return entry;
  const attributes = entry.attributes.flatMap(([name, values]) => {
    if (values.length <= most) return [[name, values] as const];
    const [plain = name, from] = name.split(/;range=(\d+)-(?:\d+|\*)$/i);
    const first = Number(from ?? 0);
    const range = [`${plain};range=${first}-${first + most - 1}`, values.slice(0, most)] as const;
    return from === undefined ? [[plain, []] as const, range] : [range];
  });
  return { ...entry, attributes };
}

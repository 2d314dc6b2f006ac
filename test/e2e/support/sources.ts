import type { SambaDetails } from '../../support/services/samba.ts';
import type { Site } from './rosterd.ts';

const SECRET_FILE = 'secrets/bind';

/** Writes the bind password where {@link activeDirectory} and {@link ldap} refer to. */
export function secretFile(site: Site, password: string): Promise<string> {
  return site.write(SECRET_FILE, `${password}\n`);
}

/** An `active-directory` source on the run's domain controller, or on something in front of it. */
export function activeDirectory(
  id: string,
  samba: SambaDetails,
  baseDn: string,
  at: { readonly url: string; readonly caFile: string } = { url: samba.ldapsUrl, caFile: samba.caFile },
): Record<string, unknown> {
  return {
    id,
    kind: 'active-directory',
    connection: {
      url: at.url,
      bindDn: samba.adminDn,
      bindPassword: { file: SECRET_FILE },
      tls: { caFile: at.caFile },
      timeoutMs: 20_000,
    },
    baseDn,
  };
}

/** An `ldap` source. */
export function ldap(
  id: string,
  slapd: { readonly url: string; readonly bindDn: string; readonly peopleDn: string },
): Record<string, unknown> {
  return {
    id,
    kind: 'ldap',
    connection: { url: slapd.url, bindDn: slapd.bindDn, bindPassword: { file: SECRET_FILE }, timeoutMs: 20_000 },
    baseDn: slapd.peopleDn,
  };
}

/** A table in CSV (RFC 4180), with a line end behind the last record. */
export function csvOf(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return [columns, ...rows].map((row) => `${row.map(quoted).join(',')}\r\n`).join('');
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

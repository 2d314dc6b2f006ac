/** Where an interface starts: the path that the vendor gives it, where the configuration names no other. */
export function interfaceAt(url: string, usualPath: string): string {
  const address = new URL(url);
  const path = address.pathname.replace(/\/+$/, '');
  // Part of the usual path may stand there already.
  const missing = path === '' ? usualPath : usualPath.startsWith(`${path}/`) ? usualPath.slice(path.length) : '';
  return `${address.origin}${path}${missing}`;
}

/** An id as the last part of an address; undefined for one that an address cannot carry. */
export function asPathPart(id: string): string | undefined {
  if (/^\.{0,2}$/.test(id) || !id.isWellFormed()) return undefined;
  return encodeURIComponent(id);
}

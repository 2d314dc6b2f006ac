/** What people are called by in lists: the display name, else first and last name; empty where neither is known. */
export function personName({
  displayName,
  firstName,
  lastName,
}: {
  readonly displayName: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
}): string {
  return displayName ?? [firstName, lastName].filter((part) => part !== null).join(' ');
}

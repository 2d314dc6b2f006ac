import { z } from 'zod';

/** What the page after an act says: what was done, and how it is taken back where that is one press. */
const flash = z.object({
  text: z.string().max(1_000),
  tone: z.enum(['good', 'note']),
  undo: z.object({ action: z.string().max(300) }).optional(),
});
export type Flash = z.output<typeof flash>;

const cookie = 'rosterd_flash';

/** Kept by the browser until the next page, for a minute at most. It is shown to nobody but who sent it. */
export function flashCookie(said: Flash, secure: boolean): string {
  const value = Buffer.from(JSON.stringify(said)).toString('base64url');
  return `${cookie}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=60${secure ? '; Secure' : ''}`;
}

export const endedFlash = `${cookie}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`;

/** Null where there is none, or none of ours. */
export function takeFlash(header: string | undefined): Flash | null {
  const [, value] = /(?:^|;\s*)rosterd_flash=([A-Za-z0-9_-]{1,3000})(?:;|$)/.exec(header ?? '') ?? [];
  if (value === undefined) return null;
  try {
    const read = flash.safeParse(JSON.parse(Buffer.from(value, 'base64url').toString('utf8')));
    return read.success && read.data.undo?.action.startsWith('//') !== true ? read.data : null;
  } catch {
    // Somebody has played with their own cookie.
    return null;
  }
}

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** What somebody had typed when their session was over. */
const kept = z.object({
  to: z.string().max(500),
  fields: z.array(z.tuple([z.string().max(100), z.string().max(2_000)])).max(100),
  until: z.number(),
});
type Kept = z.output<typeof kept>;

/** Forms on their way around signing in. */
export interface KeptForms {
  /** As a word for an address; null where it is too much for one. */
  keep(to: string, body: string, now: number): string | null;
  /** Null for what was not kept here, or too long ago. */
  take(word: string, now: number): Kept | null;
}

const lifeMs = 60 * 60_000;
/** Beside what else stands in the address. */
const longest = 1_400;

/** Signed with a key of this process, so that nobody else can put a form of their making before somebody. */
export function createKeptForms(key: Buffer = randomBytes(32)): KeptForms {
  const sealOf = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  return {
    keep(to, body, now) {
      const fields = [...new URLSearchParams(body)].filter(([name]) => name !== 'csrf');
      const text = Buffer.from(JSON.stringify({ to, fields, until: now + lifeMs })).toString('base64url');
      return text.length > longest ? null : `${text}.${sealOf(text).toString('base64url')}`;
    },
    take(word, now) {
      const [text = '', seal = ''] = word.split('.');
      const [given, right] = [Buffer.from(seal, 'base64url'), sealOf(text)];
      if (given.length !== right.length || !timingSafeEqual(given, right)) return null;
      const form = kept.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
      return form.until < now ? null : form;
    },
  };
}

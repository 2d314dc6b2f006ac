import { describe, expect, it } from 'vitest';
import { reason } from '../../../src/api/schemas/common.ts';
import { groupAdded, groupChange } from '../../../src/api/schemas/groups.ts';
import { answerGiven } from '../../../src/api/schemas/review-items.ts';
import { discardRequest } from '../../../src/api/schemas/runs.ts';
import { valueProblem } from '../../../src/domain/field-values.ts';

const unseen = [
  ['a zero-width space', 'zw\u200badmin'],
  ['a soft hyphen', 'zw\u00adadmin'],
  ['an escape', 'a\u001b[31mb'],
  ['a line end', 'a\nb'],
  ['C1', 'a\u009bb'],
  ['a mark of direction', 'a\u202eb'],
  ['a tag', 'a\u{E0041}b'],
  ['a byte order mark', '\ufeffab'.slice(1) + '\ufeffx'],
  ['a filler', 'a\u3164b'],
] as const;

describe('12.3 what people write can be seen', () => {
  it.each(unseen)('12.3 %s is refused in reasons, names and values', (_name, text) => {
    expect(reason.safeParse(text).error?.issues[0]?.message).toContain('cannot be seen');
    for (const [schema, body] of [
      [groupAdded, { name: text }],
      [groupChange, { name: text }],
      [discardRequest, { reason: text }],
      [answerGiven, { answer: 'create', value: text }],
    ] as const)
      expect(schema.safeParse(body).success, JSON.stringify(body)).toBe(false);
    expect(valueProblem('username', text)).toContain('cannot be seen');
  });

  it('12.3 what languages and pictures need is none of that', () => {
    for (const text of ['نمی\u200cخواهم', '👩\u200d💻 left', 'Nguyễn, 山田, O’Cal', 'ﬁ'])
      expect([reason.safeParse(text).success, valueProblem('displayName', text)]).toEqual([true, null]);
  });
});

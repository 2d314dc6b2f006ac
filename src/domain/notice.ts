/** What people are told of by themselves (spec 14.6). */
export const noticeKinds = [
  'run-held',
  'run-too-long',
  'run-without-progress',
  'source-failing',
  'source-silent',
  'log-in-refused',
  'review-old',
  'certificate-expiring',
] as const;

export type NoticeKind = (typeof noticeKinds)[number];

/**
 * Whether account `a` is to be decided on. One whose absence, or return, has been observed and not been decided yet waits
 * for that: until then it stays as it is (spec 13.1, gone).
 */
export const due = `((a.decided_hash is distinct from a.content_hash or a.decided_wakes <> a.wakes)
  and (a.absent_since is null) = (a.gone_since is null))`;

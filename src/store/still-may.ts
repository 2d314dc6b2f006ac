/** SQL: what the operator of a job might do when they asked, as far as they still may; nothing, once they are disabled. */
export const stillMayOf = (
  job: 'bulk_job' | 'people_import' | 'undo_job',
): string => `array(select p from unnest(${job}.permissions) as p join operator o on o.name = ${job}.operator_name
  where o.disabled_at is null and (o.kind = 'local' or p = any(o.permissions)))`;

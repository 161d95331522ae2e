-- Part of journal_write's transaction, for batches with results of several files: those after the first. A name that
-- another frame of the job has is a duplicate key, which refuses the batch; the server asks output_name_taken before.
-- No errors.
CREATE OR REPLACE PROCEDURE journal_write_outputs(IN p_outcomes LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  INSERT INTO attempt_output (task_id, attempt_id, number, job_id, name, size_bytes, sha256, width, height, format)
  SELECT e.task_id, e.attempt_id, n.place, e.job_id, n.name, n.size_bytes, UNHEX(n.sha256), n.width, n.height, n.format
  FROM JSON_TABLE(p_outcomes, '$[*]' COLUMNS (number FOR ORDINALITY, NESTED PATH '$[20][*]' COLUMNS (
    place FOR ORDINALITY, name VARCHAR(255) PATH '$[0]', size_bytes BIGINT PATH '$[1]', sha256 VARCHAR(64) PATH '$[2]',
    width INT UNSIGNED PATH '$[3]', height INT UNSIGNED PATH '$[4]', format VARCHAR(20) PATH '$[5]'))) n
  STRAIGHT_JOIN journal_outcome e ON e.number = n.number
  WHERE e.is_new AND e.is_result AND n.place IS NOT NULL;
END

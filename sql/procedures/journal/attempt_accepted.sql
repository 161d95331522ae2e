-- Which of these attempts are the results of their tasks: rows (task_id, attempt_id, output). Asked about images that
-- were staged when a server was killed.
--   p_attempts  [{"task": N, "attempt": N}...]
-- No errors.
CREATE OR REPLACE PROCEDURE attempt_accepted(IN p_attempts LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  SELECT a.task_id, a.id, a.output
  FROM JSON_TABLE(p_attempts, '$[*]' COLUMNS (task_id BIGINT PATH '$.task', attempt_id BIGINT PATH '$.attempt')) n
  STRAIGHT_JOIN attempt a FORCE INDEX (PRIMARY) ON a.task_id = n.task_id AND a.id = n.attempt_id
  STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id = a.task_id
  WHERE a.ending = 'accepted' AND a.output <> '' AND (t.state <> 'accepted' OR t.attempt_id = a.id);
END

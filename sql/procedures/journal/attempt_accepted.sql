-- Finds those attempts that are the results of their tasks, for images that were staged when a server was killed.
-- p_attempts: [{"task_id", "attempt_id"}...]. Rows: task_id, attempt_id, number of the file, 0 for the first, and its
-- name below output/. No errors.
CREATE OR REPLACE PROCEDURE attempt_accepted(IN p_attempts LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  WITH accepted AS (
    SELECT a.task_id, a.id, a.output_name
    FROM JSON_TABLE(p_attempts, '$[*]' COLUMNS (
      task_id BIGINT PATH '$.task_id', attempt_id BIGINT PATH '$.attempt_id')) n
    STRAIGHT_JOIN attempt a FORCE INDEX (PRIMARY) ON a.task_id = n.task_id AND a.id = n.attempt_id
    STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id = a.task_id
    WHERE a.outcome = 'accepted' AND a.output_name <> '' AND (t.state <> 'accepted' OR t.attempt_id = a.id))
  SELECT task_id, id, 0 AS number, output_name AS name FROM accepted
  UNION ALL
  SELECT a.task_id, a.id, o.number, o.name
  FROM accepted a STRAIGHT_JOIN attempt_output o FORCE INDEX (PRIMARY) ON o.task_id = a.task_id AND o.attempt_id = a.id;
END

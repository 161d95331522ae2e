-- Part of journal_write's transaction, for batches in which something did not end well: reasons, failure counts, tasks
-- given up, and which tasks failed alike.
-- No errors.
CREATE OR REPLACE PROCEDURE journal_write_failures(IN p_endings LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  UPDATE JSON_TABLE(p_endings, '$[*]' COLUMNS (number FOR ORDINALITY, reason TEXT PATH '$[8]')) n
  STRAIGHT_JOIN journal_ending e ON e.number = n.number
  STRAIGHT_JOIN attempt a FORCE INDEX (PRIMARY) ON a.task_id = e.task_id AND a.id = e.attempt_id
  SET a.reason = NULLIF(LEFT(n.reason, 1000), '')
  WHERE e.fresh AND e.ending <> 'accepted';

  UPDATE (SELECT task_id, MAX(attempt_id) AS attempt_id, SUM(ending IN ('failed', 'rejected')) AS failures
          FROM journal_ending WHERE fresh AND ending <> 'accepted' GROUP BY task_id) e
  STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id = e.task_id
  SET t.attempt_id = e.attempt_id, t.failures = LEAST(255, t.failures + e.failures)
  WHERE t.state = 'ready';

  UPDATE journal_ending e STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id = e.task_id
  SET e.lost = TRUE
  WHERE e.fresh AND e.last AND e.ending IN ('failed', 'rejected', 'expired') AND t.state = 'ready';

  UPDATE (SELECT DISTINCT task_id FROM journal_ending WHERE lost) e
  STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id = e.task_id
  SET t.state = 'failed';

  INSERT IGNORE INTO job_failure (job_id, reason_hash, task_id)
  SELECT job_id, reason_hash, task_id FROM journal_ending WHERE fresh AND reason_hash IS NOT NULL;
END

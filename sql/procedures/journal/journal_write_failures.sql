-- Part of journal_write's transaction, for batches with an outcome other than accepted: reasons, failure counts,
-- failed tasks, and which tasks failed for the same reason. No errors.
CREATE OR REPLACE PROCEDURE journal_write_failures(IN p_outcomes LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  UPDATE JSON_TABLE(p_outcomes, '$[*]' COLUMNS (number FOR ORDINALITY, reason TEXT PATH '$[8]',
    failure_code VARCHAR(40) PATH '$[17]', counts BOOLEAN PATH '$[18]')) n
  STRAIGHT_JOIN journal_outcome e ON e.number = n.number
  STRAIGHT_JOIN attempt a FORCE INDEX (PRIMARY) ON a.task_id = e.task_id AND a.id = e.attempt_id
  SET a.failure_reason = NULLIF(LEFT(n.reason, 1000), ''), a.failure_code = NULLIF(n.failure_code, ''),
    e.reason_hash = IF(n.counts, UNHEX(MD5(REGEXP_REPLACE(LEFT(n.reason, 200), '[0-9]+', '#'))), NULL)
  WHERE e.is_new AND e.outcome <> 'accepted';

  UPDATE (SELECT task_id, MAX(attempt_id) AS attempt_id, SUM(reason_hash IS NOT NULL) AS failures
          FROM journal_outcome WHERE is_new AND outcome <> 'accepted' GROUP BY task_id) e
  STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id = e.task_id
  SET t.attempt_id = e.attempt_id, t.failure_count = LEAST(255, t.failure_count + e.failures)
  WHERE t.state = 'ready';

  UPDATE journal_outcome e STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id = e.task_id
  SET e.task_failed = TRUE
  WHERE e.is_new AND e.is_last AND e.outcome IN ('failed', 'rejected', 'expired') AND t.state = 'ready';

  UPDATE (SELECT DISTINCT task_id FROM journal_outcome WHERE task_failed) e
  STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id = e.task_id
  SET t.state = 'failed';

  INSERT IGNORE INTO job_failure (job_id, reason_hash, task_id, slave_id)
  SELECT job_id, reason_hash, task_id, slave_id FROM journal_outcome WHERE is_new AND reason_hash IS NOT NULL;
END

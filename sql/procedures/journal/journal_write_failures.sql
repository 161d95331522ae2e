-- Part of journal_write's transaction, for batches with an outcome other than accepted: reasons, failure counts,
-- failed tasks, and which tasks failed for the same reason: of each person once a task, and no more tasks than pause a
-- job, but for those that are given up, so that nobody's failures grow without end. No errors.
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
  SELECT n.job_id, n.reason_hash, n.task_id, n.slave_id
  FROM (SELECT e.job_id, e.reason_hash, e.task_id, MIN(e.slave_id) AS slave_id, COALESCE(s.user_id, 0) AS user_id,
          MAX(e.task_failed) AS task_failed,
          ROW_NUMBER() OVER (PARTITION BY e.job_id, e.reason_hash, COALESCE(s.user_id, 0) ORDER BY e.task_id) AS place
        FROM journal_outcome e LEFT JOIN slave s ON s.id = e.slave_id
        WHERE e.is_new AND e.reason_hash IS NOT NULL
        GROUP BY e.job_id, e.reason_hash, e.task_id, COALESCE(s.user_id, 0)) n
  JOIN job j ON j.id = n.job_id
  WHERE NOT EXISTS (SELECT 1 FROM job_failure f LEFT JOIN slave s ON s.id = f.slave_id
      WHERE f.job_id = n.job_id AND f.reason_hash = n.reason_hash AND f.task_id = n.task_id
        AND COALESCE(s.user_id, 0) = n.user_id)
    AND (n.task_failed OR n.place + (SELECT COUNT(*) FROM job_failure f LEFT JOIN slave s ON s.id = f.slave_id
      WHERE f.job_id = n.job_id AND f.reason_hash = n.reason_hash AND COALESCE(s.user_id, 0) = n.user_id)
      <= GREATEST(3, CEIL(j.task_count / 20)));
END

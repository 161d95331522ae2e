-- Part of journal_write's transaction, for batches with warnings: of results and failures at most 20 kinds each, and
-- their sums over the attempts with which tasks ended, at most 50 kinds of a job; the kinds beyond that only stand with
-- their frames. No errors.
CREATE OR REPLACE PROCEDURE journal_write_warnings(IN p_outcomes LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  INSERT IGNORE INTO attempt_warning (task_id, attempt_id, number, kind, code, message, count)
  SELECT e.task_id, e.attempt_id, n.place, UNHEX(MD5(CONCAT(LEFT(n.code, 60), '\n', LEFT(n.message, 1000)))),
    LEFT(n.code, 60), LEFT(n.message, 1000), LEAST(GREATEST(n.count, 1), 1000000000)
  FROM JSON_TABLE(p_outcomes, '$[*]' COLUMNS (number FOR ORDINALITY, NESTED PATH '$[19][*]' COLUMNS (
    place FOR ORDINALITY, code TEXT PATH '$[0]', message TEXT PATH '$[1]', count BIGINT PATH '$[2]'))) n
  STRAIGHT_JOIN journal_outcome e ON e.number = n.number
  WHERE e.is_new AND (e.is_result OR e.outcome IN ('failed', 'rejected')) AND n.place <= 20;

  INSERT INTO job_warning (job_id, kind, code, message, count, task_count)
  SELECT s.job_id, s.kind, s.code, s.message, s.count, s.task_count
  FROM (SELECT e.job_id, w.kind, MIN(w.code) AS code, MIN(w.message) AS message, SUM(w.count) AS count,
          COUNT(*) AS task_count, ROW_NUMBER() OVER (PARTITION BY e.job_id ORDER BY MIN(e.number), w.kind) AS place
        FROM journal_outcome e
        STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id = e.task_id AND t.attempt_id = e.attempt_id
        STRAIGHT_JOIN attempt_warning w FORCE INDEX (PRIMARY) ON w.task_id = e.task_id AND w.attempt_id = e.attempt_id
        WHERE e.is_new AND t.state IN ('accepted', 'failed') GROUP BY e.job_id, w.kind) s
  LEFT JOIN job_warning j ON j.job_id = s.job_id AND j.kind = s.kind
  WHERE j.kind IS NOT NULL OR s.place + (SELECT COUNT(*) FROM job_warning o WHERE o.job_id = s.job_id) <= 50
  ON DUPLICATE KEY UPDATE count = job_warning.count + VALUES(count),
    task_count = job_warning.task_count + VALUES(task_count);
END

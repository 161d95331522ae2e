-- Part of journal_write's transaction: pauses each active job of this batch of which 5 % of the tasks, at least 3,
-- failed for the same reason, and records it as activity. A slave's reason is its own word: slaves of two people, or
-- one of the job's owner, have to give it, unless so many of these tasks were given up. No errors.
CREATE OR REPLACE PROCEDURE job_pause_on_failures()
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);

  UPDATE job j
  JOIN (SELECT f.job_id, f.reason_hash, COUNT(DISTINCT f.task_id) AS tasks, COUNT(DISTINCT s.user_id) AS users,
          MAX(s.user_id = o.user_id) AS has_own, COUNT(DISTINCT IF(t.state = 'failed', t.id, NULL)) AS given_up
        FROM job_failure f
        JOIN job o ON o.id = f.job_id
        STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id = f.task_id
        LEFT JOIN slave s ON s.id = f.slave_id
        WHERE (f.job_id, f.reason_hash) IN
          (SELECT e.job_id, e.reason_hash FROM journal_outcome e WHERE e.is_new AND e.reason_hash IS NOT NULL)
        GROUP BY f.job_id, f.reason_hash) alike ON alike.job_id = j.id
  JOIN (SELECT e.job_id, e.reason_hash, MAX(e.number) AS number
        FROM journal_outcome e WHERE e.is_new AND e.reason_hash IS NOT NULL
        GROUP BY e.job_id, e.reason_hash) sample ON sample.job_id = j.id AND sample.reason_hash = alike.reason_hash
  JOIN journal_outcome e ON e.number = sample.number
  JOIN attempt a FORCE INDEX (PRIMARY) ON a.task_id = e.task_id AND a.id = e.attempt_id
  SET j.state_reason = LEFT(CONCAT('paused: ', alike.tasks, ' of ', j.task_count, ' frames failed alike: ',
        COALESCE(a.failure_reason, 'no reason given')), 1000),
      j.state = 'paused',
      j.revision = j.revision + 1,
      e.paused = TRUE
  WHERE j.state = 'active' AND alike.tasks >= GREATEST(3, CEIL(j.task_count / 20))
    AND (alike.users > 1 OR alike.has_own OR alike.given_up >= GREATEST(3, CEIL(j.task_count / 20)));

  INSERT INTO activity (created_at, kind, user_id, job_id, message)
  SELECT v_now, 'job_paused', j.user_id, j.id, LEFT(CONCAT('Job ', j.id, ' (', j.name, ') ', j.state_reason), 1000)
  FROM job j WHERE j.id IN (SELECT job_id FROM journal_outcome WHERE paused);
END

-- Part of journal_write's transaction: pauses each active job of this batch of which 5 % of the tasks, at least 3,
-- failed for the same reason, and records it as activity. A slave's reason is its own word, and may be copied: so many
-- of the tasks have to fail so without the one person whose slaves say it of the most, or on slaves of the job's owner,
-- or to be given up. No errors.
CREATE OR REPLACE PROCEDURE job_pause_on_failures()
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);

  UPDATE job j
  JOIN (SELECT r.job_id, r.reason_hash, COUNT(DISTINCT r.task_id) AS tasks,
          COUNT(DISTINCT IF(r.place > 1, r.task_id, NULL)) AS of_others,
          COUNT(DISTINCT IF(r.is_own, r.task_id, NULL)) AS of_owner,
          COUNT(DISTINCT IF(r.state = 'failed', r.task_id, NULL)) AS given_up
        FROM (SELECT c.job_id, c.reason_hash, c.task_id, c.state, c.is_own,
                DENSE_RANK() OVER (PARTITION BY c.job_id, c.reason_hash ORDER BY c.said DESC, c.user_id) AS place
              FROM (SELECT f.job_id, f.reason_hash, f.task_id, t.state, COALESCE(s.user_id, 0) AS user_id,
                      COALESCE(s.user_id = o.user_id, FALSE) AS is_own,
                      COUNT(*) OVER (PARTITION BY f.job_id, f.reason_hash, COALESCE(s.user_id, 0)) AS said
                    FROM job_failure f
                    JOIN job o ON o.id = f.job_id
                    STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id = f.task_id
                    LEFT JOIN slave s ON s.id = f.slave_id
                    WHERE (f.job_id, f.reason_hash) IN
                      (SELECT e.job_id, e.reason_hash FROM journal_outcome e
                       WHERE e.is_new AND e.reason_hash IS NOT NULL)) c) r
        GROUP BY r.job_id, r.reason_hash) alike ON alike.job_id = j.id
  JOIN (SELECT e.job_id, e.reason_hash, MAX(e.number) AS number
        FROM journal_outcome e WHERE e.is_new AND e.reason_hash IS NOT NULL
        GROUP BY e.job_id, e.reason_hash) sample ON sample.job_id = j.id AND sample.reason_hash = alike.reason_hash
  JOIN journal_outcome e ON e.number = sample.number
  JOIN attempt a FORCE INDEX (PRIMARY) ON a.task_id = e.task_id AND a.id = e.attempt_id
  SET j.state_reason = LEFT(CONCAT('paused: ', alike.tasks, ' of ', j.task_count, ' frames failed alike: ',
        COALESCE(a.failure_reason, 'no reason given')), 1000),
      j.state = 'paused',
      j.paused_by = 'server',
      j.revision = j.revision + 1,
      e.paused = TRUE
  WHERE j.state = 'active' AND alike.tasks >= GREATEST(3, CEIL(j.task_count / 20))
    AND GREATEST(alike.of_others, alike.of_owner, alike.given_up) >= GREATEST(3, CEIL(j.task_count / 20));

  INSERT INTO activity (created_at, kind, user_id, job_id, message)
  SELECT v_now, 'job_paused', j.user_id, j.id, LEFT(CONCAT('Job ', j.id, ' (', j.name, ') ', j.state_reason), 1000)
  FROM job j WHERE j.id IN (SELECT job_id FROM journal_outcome WHERE paused);
END

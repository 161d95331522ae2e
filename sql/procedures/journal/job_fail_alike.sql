-- Part of journal_write's transaction: pauses the jobs of this batch of which 5 % of the tasks, at least 3, failed
-- for the same reason, and tells the owner. A job that is already paused or has ended stays as it is.
-- No errors.
CREATE OR REPLACE PROCEDURE job_fail_alike()
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);

  UPDATE job j
  JOIN (SELECT f.job_id, f.reason_hash, COUNT(*) AS tasks
        FROM job_failure f
        WHERE (f.job_id, f.reason_hash) IN
          (SELECT e.job_id, e.reason_hash FROM journal_ending e WHERE e.fresh AND e.reason_hash IS NOT NULL)
        GROUP BY f.job_id, f.reason_hash) alike ON alike.job_id = j.id
  JOIN (SELECT e.job_id, e.reason_hash, MAX(e.number) AS number
        FROM journal_ending e WHERE e.fresh AND e.reason_hash IS NOT NULL
        GROUP BY e.job_id, e.reason_hash) sample ON sample.job_id = j.id AND sample.reason_hash = alike.reason_hash
  JOIN journal_ending e ON e.number = sample.number
  JOIN attempt a FORCE INDEX (PRIMARY) ON a.task_id = e.task_id AND a.id = e.attempt_id
  SET j.reason = LEFT(CONCAT('paused: ', alike.tasks, ' of ', j.tasks, ' frames failed alike: ',
        COALESCE(a.reason, 'no reason given')), 1000),
      j.state = 'paused',
      j.revision = j.revision + 1,
      e.paused = TRUE
  WHERE j.state = 'active' AND alike.tasks >= GREATEST(3, CEIL(j.tasks / 20));

  INSERT INTO event (created_at, kind, user_id, job_id, message)
  SELECT v_now, 'job_paused', j.user_id, j.id, LEFT(CONCAT('Job ', j.id, ' (', j.name, ') ', j.reason), 1000)
  FROM job j WHERE j.id IN (SELECT job_id FROM journal_ending WHERE paused);
END

-- Part of a transaction: fails every unfinished job that is made of the output of a failed or cancelled job, or of the
-- output of such a one, with its open tasks, and records it as activity. The jobs are then in dependent_job, which is
-- theirs alone. What is requeued with its source begins anew. No errors.
CREATE OR REPLACE PROCEDURE job_fail_dependents()
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE v_found INT;

  CREATE TEMPORARY TABLE IF NOT EXISTS dependent_job (
    job_id BIGINT NOT NULL PRIMARY KEY,
    source_id BIGINT NOT NULL
  ) ENGINE=MEMORY;
  DELETE FROM dependent_job;
  REPEAT
    INSERT IGNORE INTO dependent_job (job_id, source_id)
    SELECT j.id, s.id
    FROM job j STRAIGHT_JOIN job s FORCE INDEX (PRIMARY) ON s.id = j.depends_on_job_id
    WHERE j.depends_on_job_id IS NOT NULL AND j.state IN ('active', 'paused') AND s.state IN ('failed', 'cancelled');
    SET v_found = ROW_COUNT();
    IF v_found > 0 THEN
      UPDATE dependent_job d STRAIGHT_JOIN job j FORCE INDEX (PRIMARY) ON j.id = d.job_id
        STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id >= j.first_task_id AND t.id < j.first_task_id + j.task_count
      SET t.state = 'failed'
      WHERE j.state IN ('active', 'paused') AND t.state = 'ready';
      DELETE l FROM dependent_job d STRAIGHT_JOIN job j FORCE INDEX (PRIMARY) ON j.id = d.job_id
        STRAIGHT_JOIN lease l ON l.task_id >= j.first_task_id AND l.task_id < j.first_task_id + j.task_count
      WHERE j.state IN ('active', 'paused');
      UPDATE dependent_job d STRAIGHT_JOIN job j FORCE INDEX (PRIMARY) ON j.id = d.job_id
        STRAIGHT_JOIN job s FORCE INDEX (PRIMARY) ON s.id = d.source_id
      SET j.state_reason = LEFT(CONCAT('job ', s.id, ', whose output it is made of, ',
          IF(s.state = 'failed', 'failed: ', 'was '), s.state_reason), 1000),
        j.state = 'failed', j.revision = j.revision + 1, j.finished_at = v_now,
        j.failed_count = j.task_count - j.accepted_count
      WHERE j.state IN ('active', 'paused');
    END IF;
  UNTIL v_found = 0 END REPEAT;

  INSERT INTO activity (created_at, kind, user_id, job_id, message)
  SELECT v_now, 'job_failed', j.user_id, j.id,
    LEFT(CONCAT('Job ', j.id, ' (', j.name, ') failed: ', j.state_reason), 1000)
  FROM dependent_job d STRAIGHT_JOIN job j ON j.id = d.job_id;
END

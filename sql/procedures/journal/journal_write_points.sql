-- Part of journal_write's transaction: writes the grants of its results into the ledger, stores held grants and
-- settles the jobs that ended. No errors.
CREATE OR REPLACE PROCEDURE journal_write_points(IN p_ended INT)
SQL SECURITY DEFINER
BEGIN
  CALL points_begin();
  INSERT INTO points_due (attempt_id, ref, task_id, job_id, slave_id, frame, pending_id, available_id, escrow_id,
    points, boost)
  SELECT e.attempt_id, e.attempt_id, e.task_id, e.job_id, e.slave_id, e.frame, p.id, v.id, x.id, e.granted, e.boost
  FROM journal_outcome e
  STRAIGHT_JOIN account p FORCE INDEX (account_user_unique) ON p.user_id = e.user_id AND p.kind = 'pending'
  STRAIGHT_JOIN account v FORCE INDEX (account_user_unique) ON v.user_id = e.user_id AND v.kind = 'available'
  LEFT JOIN account x FORCE INDEX (account_job_unique) ON x.job_id = e.job_id AND x.kind = 'escrow' AND e.boost > 0
  WHERE e.is_result AND e.granted > 0;

  INSERT INTO held_grant (attempt_id, task_id, job_id, user_id, claim, boost, held_at)
  SELECT attempt_id, task_id, job_id, user_id, claim, boost, UTC_TIMESTAMP(3)
  FROM journal_outcome WHERE is_result AND user_id IS NOT NULL AND granted IS NULL;

  IF p_ended > 0 THEN
    INSERT INTO points_job (job_id)
    SELECT j.id FROM job j
    WHERE j.id IN (SELECT job_id FROM journal_outcome WHERE is_result OR task_failed)
      AND j.state IN ('finished', 'failed')
    UNION SELECT job_id FROM dependent_job;
    CALL points_end_jobs(1000);
  END IF;
  CALL points_post();
END

-- Part of a transaction: settles up to p_limit held grants of the ended jobs in points_job, which are locked; the
-- rest, and then the refund, is left to grant_settle_overdue. No errors.
CREATE OR REPLACE PROCEDURE points_end_jobs(IN p_limit INT)
SQL SECURITY DEFINER
BEGIN
  INSERT INTO points_settled (attempt_id)
  SELECT h.attempt_id
  FROM points_job n
  STRAIGHT_JOIN job j FORCE INDEX (PRIMARY) ON j.id = n.job_id
  STRAIGHT_JOIN held_grant h ON h.job_id = n.job_id
  WHERE j.state IN ('finished', 'failed', 'cancelled')
  LIMIT p_limit;
  IF ROW_COUNT() > 0 THEN
    CALL grant_settle_held();
  END IF;
END

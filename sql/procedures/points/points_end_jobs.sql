-- Part of a transaction: settles what is still held of the jobs in points_job that have ended, at most p_limit grants;
-- the rest is left to grant_settle_overdue, and so is then the refund. The jobs are locked.
-- No errors.
CREATE OR REPLACE PROCEDURE points_end_jobs(IN p_limit INT)
SQL SECURITY DEFINER
BEGIN
  INSERT INTO points_held (attempt_id)
  SELECT h.attempt_id
  FROM points_job n
  STRAIGHT_JOIN job j FORCE INDEX (PRIMARY) ON j.id = n.job_id
  STRAIGHT_JOIN held_grant h ON h.job_id = n.job_id
  WHERE j.state IN ('finished', 'failed', 'cancelled')
  LIMIT p_limit;
  IF ROW_COUNT() > 0 THEN
    CALL points_take_held();
  END IF;
END

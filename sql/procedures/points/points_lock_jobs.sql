-- Locks the jobs in points_job in the order of their ids, as everything does that locks more than one. p_locked: how
-- many exist. No errors.
CREATE OR REPLACE PROCEDURE points_lock_jobs(OUT p_locked INT)
SQL SECURITY DEFINER
BEGIN
  SELECT COUNT(*) INTO p_locked
  FROM points_job n FORCE INDEX (PRIMARY) STRAIGHT_JOIN job j FORCE INDEX (PRIMARY) ON j.id = n.job_id
  WHERE n.job_id > 0 FOR UPDATE;
END

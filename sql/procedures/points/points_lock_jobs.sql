-- Locks the jobs in points_job, in the order of their numbers, as everybody does who locks more than one; p_locked: how
-- many there are.
-- No errors.
CREATE OR REPLACE PROCEDURE points_lock_jobs(OUT p_locked INT)
SQL SECURITY DEFINER
BEGIN
  SELECT COUNT(*) INTO p_locked
  FROM points_job n FORCE INDEX (PRIMARY) STRAIGHT_JOIN job j FORCE INDEX (PRIMARY) ON j.id = n.job_id
  WHERE n.job_id > 0 FOR UPDATE;
END

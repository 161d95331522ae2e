-- Locks the jobs in points_job, in the order of their numbers, as everybody does who locks more than one.
CREATE OR REPLACE PROCEDURE points_lock_jobs()
SQL SECURITY DEFINER
BEGIN
  DECLARE v_locked INT;
  SELECT COUNT(*) INTO v_locked
  FROM points_job n FORCE INDEX (PRIMARY) STRAIGHT_JOIN job j ON j.id = n.job_id
  WHERE n.job_id > 0 FOR UPDATE;
END

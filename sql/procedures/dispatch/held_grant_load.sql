-- The grants without a fair value in one job or in every job (p_job_id 0). Rows: attempt_id, task_id, job_id, user_id,
-- frame, claim in millipoints. No errors.
CREATE OR REPLACE PROCEDURE held_grant_load(IN p_job_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT h.attempt_id, h.task_id, h.job_id, h.user_id, t.frame, h.claim
  FROM held_grant h STRAIGHT_JOIN task t ON t.id = h.task_id
  WHERE p_job_id = 0 OR h.job_id = p_job_id
  ORDER BY h.attempt_id;
END

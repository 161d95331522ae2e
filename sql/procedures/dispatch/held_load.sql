-- Grants that wait for a fair value, in every job (p_job 0) or one.
-- Rows: attempt, task, job, user, frame, claim in millipoints. No errors.
CREATE OR REPLACE PROCEDURE held_load(IN p_job BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT h.attempt_id, h.task_id, h.job_id, h.user_id, t.frame, h.claim
  FROM held_grant h STRAIGHT_JOIN task t ON t.id = h.task_id
  WHERE p_job = 0 OR h.job_id = p_job
  ORDER BY h.attempt_id;
END

-- Only the test frames of this job are rendered until it is approved (job_approve). For its creator, before anybody works
-- on it. DR404 there is no such job.
CREATE OR REPLACE PROCEDURE job_hold(IN p_job BIGINT)
SQL SECURITY DEFINER
BEGIN
  IF NOT EXISTS (SELECT 1 FROM job WHERE id = p_job) THEN
    CALL error_raise(404, CONCAT('there is no job ', p_job));
  END IF;
  UPDATE job SET held = TRUE WHERE id = p_job;
END

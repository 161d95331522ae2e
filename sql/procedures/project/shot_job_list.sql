-- The numbers of a shot's jobs, newest first, at most 1,000.
-- Rows: job. No errors.
CREATE OR REPLACE PROCEDURE shot_job_list(IN p_shot BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT id FROM job WHERE shot_id = p_shot ORDER BY id DESC LIMIT 1000;
END

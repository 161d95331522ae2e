-- The jobs of a shot, newest first, at most 1,000. Rows: job_id. No errors.
CREATE OR REPLACE PROCEDURE shot_job_list(IN p_shot_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT id FROM job WHERE shot_id = p_shot_id ORDER BY id DESC LIMIT 1000;
END

-- The numbers of the unfinished jobs that are made of the output of job p_job, and of those made of theirs; with
-- p_ended those that are finished or have failed, too. Rows: job. No errors.
CREATE OR REPLACE PROCEDURE job_list_after(IN p_job BIGINT, IN p_ended BOOLEAN)
SQL SECURITY DEFINER
BEGIN
  WITH RECURSIVE later (id) AS (
    SELECT id FROM job WHERE after_job = p_job
    UNION
    SELECT j.id FROM job j JOIN later l ON j.after_job = l.id
  )
  SELECT j.id FROM job j JOIN later l ON l.id = j.id
  WHERE j.state IN ('active', 'paused') OR (p_ended AND j.state IN ('finished', 'failed')) ORDER BY j.id;
END
